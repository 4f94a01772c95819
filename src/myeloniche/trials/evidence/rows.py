"""Published numbers of trials: which arm of which trial shows what, and which half sets and which judges."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from myeloniche.errors import MyelonicheError, TableError, raise_all
from myeloniche.trials.evidence.statistics import COMPARISONS, STATISTICS

__all__ = ["HALVES", "ClinicalRow", "load_rows", "read_rows", "shipped"]

HALVES = ("set", "check")
"""Rows on which numbers of patients may be set, and rows that judge them."""

_COLUMNS = (
    "id", "half", "quantity", "trial", "arm", "against", "subset", "statistic", "published", "unit",
    "patients", "patients_against", "source", "note",
)  # fmt: skip


@dataclass(frozen=True)
class ClinicalRow:
    """One published number.

    Attributes
    ----------
    id, half, quantity
        Its name, which half it belongs to, and what it is.
    trial, arm, against
        Which trial file, which of its arms, and the arm that it is compared with; empty for none.
    subset
        Patients that count, as ``("prior_lines", 1.0)``; None for all.
    statistic
        One of :data:`~myeloniche.trials.evidence.statistics.STATISTICS`, whose ratio is taken where there is
        an arm to compare with, or of :data:`~myeloniche.trials.evidence.statistics.COMPARISONS`.
    published, unit
        The number.
    patients, patients_against
        Size of the published arms.
    source, note
        Where it stands.
    """

    id: str
    half: str
    quantity: str
    trial: str
    arm: str
    against: str
    subset: tuple[str, float] | None
    statistic: str
    published: float
    unit: str
    patients: int
    patients_against: int
    source: str
    note: str


def shipped() -> Traversable:
    """Return the folder of rows and trials that ships with the package."""
    return files("myeloniche.trials.evidence") / "data"


def load_rows() -> tuple[ClinicalRow, ...]:
    """Return the rows that ship with the package."""
    return read_rows((shipped() / "rows.tsv").read_text("utf-8"), name="rows.tsv")


def read_rows(text: str, *, name: str) -> tuple[ClinicalRow, ...]:
    """Read a table of published numbers.

    Raises
    ------
    TableError
        With every row that cannot be used.
    """
    lines = list(csv.reader(io.StringIO(text), delimiter="\t"))
    if not lines or tuple(lines[0]) != _COLUMNS:
        raise TableError(f"{name}:1: got columns {lines[:1]}, expected {', '.join(_COLUMNS)}.")
    rows: list[ClinicalRow] = []
    problems: list[MyelonicheError] = []
    for number, line in enumerate(lines[1:], start=2):
        try:
            rows.append(_row(dict(zip(_COLUMNS, line, strict=True))))
        except ValueError as error:
            problems.append(TableError(f"{name}:{number}: {error}"))
    raise_all(problems, title=name)
    return tuple(rows)


def _row(cells: dict[str, str]) -> ClinicalRow:
    if cells["half"] not in HALVES:
        raise ValueError(f"got half {cells['half']!r}, expected {' or '.join(HALVES)}.")
    known = (*STATISTICS, *COMPARISONS)
    if cells["statistic"] not in known:
        raise ValueError(f"got statistic {cells['statistic']!r}, expected one of {', '.join(known)}.")
    if cells["statistic"] in COMPARISONS and not cells["against"]:
        raise ValueError(f"{cells['statistic']} needs an arm under 'against'.")
    if not cells["source"]:
        raise ValueError(f"{cells['id']} has no source; add it.")
    column, _, level = cells["subset"].partition(" = ")
    return ClinicalRow(
        **{
            **cells,
            "subset": (column, float(level)) if column else None,
            "published": float(cells["published"]),
            "patients": int(cells["patients"]),
            "patients_against": int(cells["patients_against"] or 0),
        }  # type: ignore[arg-type]
    )
