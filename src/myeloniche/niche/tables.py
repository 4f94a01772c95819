"""The rows of the data tables and what can be wrong with one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from dataclasses import dataclass

from myeloniche.errors import MyelonicheError, TableError, UnitError, UnknownNameError, raise_all
from myeloniche.niche.unit_text import parse_unit

__all__ = [
    "KINDS",
    "ROLES",
    "CellRow",
    "CellValue",
    "ParameterRow",
    "Problems",
    "ProcessRow",
    "Reference",
    "SiteRow",
    "SiteValue",
    "SpeciesRow",
    "choice_problems",
    "citation_keys",
    "id_problems",
    "initial_problems",
    "is_relative",
    "parameter_problems",
    "raise_distinct",
    "range_problems",
    "source_problems",
    "unit_problems",
    "wording_problems",
]

KINDS = ("measured", "published model", "bound", "fitted", "assumed", "derived")
ROLES = (
    "synthesis",
    "loss",
    "binding",
    "activation",
    "inactivation",
    "conversion",
    "transport",
    "growth",
    "death",
    "adhesion",
    "release",
)
ASSUMED = "assumed"
OBSERVABLE = "-"
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEY = re.compile(r"[A-Z][A-Za-z-]+(?:19|20)\d\d[a-z]?")
_FINDING = re.compile(r"[A-Z]\d+")


@dataclass(frozen=True)
class SpeciesRow:
    """A species or an observable of the niche.

    Attributes
    ----------
    id
        Local id in a data folder; user name (``MM.PIM2``) in a :class:`Niche` and in an attachment.
    unit
        ``nM``, ``uM``, ``kcell/mL`` or ``relative``; an observable may have any unit.
    initial
        Number, expression over parameters, or ``-`` for an observable (set by an assignment rule).
    identifier
        Compact identifiers such as ``hgnc:6859``; several are separated by ``;``.
    meaning, source
        One line each; the source is a key of ``references.tsv`` or ``assumed``, with details after a colon.
    where
        File and line.
    """

    id: str
    unit: str
    initial: str = "0"
    identifier: str = ""
    meaning: str = ""
    source: str = ""
    where: str = ""

    @property
    def is_observable(self) -> bool:
        """Whether an assignment rule gives its value."""
        return self.initial == OBSERVABLE


@dataclass(frozen=True)
class ParameterRow:
    """A number of the niche with its unit, kind, plausible range, source and place."""

    id: str
    value: float
    unit: str
    kind: str = "assumed"
    low: float | None = None
    high: float | None = None
    source: str = ""
    note: str = ""
    where: str = ""


@dataclass(frozen=True)
class ProcessRow:
    """What a process does and what it rests on.

    `reaction` is its Antimony text without the id, in user names once in a :class:`Niche`, and
    `law_where` the file and line of that text.
    """

    id: str
    role: str
    meaning: str = ""
    evidence: str = ""
    where: str = ""
    reaction: str = ""
    law_where: str = ""


@dataclass(frozen=True)
class CellRow:
    """A cell line or primary cell and the instance whose place in the dish it takes."""

    id: str
    instance: str
    species: str
    kind: str
    description: str
    source: str
    where: str = ""


@dataclass(frozen=True)
class CellValue:
    """A parameter value that a cell has instead of the instance's own."""

    cell: str
    parameter: str
    value: float
    unit: str
    kind: str
    source: str
    note: str = ""
    where: str = ""


@dataclass(frozen=True)
class SiteRow:
    """A place in a body and the cells that live there.

    Attributes
    ----------
    id
        ``mouse tibia``.
    host, site
        ``mouse`` and ``tibia``; the first site of a host in the table is the one that is always looked at.
    residents
        Ids of the cells that live there, separated by ``;``.
    """

    id: str
    host: str
    site: str
    residents: str
    description: str
    source: str
    where: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of the cells that live there."""
        return tuple(name.strip() for name in self.residents.split(";") if name.strip())


@dataclass(frozen=True)
class SiteValue(ParameterRow):
    """What a parameter is, or a species starts with, at a site; `id` is the user name of either."""

    site: str = ""


@dataclass(frozen=True)
class Reference:
    """A publication: key, citation and DOI (empty if it has none)."""

    key: str
    citation: str
    doi: str
    where: str = ""


Problems = list[MyelonicheError]


def raise_distinct(problems: Problems, *, title: str) -> None:
    """Raise all problems as one error, each once: a folder that makes two instances is read twice.

    Raises
    ------
    MyelonicheError
        If there is any problem.
    """
    raise_all(list({str(problem): problem for problem in problems}.values()), title=title)


def citation_keys(source: str) -> tuple[str, ...]:
    """Return the keys of a source text: ``"Guo2024: table 2; Oppelt2018"`` gives both keys."""
    first, *others = [part.split(":")[0].strip() for part in source.split(";")]
    return tuple(key for key in (first, *(key for key in others if _KEY.fullmatch(key))) if key)


def source_problems(what: str, source: str, references: Collection[str], where: str) -> Problems:
    """Return what is wrong with the source of something: missing, or an unknown reference key."""
    keys = citation_keys(source)
    if not keys:
        advice = "name a key of references.tsv or 'assumed: why'"
        return [TableError(f"{where}: {what} has no source; {advice}")]
    return [
        UnknownNameError("reference", key, references, where=f"{where}: source of {what}")
        for key in keys
        if key not in references and key != ASSUMED and not _FINDING.fullmatch(key)
    ]


def unit_problems(what: str, unit: str, where: str) -> Problems:
    """Return what is wrong with a unit text: missing or unknown."""
    if not unit:
        return [UnitError(f"{where}: {what} has no unit; write '1' if it is dimensionless")]
    try:
        parse_unit(unit)
    except UnitError as error:
        return [UnitError(f"{where}: {what}: {error}")]
    return []


def id_problems(what: str, name: str, where: str) -> Problems:
    """Return what is wrong with a local id; two underscores are kept for the instance prefix."""
    if _IDENTIFIER.fullmatch(name) and "__" not in name:
        return []
    return [TableError(f"{where}: {what} has id {name!r}, expected letters, digits and single underscores")]


def choice_problems(what: str, column: str, got: str, allowed: tuple[str, ...], where: str) -> Problems:
    """Return what is wrong with a word that must be one of a list."""
    if got in allowed:
        return []
    return [TableError(f"{where}: {what} has {column} {got!r}, expected one of {', '.join(allowed)}")]


def range_problems(row: ParameterRow) -> Problems:
    """Return what is wrong with a value and its plausible range."""
    low = -math.inf if row.low is None else row.low
    high = math.inf if row.high is None else row.high
    what = f"{row.where}: parameter {row.id!r}"
    if low > high:
        return [TableError(f"{what} has low {low:g} above high {high:g}; swap them")]
    if not low <= row.value <= high:
        return [TableError(f"{what} has value {row.value:g}, expected within [{low:g}, {high:g}]")]
    return []


def _finite_problems(row: ParameterRow) -> Problems:
    numbers = [number for number in (row.value, row.low, row.high) if number is not None]
    if all(math.isfinite(number) for number in numbers):
        return []
    return [TableError(f"{row.where}: parameter {row.id!r} has value {row.value}, expected finite numbers")]


def wording_problems(row: ParameterRow, references: Collection[str]) -> Problems:
    """Return what is wrong with the unit, kind and source of a parameter."""
    what = f"parameter {row.id!r}"
    return [
        *unit_problems(what, row.unit, row.where),
        *choice_problems(what, "kind", row.kind, KINDS, row.where),
        *source_problems(what, row.source, references, row.where),
    ]


def parameter_problems(row: ParameterRow, references: Collection[str]) -> Problems:
    """Return what is wrong with a parameter: number, range, unit, kind and source."""
    return [*_finite_problems(row), *range_problems(row), *wording_problems(row, references)]


def initial_problems(row: SpeciesRow) -> Problems:
    """Return what is wrong with the initial value of a species, as far as the row alone tells."""
    try:
        value = float(row.initial)
    except ValueError:
        if row.initial:
            return []
        return [TableError(f"{row.where}: species {row.id!r} has no initial value; '-' marks an observable")]
    if math.isfinite(value) and value >= 0:
        return []
    return [TableError(f"{row.where}: species {row.id!r} starts at {row.initial}, expected a number >= 0")]


def is_relative(unit: str) -> bool:
    """Return whether a unit is dimensionless."""
    return not parse_unit(unit)
