"""The table of readouts: what each instrument computes from the species of the model."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.lab.readouts.formula import Formula, read_formula
from myeloniche.niche.names import sbml_id
from myeloniche.niche.niche import Niche
from myeloniche.pharmacology.names import folded

__all__ = [
    "MEDIUM",
    "BoundReadout",
    "Readout",
    "find_readout",
    "find_target",
    "load_readouts",
    "read_readouts",
]

ANY_CELL = "any"
MEDIUM = "medium"
SITE = "site"
BONE = "bone"
BODY = "body"
BONE_INSTANCE = "BONE"
BARE = "amount"  # the instrument that reads species as they are
_COLUMNS = ("name", "synonyms", "instrument", "in", "expression", "unit", "target", "source")


@dataclass(frozen=True)
class Readout:
    """A row of the table.

    Attributes
    ----------
    name, synonyms
        What it is called.
    instrument
        What it is seen with.
    place
        Cell type in which it exists, ``any`` or ``medium``; in an animal ``site``, ``bone`` or ``body``.
    formula
        Over species, observables and parameters by their local names.
    unit
        Unit of the formula's value.
    target
        Species that a perturbation of this protein acts on, by its local name; may be empty.
    source
        What the formula rests on.
    """

    name: str
    synonyms: tuple[str, ...]
    instrument: str
    place: str
    formula: Formula
    unit: str
    target: str
    source: str

    def is_called(self, name: str) -> bool:
        """Return whether a name means this readout."""
        return folded(name) in {folded(known) for known in (self.name, *self.synonyms)}

    def fits(self, instance: str) -> bool:
        """Return whether it exists in a cell type; an empty one stands for an animal."""
        return self.place in ((SITE, BONE, BODY) if not instance else (ANY_CELL, MEDIUM, instance))


@dataclass(frozen=True)
class BoundReadout:
    """A readout in one cell type, ready to be computed from outputs of the engine.

    Attributes
    ----------
    name, unit, instrument
        As in the table; for a bare species its user name and unit.
    instance
        Cell type it is read in, or site of an animal; empty for the medium and the blood.
    formula
        Over local names.
    outputs
        Output of the engine for each local name; ``subcutis/MM_sol`` at another site than the first.
    needs
        Cell type that must be there; empty if none must.
    """

    name: str
    unit: str
    instrument: str
    instance: str
    formula: Formula
    outputs: Mapping[str, str]
    needs: str = ""

    def evaluate(self, trajectories: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the readout over time from the engine's outputs, all of shape (time,)."""
        values = {name: trajectories[output] for name, output in self.outputs.items()}
        return self.formula.evaluate(values)


def load_readouts() -> tuple[Readout, ...]:
    """Return the readouts that ship with the package."""
    table = files("myeloniche.lab.readouts").joinpath("readouts.tsv")
    return read_readouts(table.read_text("utf-8"), name="readouts.tsv")


def read_readouts(text: str, *, name: str) -> tuple[Readout, ...]:
    """Read a table of readouts.

    Raises
    ------
    TableError
        With every row that cannot be used.
    """
    rows: list[Readout] = []
    problems: list[MyelonicheError] = []
    lines = csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    header = tuple(next(lines, ()))
    if header != _COLUMNS:
        raise TableError(f"{name}:1: got columns {', '.join(header)}, expected {', '.join(_COLUMNS)}.")
    for number, line in enumerate(lines, start=2):
        if not line or line[0].startswith("#"):
            continue
        try:
            rows.append(_row(line, f"{name}:{number}"))
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title=name)
    return tuple(rows)


def _row(line: Sequence[str], where: str) -> Readout:
    """Return one row of the table."""
    if len(line) != len(_COLUMNS):
        raise TableError(f"{where}: got {len(line)} columns, expected {len(_COLUMNS)}. Count the tabs.")
    name, synonyms, instrument, place, expression, unit, target, source = (entry.strip() for entry in line)
    return Readout(
        name=name,
        synonyms=tuple(word.strip() for word in synonyms.split(";") if word.strip()),
        instrument=instrument,
        place=place,
        formula=read_formula(expression, where=where),
        unit=unit,
        target=target,
        source=source,
    )


def find_readout(
    name: str,
    instrument: str,
    instance: str,
    readouts: Sequence[Readout],
    niche: Niche,
    *,
    site: str = "",
    where: str = "",
) -> BoundReadout:
    """Return a readout by name for an instrument in a cell type, or any species of the model by its name.

    Parameters
    ----------
    name
        ``p-TAK1``, ``IkBa`` or a species such as ``MAP3K7_p`` or ``MM.MAP3K7_p``.
    instrument
        Word of the instrument; its own rows are looked at first.
    instance
        ``MM`` or ``BMSC``; empty for a site of an animal.
    readouts, niche
        Where to look.
    site
        Site of an animal; its first one is spelled ``tibia`` as well as not at all.
    where
        File and line, used in errors.

    Raises
    ------
    UnknownNameError
        With the nearest names, if there is neither.
    """
    called = [row for row in readouts if row.is_called(name) and instrument != BARE]
    rows = [row for row in called if row.instrument == instrument] or called
    for row in rows:
        if row.fits(instance):
            return _bound(row, site or instance, niche, where)
    if rows:
        places = " or ".join(sorted({row.place for row in rows}))
        raise UnknownNameError("readout", f"{name} in {instance}", [f"{name} in {places}"], where=where)
    return _species(name, instrument, instance, readouts, niche, where=where)


def find_target(name: str, readouts: Sequence[Readout]) -> str:
    """Return the species that a perturbation of a protein acts on, or the name itself for no readout."""
    exact = [row for row in readouts if row.name == name and row.target]
    called = [row for row in readouts if row.is_called(name) and row.target]
    return (exact or called)[0].target if exact or called else name


def _bound(row: Readout, instance: str, niche: Niche, where: str) -> BoundReadout:
    """Return a row of the table for one cell type."""
    inside = "" if row.place in (MEDIUM, BODY) else instance
    outputs = {name: _output(name, row.place, inside, niche) for name in row.formula.names}
    missing = [name for name, output in outputs.items() if not _exists(output, niche)]
    if missing:
        raise UnknownNameError("species", missing[0], niche.species, where=where)
    needs = {SITE: "", BODY: "", BONE: BONE_INSTANCE}.get(row.place, inside)
    return BoundReadout(row.name, row.unit, row.instrument, inside, row.formula, outputs, needs)


def _output(name: str, place: str, inside: str, niche: Niche) -> str:
    """Return the output of the engine that a name in a formula stands for."""
    if place == BODY:
        site, dot, rest = name.rpartition(".")
        return f"{site}/{sbml_id(niche.resolve(rest))}" if dot else sbml_id(niche.resolve(name))
    if place in (SITE, BONE):
        found = sbml_id(niche.resolve(name, BONE_INSTANCE if place == BONE else None))
        return f"{inside}/{found}"
    return sbml_id(niche.resolve(name, inside or None))


def _species(
    name: str, instrument: str, instance: str, readouts: Sequence[Readout], niche: Niche, *, where: str
) -> BoundReadout:
    """Return a bare species as a readout."""
    try:
        full = niche.resolve(name, instance or None)
    except UnknownNameError as error:
        local = [species.partition(".")[2] or species for species in niche.species]
        known = [row.name for row in readouts if row.fits(instance)] + local
        raise UnknownNameError("readout", name, known, where=where) from error
    row = niche.species.get(full)
    if row is None:
        known = [entry.name for entry in readouts]
        raise UnknownNameError("readout", name, known, where=where)
    prefix, dot, _ = full.partition(".")
    variable = "amount"
    inside = prefix if dot else ""
    return BoundReadout(
        full, row.unit, instrument, inside, read_formula(variable), {variable: sbml_id(full)}, inside
    )


def _exists(output: str, niche: Niche) -> bool:
    """Return whether the model has a species, observable or parameter of this id."""
    name = niche.user_name(output.rpartition("/")[2])
    return name in niche.species or name in niche.parameters
