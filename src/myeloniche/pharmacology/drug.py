"""A drug: a named bundle of species, numbers and actions on the cells, written in a YAML file."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from myeloniche.errors import UnitError
from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.tables import ParameterRow, SpeciesRow, citation_keys
from myeloniche.units import concentration

__all__ = ["Cut", "Dose", "Drug", "DrugParameter", "DrugProcess", "DrugSpecies", "Inhibition"]

Kind = Literal["measured", "published model", "bound", "fitted", "assumed", "derived"]
NOT_A_KEY = ("assumed", "formula")


class _Entry(BaseModel):
    """Any part of a drug file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class Dose(_Entry):
    """Where a dose goes: the species of the medium, its model unit, and the molar mass for doses in ng/mL."""

    species: str
    unit: Literal["nM", "uM"]
    molar_mass_g_per_mol: float | None = Field(default=None, gt=0)
    source: str = ""


class DrugSpecies(_Entry):
    """A species that the drug brings: ``LLZ`` in the medium, or ``MM.DOX_i`` in a cell."""

    id: str
    unit: Literal["nM", "uM", "relative"]
    meaning: str
    source: str
    identifier: str = ""


class _Number(_Entry):
    """A number with its kind, plausible range and source."""

    kind: Kind
    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1)
    note: str = ""

    def _check_range(self, value: float) -> None:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            raise ValueError(f"{value:g} lies outside its range {low:g} to {high:g}; correct one of them")


class DrugParameter(_Number):
    """A constant of the drug."""

    id: str
    value: float
    unit: str

    @model_validator(mode="after")
    def _range(self) -> Self:
        self._check_range(self.value)
        return self


class DrugProcess(_Entry):
    """A process that the drug adds; with ``in``, once in each of these cell types as ``{cell}``."""

    id: str
    cells: tuple[str, ...] = Field(default=(), alias="in")
    reaction: str
    role: str
    meaning: str
    evidence: str = Field(min_length=1)


class Inhibition(_Entry):
    """Reversible inhibition of a process, or of what a species does, by the drug in the medium.

    ``ic50`` and ``hill`` name parameters of the drug.
    """

    activity: str | None = None
    process: str | None = None
    cells: tuple[str, ...] = Field(alias="in", min_length=1)
    ic50: str
    hill: str

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.activity is None) == (self.process is None):
            raise ValueError("name one target, either 'activity: SPECIES' or 'process: NAME'")
        return self

    @property
    def target(self) -> str:
        """What is inhibited, without the cell: ``activity:PIM2`` becomes ``activity:MM.PIM2`` in a cell."""
        return f"process:{{}}.{self.process}" if self.activity is None else f"activity:{{}}.{self.activity}"


class Cut(_Number):
    """Synthesis of a species cut to a fraction, in the cell that is transfected."""

    species: str
    to: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _range(self) -> Self:
        self._check_range(self.to)
        return self


class Drug(_Entry):
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
        return self

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
        return Attachment(
            name=self.name,
            species=tuple(
                SpeciesRow(row.id, row.unit, "0", row.identifier, row.meaning, row.source, self.where)
                for row in self.species
            ),
            parameters=tuple(self._parameter(row) for row in self.parameters),
            processes=tuple(process for row in self.processes for process in self._processes(row)),
            factors=tuple(factor for row in self.inhibits for factor in self._factors(row)),
        )

    def references(self) -> tuple[str, ...]:
        """Return the keys of the publications behind the drug's numbers, sorted."""
        sources = [row.source for row in self.species]
        sources += [row.source for row in (*self.parameters, *self.cuts_synthesis)]
        sources += [row.evidence for row in self.processes]
        sources += [self.dose.source] if self.dose else []
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
        expression = f"repress({drug}, {row.ic50}, {row.hill})"
        return tuple(Factor(row.target.format(cell), expression, self.where) for cell in row.cells)
