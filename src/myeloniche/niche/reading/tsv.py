"""The tab-separated tables of a data folder, read into rows; every problem of a file is found at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from myeloniche.errors import TableError
from myeloniche.niche.tables import (
    KINDS,
    ROLES,
    CellRow,
    CellValue,
    ParameterRow,
    Problems,
    ProcessRow,
    Reference,
    SiteRow,
    SiteValue,
    SpeciesRow,
    choice_problems,
    id_problems,
    initial_problems,
    parameter_problems,
    source_problems,
    unit_problems,
    wording_problems,
)

__all__ = [
    "read_cell_values",
    "read_cells",
    "read_parameters",
    "read_processes",
    "read_references",
    "read_site_values",
    "read_sites",
    "read_species",
]

Row = TypeVar("Row")
_PARAMETER_COLUMNS = ("id", "value", "unit", "kind", "low", "high", "source", "note")


@dataclass(frozen=True)
class _Line:
    where: str
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def fields(self) -> dict[str, str]:
        """The cells with the place, as keyword arguments of a row."""
        return {**self.cells, "where": self.where}


def _lines(path: Path, label: str, columns: tuple[str, ...], problems: Problems) -> Iterator[_Line]:
    """Yield the rows of a TSV file; blank lines and lines that start with # are skipped."""
    if not path.exists():
        return
    header: list[str] | None = None
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        where, cells = f"{label}:{number}", [cell.strip() for cell in text.split("\t")]
        if header is None:
            header = cells
            if set(header) != set(columns) or len(header) != len(columns):
                problems.append(TableError(f"{where}: got columns {header}, expected {list(columns)}"))
                return
        elif len(cells) > len(header):
            problems.append(TableError(f"{where}: got {len(cells)} cells, expected at most {len(header)}"))
        else:
            padded = cells + [""] * (len(header) - len(cells))
            yield _Line(where, dict(zip(header, padded, strict=True)))


def _collect(
    path: Path, label: str, columns: tuple[str, ...], problems: Problems, make: Callable[[_Line], Row | None]
) -> tuple[Row, ...]:
    """Return the rows `make` accepts; a repeated first column is a problem."""
    rows, seen = [], dict[str, str]()
    for line in _lines(path, label, columns, problems):
        name = line[columns[0]]
        if name in seen:
            problems.append(TableError(f"{line.where}: {columns[0]} {name!r} repeats {seen[name]}; keep one"))
            continue
        seen[name] = line.where
        row = make(line)
        if row is not None:
            rows.append(row)
    return tuple(rows)


def _number(what: str, column: str, text: str, where: str, problems: Problems) -> float | None:
    """Return a finite number, or None after noting the problem."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    problems.append(TableError(f"{where}: {what} has {column} {text!r}, expected a finite number"))
    return None


def read_references(path: Path, label: str, problems: Problems) -> tuple[Reference, ...]:
    """Return the publications of ``references.tsv``."""

    def make(line: _Line) -> Reference | None:
        if not line["citation"]:
            problems.append(TableError(f"{line.where}: reference {line['key']!r} has no citation"))
        doi = "" if line["doi"] == "-" else line["doi"]
        if doi and not doi.startswith("10."):
            problems.append(TableError(f"{line.where}: got doi {doi!r}, expected one that starts with '10.'"))
        return Reference(line["key"], line["citation"], doi, line.where)

    return _collect(path, label, ("key", "citation", "doi"), problems, make)


def read_species(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[SpeciesRow, ...]:
    """Return the rows of a ``species.tsv``; what is wrong is added to `problems`."""
    columns = ("id", "unit", "initial", "identifier", "meaning", "source")

    def make(line: _Line) -> SpeciesRow:
        row = SpeciesRow(**line.fields)
        what = f"species {row.id!r}"
        problems.extend(id_problems(what, row.id, line.where))
        problems.extend(unit_problems(what, row.unit, line.where))
        problems.extend(initial_problems(row))
        problems.extend(source_problems(what, row.source, references, line.where))
        return row

    return _collect(path, label, columns, problems, make)


def read_parameters(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[ParameterRow, ...]:
    """Return the rows of a ``parameters.tsv``; what is wrong is added to `problems`."""

    def make(line: _Line) -> ParameterRow:
        problems.extend(id_problems(f"parameter {line['id']!r}", line["id"], line.where))
        return _parameter(line, references, problems)

    return _collect(path, label, _PARAMETER_COLUMNS, problems, make)


def _parameter(line: _Line, references: Collection[str], problems: Problems) -> ParameterRow:
    """Return a number with its unit, kind, range and source; what is wrong is added to `problems`."""
    what = f"parameter {line['id']!r}"
    number = {
        column: _number(what, column, line[column], line.where, problems)
        for column in ("value", "low", "high")
        if column == "value" or line[column] not in ("", "-")
    }
    row = ParameterRow(
        id=line["id"],
        value=number["value"] or 0,
        unit=line["unit"],
        kind=line["kind"],
        low=number.get("low"),
        high=number.get("high"),
        source=line["source"],
        note=line["note"],
        where=line.where,
    )
    find = wording_problems if number["value"] is None else parameter_problems
    problems.extend(find(row, references))
    return row


def read_processes(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[ProcessRow, ...]:
    """Return the rows of a ``processes.tsv``; what is wrong is added to `problems`."""
    columns = ("id", "role", "meaning", "evidence")

    def make(line: _Line) -> ProcessRow:
        row = ProcessRow(**line.fields)
        what = f"process {row.id!r}"
        problems.extend(id_problems(what, row.id, line.where))
        problems.extend(choice_problems(what, "role", row.role, ROLES, line.where))
        problems.extend(source_problems(what, row.evidence, references, line.where))
        return row

    return _collect(path, label, columns, problems, make)


def read_cells(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[CellRow, ...]:
    """Return the rows of ``cells.tsv``; what is wrong is added to `problems`."""
    columns = ("id", "instance", "species", "kind", "description", "source")

    def make(line: _Line) -> CellRow:
        row = CellRow(**line.fields)
        problems.extend(source_problems(f"cell {row.id!r}", row.source, references, line.where))
        return row

    return _collect(path, label, columns, problems, make)


def read_cell_values(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[CellValue, ...]:
    """Return the rows of ``cell_values.tsv``; what is wrong is added to `problems`."""
    columns = ("cell", "parameter", "value", "unit", "kind", "source", "note")
    rows, seen = [], dict[tuple[str, str], str]()
    for line in _lines(path, label, columns, problems):
        pair, what = (line["cell"], line["parameter"]), f"{line['cell']} {line['parameter']!r}"
        if pair in seen:
            problems.append(TableError(f"{line.where}: {what} repeats {seen[pair]}; keep one"))
            continue
        seen[pair] = line.where
        value = _number(what, "value", line["value"], line.where, problems)
        problems.extend(unit_problems(what, line["unit"], line.where))
        problems.extend(choice_problems(what, "kind", line["kind"], KINDS, line.where))
        problems.extend(source_problems(what, line["source"], references, line.where))
        if value is not None:
            rest = (line["unit"], line["kind"], line["source"], line["note"], line.where)
            rows.append(CellValue(*pair, value, *rest))
    return tuple(rows)


def read_sites(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[SiteRow, ...]:
    """Return the rows of ``sites.tsv``; what is wrong is added to `problems`."""
    columns = ("id", "host", "site", "residents", "description", "source")

    def make(line: _Line) -> SiteRow:
        row = SiteRow(**line.fields)
        problems.extend(source_problems(f"site {row.id!r}", row.source, references, line.where))
        return row

    return _collect(path, label, columns, problems, make)


def read_site_values(
    path: Path, label: str, references: Collection[str], problems: Problems
) -> tuple[SiteValue, ...]:
    """Return the rows of ``site_values.tsv``; what is wrong is added to `problems`."""
    rows, seen = [], dict[tuple[str, str], str]()
    for line in _lines(path, label, ("site", *_PARAMETER_COLUMNS), problems):
        pair = (line["site"], line["id"])
        if pair in seen:
            problems.append(TableError(f"{line.where}: {' '.join(pair)} repeats {seen[pair]}; keep one"))
            continue
        seen[pair] = line.where
        rows.append(SiteValue(**vars(_parameter(line, references, problems)), site=line["site"]))
    return tuple(rows)
