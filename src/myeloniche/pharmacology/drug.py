"""A drug: a named bundle of species, numbers and actions on the cells, written in a YAML file."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from myeloniche.errors import UnitError
from myeloniche.niche.attachment import AttachedProcess, AttachedRule, Attachment, Factor
from myeloniche.niche.tables import ParameterRow, SpeciesRow, citation_keys
from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.entry import DrugParameter, Entry, Number
from myeloniche.pharmacology.pharmacokinetics import Circulation, Pharmacokinetics, unknown_words
from myeloniche.pharmacology.regimen import Dose as BodyDose
from myeloniche.pharmacology.terms import TERMS
from myeloniche.units import concentration

__all__ = ["Cut", "Dose", "Drug", "DrugProcess", "DrugSpecies", "Inhibition"]

NOT_A_KEY = ("assumed", "formula")
_PER_MOL = {"nM": 1e9, "uM": 1e6}


class Dose(Entry):
    """Where a dose goes: the species of the medium, its model unit, and the molar mass for doses in ng/mL."""

    species: str
    unit: Literal["nM", "uM"]
    molar_mass_g_per_mol: float | None = Field(default=None, gt=0)
    source: str = ""


class DrugSpecies(Entry):
    """A species that the drug brings: ``LLZ`` in the medium, or ``MM.DOX_i`` in a cell.

    With a ``rule`` it is an observable, the value of that expression.
    """

    id: str
    unit: str
    meaning: str
    source: str
    identifier: str = ""
    rule: str = ""


class DrugProcess(Entry):
    """A process that the drug adds; with ``in``, once in each of these cell types as ``{cell}``."""

    id: str
    cells: tuple[str, ...] = Field(default=(), alias="in")
    reaction: str
    role: str
    meaning: str
    evidence: str = Field(min_length=1)


class Inhibition(Entry):
    """Reversible inhibition of a process, or of what a species does.

    It follows the drug in the medium, or a species ``by`` of the cell that the drug brings. ``ic50`` and
    ``hill`` name parameters of the drug.
    """

    activity: str | None = None
    process: str | None = None
    cells: tuple[str, ...] = Field(alias="in", min_length=1)
    ic50: str
    hill: str
    by: str = ""

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.activity is None) == (self.process is None):
            raise ValueError("name one target, either 'activity: SPECIES' or 'process: NAME'")
        return self

    @property
    def target(self) -> str:
        """What is inhibited, without the cell: ``activity:PIM2`` becomes ``activity:MM.PIM2`` in a cell."""
        return f"process:{{}}.{self.process}" if self.activity is None else f"activity:{{}}.{self.activity}"


class Cut(Number):
    """Synthesis of a species cut to a fraction, in the cell that is transfected."""

    species: str
    to: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _range(self) -> Self:
        self._check_range(self.to)
        return self


class Drug(Entry):
    """A drug, cytokine or siRNA as its file describes it.

    Attributes
    ----------
    name, synonyms
        What it is called.
    kind
        ``inhibitor``, ``chemotherapy``, ``cytokine`` or ``siRNA``.
    description
        One or two sentences, and what is not claimed.
    dose
        Where a dose goes; an siRNA has none.
    species, parameters, processes, inhibits
        What it adds to the niche.
    cuts_synthesis
        What an siRNA does to the transfected cell.
    pharmacokinetics
        What a body does with it; without, it cannot be given to an animal or a patient.
    where
        The file it was read from.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    kind: Literal["inhibitor", "chemotherapy", "cytokine", "siRNA"]
    description: str
    dose: Dose | None = None
    species: tuple[DrugSpecies, ...] = ()
    parameters: tuple[DrugParameter, ...] = ()
    processes: tuple[DrugProcess, ...] = ()
    inhibits: tuple[Inhibition, ...] = ()
    cuts_synthesis: tuple[Cut, ...] = ()
    pharmacokinetics: Pharmacokinetics | None = None
    where: str = Field(default="", exclude=True)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.kind == "siRNA":
            if self.dose is not None:
                raise ValueError("an siRNA is transfected, not dosed; remove 'dose' or change 'kind'")
        elif self.dose is None:
            raise ValueError("'dose' is missing; write {species: NAME, unit: uM}, or set 'kind: siRNA'")
        known = {row.id for row in self.parameters}
        missing = sorted({name for row in self.inhibits for name in (row.ic50, row.hill)} - known)
        if missing:
            raise ValueError(f"'inhibits' names {', '.join(missing)}; add it to 'parameters' with its source")
        if self.pharmacokinetics is not None:
            self._check_pharmacokinetics(self.pharmacokinetics, known)
        return self

    def _check_pharmacokinetics(self, numbers: Pharmacokinetics, known: set[str]) -> None:
        unknown = unknown_words(numbers, known)
        if unknown:
            got = f"'pharmacokinetics' names {', '.join(unknown)}"
            raise ValueError(f"{got}; expected a parameter of the drug, or one of {', '.join(TERMS)}")
        if self.dose is None or self.dose.molar_mass_g_per_mol is None:
            raise ValueError("'pharmacokinetics' needs 'molar_mass_g_per_mol' in 'dose'; add it")

    @cached_property
    def circulation(self) -> Circulation | None:
        """The drug in a body; None if nothing is known of that."""
        if self.pharmacokinetics is None or self.dose is None:
            return None
        identifier = next((row.identifier for row in self.species if row.id == self.dose.species), "")
        own = {row.id: row.unit for row in self.parameters}
        return Circulation(
            self.dose.species, self.dose.unit, identifier, self.pharmacokinetics, own, self.where
        )

    def given(self, dose: BodyDose, body: Body) -> tuple[str, float]:
        """Return where a dose goes in a body, and how much it is [nmol or umol].

        Raises
        ------
        UnitError
            If the dose is per kg or m2 and the body's weight or surface is not known.
        """
        assert self.circulation is not None  # the laboratory has asked before
        assert self.dose is not None
        assert self.dose.molar_mass_g_per_mol is not None
        per_gram = _PER_MOL[self.dose.unit] / self.dose.molar_mass_g_per_mol
        return self.circulation.target(dose.route), per_gram * dose.amount.mass_g(body)

    def amount(self, dose: object, *, where: str = "") -> float:
        """Return a dose such as ``"3 uM"`` or ``"10 ng/mL"`` in the unit of the species it adds to.

        Raises
        ------
        UnitError
            If the dose is no concentration, or the drug takes none.
        """
        if self.dose is None:
            place = f"{where}: " if where else ""
            raise UnitError(
                f"{place}{self.name}: got a dose {dose!r}, expected none: it is an siRNA. "
                f"Use transfect with: {self.name}."
            )
        return concentration(
            dose,
            self.dose.unit,
            molar_mass_g_per_mol=self.dose.molar_mass_g_per_mol,
            what=f"dose of {self.name}",
            where=where,
        )

    def attachment(self) -> Attachment:
        """Return what the drug adds to the niche, in user names."""
        body = self.circulation
        species = (
            SpeciesRow(
                row.id,
                row.unit,
                "-" if row.rule else "0",
                row.identifier,
                row.meaning,
                row.source,
                self.where,
            )
            for row in self.species
        )
        parameters = (self._parameter(row) for row in self.parameters)
        processes = (process for row in self.processes for process in self._processes(row))
        return Attachment(
            name=self.name,
            species=(*species, *(body.species_rows() if body else ())),
            parameters=(*parameters, *(body.parameters() if body else ())),
            processes=(*processes, *(body.processes() if body else ())),
            factors=tuple(factor for row in self.inhibits for factor in self._factors(row)),
            rules=(
                *(AttachedRule(row.id, row.rule, self.where) for row in self.species if row.rule),
                *(body.rules() if body else ()),
            ),
        )

    def references(self) -> tuple[str, ...]:
        """Return the keys of the publications behind the drug's numbers, sorted."""
        sources = [row.source for row in self.species]
        sources += [row.source for row in (*self.parameters, *self.cuts_synthesis)]
        sources += [row.evidence for row in self.processes]
        sources += [self.dose.source] if self.dose else []
        if self.pharmacokinetics is not None:
            numbers = self.pharmacokinetics.species.values()
            sources += [row.source for rows in numbers for row in rows.values()]
        return tuple(sorted({key for source in sources for key in citation_keys(source)} - set(NOT_A_KEY)))

    def _parameter(self, row: DrugParameter) -> ParameterRow:
        """Return a parameter as a row of the niche."""
        return ParameterRow(
            row.id, row.value, row.unit, row.kind, row.low, row.high, row.source, row.note, self.where
        )

    def _processes(self, row: DrugProcess) -> tuple[AttachedProcess, ...]:
        """Return a process once per cell type, or once in all if it is shared."""
        return tuple(
            AttachedProcess(
                id=f"{cell}.{row.id}" if cell else row.id,
                reaction=row.reaction.replace("{cell}", cell),
                role=row.role,
                meaning=row.meaning,
                evidence=row.evidence,
                where=self.where,
            )
            for cell in row.cells or ("",)
        )

    def _factors(self, row: Inhibition) -> tuple[Factor, ...]:
        """Return the factor of an inhibition for each cell type."""
        drug = self.dose.species if self.dose else ""
        return tuple(
            Factor(
                row.target.format(cell),
                f"repress({f'{cell}.{row.by}' if row.by else drug}, {row.ic50}, {row.hill})",
                self.where,
            )
            for cell in row.cells
        )
