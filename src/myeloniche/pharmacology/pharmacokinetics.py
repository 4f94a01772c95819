"""What a body does with a drug: numbers per species in the file, compartments and processes in the model.

Amounts stand in compartments [nmol]; the concentration in plasma is an observable. The cells see the same
species of the medium as in a dish, which follows unbound drug in plasma where the niche is perfused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import model_validator

from myeloniche.errors import TableError, UnitError
from myeloniche.niche.attachment import AttachedProcess, AttachedRule
from myeloniche.niche.tables import ParameterRow, SpeciesRow
from myeloniche.niche.unit_text import conversion
from myeloniche.pharmacology.body import Body, load_bodies
from myeloniche.pharmacology.entry import DrugParameter, Entry
from myeloniche.pharmacology.terms import DEPOTS, TERMS

__all__ = ["PERFUSION", "Circulation", "Pharmacokinetics", "unknown_words"]

PERFUSION = "perfusion"
"""Parameter of the niche: 0 in a dish, 1 in a body."""


class Pharmacokinetics(Entry):
    """The numbers of a drug in each species of body; words of :data:`TERMS` or parameters of the drug."""

    human: tuple[DrugParameter, ...] = ()
    mouse: tuple[DrugParameter, ...] = ()

    @property
    def species(self) -> dict[str, Mapping[str, DrugParameter]]:
        """The numbers by species and word, of those species of which there are some."""
        listed = {"human": self.human, "mouse": self.mouse}
        return {name: {row.id: row for row in rows} for name, rows in listed.items() if rows}

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, rows in self.species.items():
            if "volume" not in rows:
                raise ValueError(f"{name} has no 'volume'; give the volume of plasma and what it mixes with")
            for word in rows:
                lacking = [need for need in (TERMS[word].needs if word in TERMS else ()) if need not in rows]
                if lacking:
                    raise ValueError(f"{name} has {word!r} without {lacking[0]!r}; give both")
            if "unbound" in rows and "bound_share" in rows:
                raise ValueError(
                    f"{name} has 'unbound' and 'bound_share'; give one way of binding to protein"
                )
        return self


@dataclass(frozen=True)
class Circulation:
    """A drug in a body, as species, numbers and processes of the model.

    Attributes
    ----------
    symbol
        Species of the medium that the cells see; names begin with it: ``BTZ_central``.
    unit
        Its unit, ``nM`` or ``uM``.
    identifier
        What the drug is, for species.
    numbers
        The file's pharmacokinetics.
    own
        Units of the parameters of the drug itself, which a species of body may set too.
    where
        The file.
    """

    symbol: str
    unit: str
    identifier: str
    numbers: Pharmacokinetics
    own: Mapping[str, str]
    where: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the vocabulary that any species of body uses."""
        given = {word for rows in self.numbers.species.values() for word in rows}
        return tuple(word for word in TERMS if word in given)

    @property
    def amount_unit(self) -> str:
        """``nmol`` for ``nM``."""
        return self.unit.replace("M", "mol")

    def routes(self, species: str) -> tuple[str, ...]:
        """Return the routes by which a species can be dosed."""
        rows = self.numbers.species.get(species, {})
        return ("iv", *(route for route in DEPOTS if f"{route}_rate" in rows)) if rows else ()

    def target(self, route: str) -> str:
        """Return where a dose goes."""
        return f"{self.symbol}_central" if route == "iv" else f"{self.symbol}_{route}"

    @property
    def drip(self) -> str:
        """Species that is the rate of the infusions going on [nmol/h or umol/h]."""
        return f"{self.symbol}_drip"

    def values(self, body: Body) -> dict[str, float]:
        """Return what a body sets, by user name of the parameter and in its unit.

        Raises
        ------
        UnitError
            If a number is per kg or m2 and the body's weight or surface is not known, or a unit does not fit.
        """
        rows = self.numbers.species[body.species]
        quiet = {
            f"{self.symbol}_{word}": absent
            for word in self.words
            if word not in rows and (absent := TERMS[word].absent) is not None
        }
        return quiet | {self._name(word): self._factor(row, body) * row.value for word, row in rows.items()}

    def species_rows(self) -> Iterator[SpeciesRow]:
        """Yield the compartments, and the concentrations in plasma."""
        for name, meaning in self._compartments():
            yield self._row(name, self.amount_unit, "0", meaning)
        yield self._row("drip", "relative", "0", f"infused now, in {self.amount_unit} per hour")
        yield self._row("plasma", self.unit, "-", "concentration in plasma")
        yield self._row("free", self.unit, "-", "concentration in plasma that is not bound to protein")
        if "sites" in self.words:
            yield self._row("occupied", "1", "-", "share of the sites in blood that hold drug")

    def rules(self) -> Iterator[AttachedRule]:
        """Yield the observables."""
        yield self._rule("plasma", "{0}_central/{0}_volume")
        bound = "{0}_plasma*(1 - {0}_bound_share*repress({0}_plasma, {0}_bound_half, 1))"
        shared = "{0}_unbound*" if "unbound" in self.words else ""
        yield self._rule("free", shared + (bound if "bound_share" in self.words else "{0}_plasma"))
        if "sites" in self.words:
            yield self._rule("occupied", "{0}_bound/{0}_sites")

    def parameters(self) -> Iterator[ParameterRow]:
        """Yield the numbers: those of the first species that has them, at its usual body."""
        bodies = {body.species: body for body in load_bodies().values()}
        for word in self.words:
            species, row = self._first(word)
            factor = self._factor(row, bodies[species])
            low, high = (None if edge is None else factor * edge for edge in (row.low, row.high))
            yield ParameterRow(
                self._name(word), factor * row.value, self._unit(word), row.kind, low, high, row.source,
                row.note or TERMS[word].meaning, self.where,
            )  # fmt: skip
        yield ParameterRow(
            f"{self.drip}_unit", 1, f"{self.amount_unit}/h", "assumed", 1, 1, "assumed: a unit",
            "", self.where,
        )  # fmt: skip

    def processes(self) -> Iterator[AttachedProcess]:
        """Yield what happens to the drug."""
        law = "-> {0}_central; {0}_drip*{0}_drip_unit"
        yield self._process("infused", law, "transport", "is infused", "volume")
        if "clearance" in self.words:
            law = "{0}_central -> ; {0}_clearance*{0}_plasma"
            yield self._process("eliminated", law, "loss", "is eliminated from plasma", "clearance")
        if "max_rate" in self.words:
            law = "{0}_central -> ; {0}_max_rate*hill({0}_plasma, {0}_half_rate, 1)"
            meaning = "is eliminated by what saturates"
            yield self._process("eliminated_saturably", law, "loss", meaning, "max_rate")
        for route in DEPOTS:
            if f"{route}_rate" in self.words:
                leaves = f"{{0}}_{route}_rate*{{0}}_{route}"
                law = f"{{0}}_{route} -> {{0}}_central; {{0}}_{route}_share*{leaves}"
                yield self._process(f"absorbed_{route}", law, "transport", "is absorbed", f"{route}_rate")
                law = f"{{0}}_{route} -> ; (1 - {{0}}_{route}_share)*{leaves}"
                yield self._process(f"wasted_{route}", law, "loss", "is not absorbed", f"{route}_share")
        for number in ("2", "3"):
            if f"flow_{number}" in self.words:
                yield from self._exchange(number)
        yield from self._binding()
        yield from self._niche()

    def _exchange(self, number: str) -> Iterator[AttachedProcess]:
        into = f"{{0}}_central -> {{0}}_{number}; {{0}}_flow_{number}*{{0}}_plasma"
        back = f"{{0}}_{number} -> {{0}}_central; {{0}}_flow_{number}*{{0}}_{number}/{{0}}_volume_{number}"
        word = f"flow_{number}"
        yield self._process(f"into_{number}", into, "transport", "leaves plasma for tissue", word)
        yield self._process(f"back_from_{number}", back, "transport", "returns from tissue to plasma", word)

    def _binding(self) -> Iterator[AttachedProcess]:
        for suffix, source, concentration in (
            ("", "{0}_central", "{0}_free"),
            ("_2", "{0}_2", "{0}_2/{0}_volume_2"),
        ):
            if f"sites{suffix}" in self.words:
                sites, bound = f"{{0}}_sites{suffix}", f"{{0}}_bound{suffix}"
                law = f"{source} -> {bound}; {sites}_on*{concentration}*pos({sites} - {bound})"
                word = f"sites{suffix}_on"
                yield self._process(f"held{suffix}", law, "binding", "is held by its sites", word)
                law, word = f"{bound} -> {source}; {sites}_off*{bound}", f"sites{suffix}_off"
                yield self._process(f"let_go{suffix}", law, "conversion", "is let go by its sites", word)

    def _niche(self) -> Iterator[AttachedProcess]:
        if "niche_rate" in self.words:
            rate = f"{PERFUSION}*{{0}}_niche_rate"
            law = f"-> {{0}}; {rate}*{{0}}_niche_share*{{0}}_free"
            meaning = "reaches the niche from plasma"
            yield self._process("enters_niche", law, "transport", meaning, "niche_share")
            law = f"{{0}} -> ; {rate}*{{0}}"
            yield self._process("leaves_niche", law, "transport", "leaves the niche", "niche_rate")

    def _compartments(self) -> Iterator[tuple[str, str]]:
        yield "central", "in plasma and what it mixes with at once"
        if "flow_2" in self.words:
            yield "2", "in a second compartment"
        if "flow_3" in self.words:
            yield "3", "in a third compartment"
        for route in DEPOTS:
            if f"{route}_rate" in self.words:
                yield route, f"given {route} and not yet absorbed"
        if "sites" in self.words:
            yield "bound", "held by sites in blood"
        if "sites_2" in self.words:
            yield "bound_2", "held by sites in the second compartment"

    def _row(self, name: str, unit: str, initial: str, meaning: str) -> SpeciesRow:
        _, row = self._first("volume")
        return SpeciesRow(
            f"{self.symbol}_{name}", unit, initial, self.identifier, f"{self.symbol} {meaning}",
            row.source, self.where,
        )  # fmt: skip

    def _rule(self, name: str, expression: str) -> AttachedRule:
        return AttachedRule(f"{self.symbol}_{name}", expression.format(self.symbol), self.where)

    def _process(self, name: str, reaction: str, role: str, meaning: str, word: str) -> AttachedProcess:
        """Return a process, which rests on what its number rests on."""
        _, row = self._first(word)
        return AttachedProcess(
            f"{self.symbol.lower()}_{name}", reaction.format(self.symbol), role, f"{self.symbol} {meaning}",
            row.source, self.where,
        )  # fmt: skip

    def _first(self, word: str) -> tuple[str, DrugParameter]:
        """Return a number of the first species that has it, and that species."""
        return next((name, rows[word]) for name, rows in self.numbers.species.items() if word in rows)

    def _name(self, word: str) -> str:
        return f"{self.symbol}_{word}" if word in TERMS else word

    def _unit(self, word: str) -> str:
        if word not in TERMS:
            return self.own[word]
        return TERMS[word].unit.replace("A", self.amount_unit).replace("C", self.unit)

    def _factor(self, row: DrugParameter, body: Body) -> float:
        """Return what a number is multiplied with to be in the unit of the model for a body."""
        unit = self._unit(row.id)
        scales = {"": 1.0, "kg": body.weight_kg, "m^2": body.surface_m2}
        for per, scale in scales.items():
            try:
                factor = conversion(row.unit, _per(unit, per))
            except UnitError:
                continue
            if scale is None:
                raise UnitError(
                    f"{self.where}: {row.id}: got a number per {per} for {body.name}, of which that is not "
                    f"known, expected it in {unit}. Give the weight or surface of {body.name}."
                )
            return factor * scale
        raise TableError(
            f"{self.where}: {row.id}: got unit {row.unit!r}, expected one that converts to {unit!r}, or to "
            "it per kg or m^2. Correct it."
        )


def _per(unit: str, what: str) -> str:
    """Return a unit per something more: ``L/h`` per kg is ``L/(h kg)``."""
    above, slash, below = unit.partition("/")
    if not what:
        return unit
    return f"{above}/({below.strip('()')} {what})" if slash else f"{unit}/{what}"


def unknown_words(numbers: Pharmacokinetics, own: Collection[str]) -> list[str]:
    """Return the ids that are neither words of the vocabulary nor parameters of the drug."""
    given = {word for rows in numbers.species.values() for word in rows}
    return sorted(given - set(TERMS) - set(own))
