"""The published findings, one row each."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

from myeloniche.errors import MyelonicheError, TableError, UnknownNameError, raise_all

__all__ = ["Finding", "choose", "load_findings"]


@dataclass(frozen=True)
class Finding:
    """A published statement: who was treated how, compared with what, and what came out.

    ``experiments`` names the files that re-do it; ``given`` marks a row that restates an input of
    the model and therefore never counts as agreement.
    """

    id: str
    paper: str
    panel: str
    system: str
    condition: str
    compared_with: str
    readouts: tuple[str, ...]
    time: str
    expected: str
    note: str
    experiments: tuple[str, ...]
    given: bool


def load_findings() -> tuple[Finding, ...]:
    """Read the findings that ship with the package, in the order of their ids.

    Raises
    ------
    TableError
        If a row lacks a cell or repeats an id.
    """
    text = files("myeloniche.findings").joinpath("findings.tsv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    problems: list[MyelonicheError] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if row["id"] in seen:
            problems.append(
                TableError(f"findings.tsv:{line}: the id {row['id']} is there twice. Renumber it.")
            )
        if row["given"] not in ("yes", "no"):
            got = f"findings.tsv:{line}: 'given' is {row['given']!r}"
            problems.append(TableError(f"{got}, expected yes or no. Correct the last column."))
        seen.add(row["id"])
    raise_all(problems, title="findings.tsv")
    return tuple(_finding(row) for row in rows)


def choose(findings: tuple[Finding, ...], only: tuple[str, ...] | None) -> tuple[Finding, ...]:
    """Return the findings asked for by id, in catalogue order; all of them if none is named.

    Raises
    ------
    UnknownNameError
        If an id does not exist.
    """
    if not only:
        return findings
    known = {finding.id for finding in findings}
    wanted = {identifier.strip().upper() for identifier in only}
    problems = [UnknownNameError("finding", name, known) for name in sorted(wanted - known)]
    raise_all(problems, title="findings asked for")
    return tuple(finding for finding in findings if finding.id in wanted)


def _finding(row: dict[str, str]) -> Finding:
    return Finding(
        id=row["id"],
        paper=row["paper"],
        panel=row["panel"],
        system=row["system"],
        condition=row["condition"],
        compared_with=row["compared_with"],
        readouts=_split(row["readouts"]),
        time=row["time"],
        expected=row["expected"],
        note=row["note"],
        experiments=_split(row["experiment"]),
        given=row["given"] == "yes",
    )


def _split(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())
