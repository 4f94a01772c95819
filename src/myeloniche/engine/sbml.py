"""SBML Level 2 and 3 core models become ordinary differential equations, or are refused.

A state's number is the value that its SBML id has in formulas: a concentration, or an amount where the
species has only substance units. What an initial assignment fixes for good (a parameter, a constant species)
is no parameter of the result but an observable that follows from other parameters, so that a change of these
reaches everything that rests on them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from myeloniche.engine.expression import TIME, ExpressionGraph
from myeloniche.engine.mathml import FormulaReader
from myeloniche.engine.ode_model import OdeModel, Process, rates_of_states
from myeloniche.engine.sbml_document import open_document
from myeloniche.engine.sbml_units import time_unit, unit_texts
from myeloniche.errors import ModelError, MyelonicheError, UnsupportedError, raise_all

__all__ = ["read_sbml"]


def read_sbml(path_or_text: str | Path) -> OdeModel:
    """Return the equations of an SBML model.

    Parameters
    ----------
    path_or_text
        Path of an SBML file, or SBML text, which is recognised by its first character ``<``.

    Returns
    -------
    The model, in the model's own units.

    Raises
    ------
    ModelError
        If the file is missing, is no valid SBML or leaves a value open.
    UnsupportedError
        If it holds what is not honoured (events, algebraic rules, constraints, delays, fast reactions,
        changing compartments, required packages), with the id of each such element.
    """
    document, where = open_document(path_or_text)
    source = _Source.of(document.getModel(), where)
    source.stop_on_problems()
    start = source.resolve(source.at_start())
    source.stop_on_problems()
    fixed = {name: start[name] for name in source.fixed()}
    running = source.resolve({**source.formulas, **fixed})
    source.stop_on_problems()
    return _model(source, start, running, fixed)


@dataclass(frozen=True)
class _Quantity:
    """A compartment, species or parameter as declared."""

    kind: str
    constant: bool
    declared: int | None


@dataclass(frozen=True)
class _Change:
    """What one reaction does to one species; the coefficient is a raw formula."""

    species: str
    coefficient: int


@dataclass(frozen=True)
class _Source:
    """The raw formulas of an SBML model by the name that they define."""

    model: Any
    where: str
    reader: FormulaReader
    quantities: dict[str, _Quantity] = field(default_factory=dict)
    initial: dict[str, int] = field(default_factory=dict)
    rate_rules: dict[str, int] = field(default_factory=dict)
    formulas: dict[str, int] = field(default_factory=dict)
    coefficients: dict[str, int] = field(default_factory=dict)
    local_values: dict[str, float] = field(default_factory=dict)
    changes: dict[str, list[_Change]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Any, where: str) -> _Source:
        definitions = {function.getId(): function for function in model.getListOfFunctionDefinitions()}
        source = cls(model, where, FormulaReader(ExpressionGraph(), definitions))
        source._read_quantities()
        source._read_rules()
        for reaction in model.getListOfReactions():
            source._read_reaction(reaction)
        return source

    @property
    def graph(self) -> ExpressionGraph:
        return self.reader.graph

    @property
    def problems(self) -> list[MyelonicheError]:
        return self.reader.problems

    def stop_on_problems(self) -> None:
        """Raise what was found so far; what is not honoured goes first, as the rest may follow from it."""
        placed = [type(problem)(f"{self.where}: {problem}") for problem in self.problems]
        refused = [problem for problem in placed if isinstance(problem, UnsupportedError)]
        raise_all(refused or placed, title=self.where)

    def complain(self, message: str) -> None:
        self.problems.append(ModelError(message))

    # ---- reading -------------------------------------------------------------------------------------

    def _read_quantities(self) -> None:
        for compartment in self.model.getListOfCompartments():
            size = compartment.getSize() if compartment.isSetSize() else None
            self._declare("compartment", compartment, size)
        for species in self.model.getListOfSpecies():
            constant = species.getConstant()
            self.quantities[species.getId()] = _Quantity("species", constant, self._declared_of(species))
        for parameter in self.model.getListOfParameters():
            value = parameter.getValue() if parameter.isSetValue() else None
            self._declare("parameter", parameter, value)
        if TIME in self.quantities:
            kind = self.quantities[TIME].kind
            self.problems.append(
                UnsupportedError(f"the id {TIME!r} is the name of the clock; rename the {kind}")
            )

    def _declare(self, kind: str, element: Any, value: float | None) -> None:
        node = None if value is None or math.isnan(value) else self.graph.number(value)
        self.quantities[element.getId()] = _Quantity(kind, element.getConstant(), node)

    def _declared_of(self, species: Any) -> int | None:
        """Return a species' initial value in its own terms: amount or concentration."""
        size = self.size_of(species)
        if species.isSetInitialAmount():
            amount = self.graph.number(species.getInitialAmount())
            return amount if size is None else self.graph.call("div", amount, size)
        if species.isSetInitialConcentration():
            concentration = self.graph.number(species.getInitialConcentration())
            if size is not None:
                return concentration
            return self.graph.call("mul", concentration, self.graph.symbol(species.getCompartment()))
        return None

    def size_of(self, species: Any) -> int | None:
        """Return the node of a species' compartment if its number is a concentration, else None."""
        compartment = self.model.getCompartment(species.getCompartment())
        if (
            species.getHasOnlySubstanceUnits()
            or compartment is None
            or not compartment.getSpatialDimensions()
        ):
            return None
        return self.graph.symbol(species.getCompartment())

    def _read_rules(self) -> None:
        for assignment in self.model.getListOfInitialAssignments():
            name = assignment.getSymbol()
            self.initial[name] = self.reader.read(assignment.getMath(), f"initial assignment of {name!r}")
        for rule in self.model.getListOfRules():
            name = rule.getVariable()
            target = self.rate_rules if rule.isRate() else self.formulas
            kind = "rate rule" if rule.isRate() else "assignment rule"
            target[name] = self.reader.read(rule.getMath(), f"{kind} of {name!r}")
        for name in [name for name in self.rate_rules if name not in self.quantities]:
            self.problems.append(
                UnsupportedError(
                    f"the rate rule of the stoichiometry {name!r} is not honoured; make it constant"
                )
            )

    def _read_reaction(self, reaction: Any) -> None:
        name, law = reaction.getId(), reaction.getKineticLaw()
        if law is None:
            self.complain(f"reaction {name!r} has no kinetic law; add one")
            return
        scope = {}
        for parameter in law.getListOfParameters():
            full_name = f"{name}.{parameter.getId()}"
            scope[parameter.getId()] = self.graph.symbol(full_name)
            self.local_values[full_name] = parameter.getValue() if parameter.isSetValue() else math.nan
        self.formulas[name] = self.reader.read(law.getMath(), f"reaction {name!r}", scope)
        self.changes[name] = [
            *(self._read_change(name, part, -1.0) for part in reaction.getListOfReactants()),
            *(self._read_change(name, part, 1.0) for part in reaction.getListOfProducts()),
        ]

    def _read_change(self, reaction: str, part: Any, sign: float) -> _Change:
        name, species = part.getId(), part.getSpecies()
        if part.isSetStoichiometryMath():
            where = f"stoichiometry of {species!r} in reaction {reaction!r}"
            coefficient = self.reader.read(part.getStoichiometryMath().getMath(), where)
        else:
            coefficient = self.graph.number(part.getStoichiometry())
        if name and (name in self.formulas or name in self.initial):
            coefficient = self.graph.symbol(name)
        elif math.isnan(self.graph.value(coefficient) or 0.0):
            self.complain(f"{species!r} has no stoichiometry in reaction {reaction!r}; add it")
        elif name:
            self.coefficients[name] = coefficient
        return _Change(species, self.graph.call("mul", self.graph.number(sign), coefficient))

    # ---- sorting out ---------------------------------------------------------------------------------

    def is_state(self, name: str) -> bool:
        """Say whether a quantity has a derivative, if only 0."""
        quantity = self.quantities[name]
        if name in self.rate_rules:
            return True
        if quantity.kind != "species" or name in self.formulas:
            return False
        # A constant species given as an amount follows its compartment, which no plain number could.
        follows = quantity.declared is not None and self.graph.value(quantity.declared) is None
        return not quantity.constant or (follows and name not in self.initial)

    def states(self) -> tuple[str, ...]:
        return tuple(name for name in self.quantities if self.is_state(name))

    def fixed(self) -> tuple[str, ...]:
        """Return what an initial assignment fixes for good and is no plain number."""
        return tuple(
            name
            for name, node in self.initial.items()
            if (name not in self.quantities or not self.is_state(name))
            and name not in self.formulas
            and (name not in self.quantities or self.graph.value(node) is None)
        )

    def parameters(self) -> tuple[str, ...]:
        taken = {*self.states(), *self.fixed(), *self.formulas}
        return (*(name for name in self.quantities if name not in taken), *self.local_values)

    def value(self, name: str) -> float:
        """Return the nominal value of a parameter, NaN if it has none."""
        if name in self.local_values:
            return self.local_values[name]
        node = self.initial.get(name, self.quantities[name].declared)
        value = None if node is None else self.graph.value(node)
        return math.nan if value is None else value

    def at_start(self) -> dict[str, int]:
        """Return the formula of everything but the parameters at time 0."""
        formulas = {**self.coefficients, **self.formulas, TIME: self.graph.number(0.0)}
        for name in self.fixed():
            formulas[name] = self.initial[name]
        for name in self.states():
            node = self.initial.get(name, self.quantities[name].declared)
            if node is None:
                self.complain(f"{self.quantities[name].kind} {name!r} has no initial value; add one")
            else:
                formulas[name] = node
        return formulas

    def resolve(self, formulas: Mapping[str, int]) -> dict[str, int]:
        """Return formulas with every name that another one defines replaced, in the order they need."""
        formulas = {**self.coefficients, **formulas}
        needs = {name: self.graph.symbols(node) & formulas.keys() for name, node in formulas.items()}
        try:
            order = list(TopologicalSorter(needs).static_order())
        except CycleError as error:
            circle = " -> ".join(repr(name) for name in error.args[1])
            self.complain(f"these define each other in a circle: {circle}; break it")
            return {}
        resolved: dict[str, int] = {}
        for name in order:
            known = {needed: resolved[needed] for needed in needs[name]}
            resolved[name] = self.graph.substitute(formulas[name], known)
        return resolved


def _model(
    source: _Source, start: Mapping[str, int], running: Mapping[str, int], fixed: Mapping[str, int]
) -> OdeModel:
    states, parameters = source.states(), source.parameters()
    processes = tuple(_processes(source, start, running))
    rates = rates_of_states(source.graph, processes)
    for name, rule in source.rate_rules.items():
        rates[name] = source.graph.substitute(rule, running)
    zero = source.graph.number(0.0)
    observables = {name: running[name] for name in dict.fromkeys((*fixed, *source.formulas))}
    units = unit_texts(source.model)
    model = OdeModel(
        name=source.model.getId() or source.model.getName() or Path(source.where).stem,
        time_unit=time_unit(source.model),
        graph=source.graph,
        states=states,
        initial=tuple(start[name] for name in states),
        parameters=parameters,
        values=tuple(source.value(name) for name in parameters),
        rates=tuple(rates.get(name, zero) for name in states),
        observables=observables,
        units={name: units[name] for name in (*states, *parameters, *observables) if name in units},
        processes=processes,
    )
    _demand_values(source, model)
    return model


def _processes(source: _Source, start: Mapping[str, int], running: Mapping[str, int]) -> Iterable[Process]:
    graph, states = source.graph, frozenset(source.states())
    for name, changes in source.changes.items():
        net: dict[str, int] = {}
        for change in changes:
            known = net.get(change.species, graph.number(0.0))
            net[change.species] = graph.call("add", known, change.coefficient)
        moved = {s: node for s, node in net.items() if _is_moved(source, s) and graph.value(node) != 0.0}
        factors = [graph.substitute(_factor(source, s, node), running) for s, node in moved.items()]
        nominal = [_nominal(source, start, node) for node in moved.values()]
        yield Process(
            id=name,
            rate=running[name],
            stoichiometry=tuple(zip(moved, nominal, strict=True)),
            modifiers=tuple(sorted(graph.symbols(running[name]) & states - net.keys())),
            factors=tuple(factors),
        )


def _is_moved(source: _Source, name: str) -> bool:
    species = source.model.getSpecies(name)
    return not (species.getBoundaryCondition() or species.getConstant()) and name not in source.rate_rules


def _factor(source: _Source, name: str, coefficient: int) -> int:
    """Return coefficient times conversion factor, over compartment size if the number is a concentration."""
    species, graph = source.model.getSpecies(name), source.graph
    conversion = species.getConversionFactor() or source.model.getConversionFactor()
    if conversion:
        coefficient = graph.call("mul", coefficient, graph.symbol(conversion))
    size = source.size_of(species)
    return coefficient if size is None else graph.call("div", coefficient, size)


def _nominal(source: _Source, start: Mapping[str, int], coefficient: int) -> float:
    node = source.graph.substitute(coefficient, start)
    values = {name: source.value(name) for name in source.graph.symbols(node)}
    return float(source.graph.evaluate([node], values)[0])


def _demand_values(source: _Source, model: OdeModel) -> None:
    """Refuse a model in which a parameter without a value is used."""
    graph = model.graph
    roots = [*model.initial, *model.rates, *model.observables.values()]
    used = frozenset[str]().union(*(graph.symbols(node) for node in roots))
    for name, value in model.nominal.items():
        if math.isnan(value) and name in used:
            source.complain(f"parameter {name!r} is used but has no value; add one")
    source.stop_on_problems()
