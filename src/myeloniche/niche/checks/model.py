"""Checks of the assembled model: valid SBML, units, conserved totals and rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import libsbml
import numpy as np

from myeloniche.engine.handles import hold_handle
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member, Period
from myeloniche.errors import UnitError
from myeloniche.niche.checks.conservation import breaking_processes, conserved_totals
from myeloniche.niche.checks.dimensions import DIMENSIONLESS, Dimension, DimensionReader, dimension_of
from myeloniche.niche.checks.issue import AbstractCheck, Issue
from myeloniche.niche.consistency import sbml_messages
from myeloniche.niche.names import instance_of, sbml_id, user_name, user_text
from myeloniche.niche.niche import Niche
from myeloniche.niche.tables import ParameterRow, SpeciesRow
from myeloniche.niche.unit_text import parse_unit

__all__ = ["CheckConservation", "CheckRest", "CheckSbmlUnits", "CheckUnits", "CheckValidSbml"]


@dataclass(frozen=True)
class CheckValidSbml(AbstractCheck):
    """The document is valid SBML."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield libSBML's errors."""
        for message in sbml_messages(niche.sbml):
            if message.is_error:
                yield self.error(niche.where(message.element), user_text(message.text))


@dataclass(frozen=True)
class CheckUnits(AbstractCheck):
    """Every law has the unit of what it changes per hour, every rule the unit of its observable."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the laws, rules, initial values and factors of which the units do not fit."""
        reader = _reader(niche)
        for what, where, expression, expected in _expressions(niche):
            try:
                got = reader.read(expression)
            except UnitError as error:
                yield self.error(where, f"{what}: {error}")
                continue
            if not got.fits(expected):
                yield self.error(where, f"{what} is in {got}, expected {expected}")


def _reader(niche: Niche) -> DimensionReader:
    rows: list[SpeciesRow | ParameterRow] = [*niche.species.values(), *niche.parameters.values()]
    document = libsbml.readSBMLFromString(niche.sbml)
    functions = {f.getId(): f.clone() for f in document.getModel().getListOfFunctionDefinitions()}
    return DimensionReader(
        known={sbml_id(row.id): dimension_of(row.unit) for row in rows},
        values={sbml_id(row.id): row.value for row in niche.parameters.values()},
        functions=functions,
    )


def _expressions(niche: Niche) -> Iterator[tuple[str, str, str, Dimension]]:
    """Yield what it is, where it stands, the expression over SBML ids and the unit it must have."""
    parts = niche.assembly.parts
    changed = {process.id: process.stoichiometry for process in niche.model.processes}
    for statement in parts.statements:
        name = user_name(statement.id)
        if statement.kind == "rule":
            unit = dimension_of(niche.species[name].unit)
            yield f"rule of {name!r}", statement.where, statement.body, unit
        else:
            state = user_name(changed[statement.id][0][0])
            unit = dimension_of(niche.species[state].unit).times(dimension_of("h"), -1)
            yield f"law of {name!r}", statement.where, statement.body.partition(";")[2], unit
    for row in parts.species.values():
        if not row.is_observable and not _is_number(row.initial):
            yield f"initial value of {row.id!r}", row.where, row.initial, dimension_of(row.unit)
    for factor in parts.factors:
        yield f"factor on {user_text(factor.target)!r}", factor.where, factor.expression, DIMENSIONLESS


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class CheckSbmlUnits(AbstractCheck):
    """libSBML's own unit checks are content, so that other tools open the exported file without a warning."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the first warning on each element; the others usually follow from it."""
        seen: set[str] = set()
        for message in sbml_messages(niche.sbml):
            if not message.is_error and message.element not in seen:
                seen.add(message.element)
                text = f"{user_name(message.element)!r}: {user_text(message.text)}"
                yield self.warning(niche.where(message.element), text)


@dataclass(frozen=True)
class CheckConservation(AbstractCheck):
    """Totals that ``assembly.yaml`` declares as conserved are; all conserved totals are told."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield declared totals that a process changes, totals that start at zero, and all totals found."""
        model = niche.model
        for instance in niche.instances.values():
            for name, members in instance.conserved.items():
                weights = {sbml_id(f"{instance.name}.{member}"): 1 for member in members}
                yield from self._declared(model, f"{instance.name}.{name}", weights)
        start = _start(model)
        for total in conserved_totals(model):
            text = _sum_text(total)
            value = sum(weight * start[name] for name, weight in total.items())
            yield self.info("", f"conserved: {text} = {value:g}")
            if value == 0:
                yield self.warning(
                    "", f"the conserved total {text} starts at 0, so none of it can ever appear"
                )

    def _declared(self, model: OdeModel, name: str, weights: Mapping[str, float]) -> Iterator[Issue]:
        unknown = [user_name(state) for state in weights if state not in model.states]
        if unknown:
            yield self.error("assembly.yaml", f"conserved total {name!r} names unknown {', '.join(unknown)}")
        broken = [user_name(process) for process in breaking_processes(model, weights)]
        if broken:
            yield self.error("assembly.yaml", f"conserved total {name!r} is changed by {', '.join(broken)}")


def _sum_text(weights: Mapping[str, int]) -> str:
    """Return a weighted sum for messages, weights of 1 left out."""
    terms = (
        f"{'-' if weight < 0 else '+'} {'' if abs(weight) == 1 else f'{abs(weight)} '}{user_name(name)}"
        for name, weight in weights.items()
    )
    return " ".join(terms).removeprefix("+ ")


def _start(model: OdeModel) -> dict[str, float]:
    """Return the initial value of every state at nominal parameter values."""
    values = model.graph.evaluate(model.initial, model.nominal)
    return {state: float(value) for state, value in zip(model.states, values, strict=True)}


@dataclass(frozen=True)
class CheckRest(AbstractCheck):
    """Every cell comes to rest with its populations held, and nothing is negative there.

    Attributes
    ----------
    longest_h
        Time allowed [h].
    slack
        How far below zero a value may be, in the unit of its species.
    """

    longest_h: float = 5000
    slack: float = 1e-6

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the cells that find no rest, with what still moves, and negative values at rest."""
        model = niche.model
        starts = {cell: _member(niche, cell) for cell in niche.cells}
        period = (Period(self.longest_h, until_rest=True),)
        now = np.zeros(1)
        members = [Member(*start, timeline=period, times=now) for start in starts.values()]
        result = simulate(model, members, outputs=model.states, throw=False)
        for index, (cell, start) in enumerate(starts.items()):
            _, values = result.of(index)
            if result.status[index] != "ok":
                status = result.status[index]
                moving = self._moving(model, start) if status == "no rest" else ""
                yield self.error(niche.cells[cell].where, f"cell {cell!r} ends with {status!r}{moving}")
                continue
            for state, series in values.items():
                if series[-1] < -self.slack:
                    message = f"cell {cell!r} rests with {user_name(state)} = {series[-1]:g}"
                    yield self.error(niche.cells[cell].where, message)

    def _moving(self, model: OdeModel, start: tuple[Mapping[str, float], Mapping[str, float]]) -> str:
        """Say which states move most after the time allowed."""
        times = np.array([self.longest_h - 1, self.longest_h])
        result = simulate(model, [Member(*start, times=times)], outputs=model.states, throw=False)
        _, values = result.of(0)
        speed = {
            state: abs(series[1] - series[0]) / (abs(series[1]) + 1e-9) for state, series in values.items()
        }
        fastest = sorted(speed, key=lambda state: -speed[state])[:4]
        return "; still moving: " + ", ".join(f"{user_name(name)} {speed[name]:.2g}/h" for name in fastest)


def _member(niche: Niche, cell: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return parameters and initial values of a cell alone in its dish, populations held."""
    instance = niche.cells[cell].instance
    parameters = niche.values_of(cell)
    initial: dict[str, float] = {}
    for row in niche.species.values():
        if row.is_observable:
            continue
        is_population = any(part.kind == "item" for part in parse_unit(row.unit))
        if is_population or instance_of(row.id) not in ("", instance):
            parameters[hold_handle(sbml_id(row.id))] = 0
        if is_population and not row.id.startswith(f"{instance}_"):
            initial[sbml_id(row.id)] = 0
    return parameters, initial
