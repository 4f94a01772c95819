"""The tables that a run leaves behind, and the files they are kept in."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["MachineRow", "Row", "SweepRow", "digits", "machine_file", "read_rows", "sweep_file", "write_rows"]

NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """One simulator on one model.

    Attributes
    ----------
    model, states, reactions, parameters, events, end
        The model; ``parameters`` are the perturbed ones.
    simulator, status
        Who, and ``ok`` or why there is nothing to show.
    rtol, atol
        Tolerances.
    cold_s, cold_cpu_s
        Wall and CPU time of a fresh process to the first trajectory, with nothing of this model compiled.
    warm_s, warm_cpu_s
        The same with everything in the simulator's cache, if it has one; median of the repeats.
    members, rounds
        Members integrated, and how often.
    single_ms, single_p90_ms, single_mean_ms
        CPU time of a member in a call of its own: median, 90th percentile and mean.
    batch_ms, batch_least_ms, batch_most_ms
        CPU time per member of all members: median, least and most of the rounds. In one call where the
        simulator gains by that, else one after the other.
    solving_ms
        What of it is integrating by the simulator's own count, where it has one.
    failed
        Members without a result.
    error_median, error_largest, error_p99, compared, uncertainty
        Accuracy, over how many members, and that of the reference itself.
    """

    model: str
    states: int
    reactions: int
    parameters: int
    events: int
    end: float
    simulator: str
    rtol: float
    atol: float
    status: str = "ok"
    cold_s: float = NAN
    cold_cpu_s: float = NAN
    warm_s: float = NAN
    warm_cpu_s: float = NAN
    members: int = 0
    rounds: int = 0
    single_ms: float = NAN
    single_p90_ms: float = NAN
    single_mean_ms: float = NAN
    batch_ms: float = NAN
    batch_least_ms: float = NAN
    batch_most_ms: float = NAN
    solving_ms: float = NAN
    failed: int = 0
    error_median: float = NAN
    error_largest: float = NAN
    error_p99: float = NAN
    compared: int = 0
    uncertainty: float = NAN


@dataclass(frozen=True)
class SweepRow:
    """One point of a work-precision curve; ``together`` says whether the members were in one call."""

    model: str
    simulator: str
    together: bool
    rtol: float
    atol: float
    members: int
    cpu_ms: float
    failed: int
    error_median: float
    error_largest: float
    error_p99: float
    compared: int


@dataclass(frozen=True)
class MachineRow:
    """A fact about the machine, the software or the run."""

    what: str
    value: str


Kind = TypeVar("Kind", Row, SweepRow, MachineRow)


def sweep_file(path: Path) -> Path:
    """Return where the work-precision points of a table of results are."""
    return path.with_name(f"{path.stem}_work_precision.csv")


def machine_file(path: Path) -> Path:
    """Return where the machine and the versions of a table of results are."""
    return path.with_name(f"{path.stem}_machine.csv")


def write_rows(path: Path, rows: Sequence[Row] | Sequence[SweepRow] | Sequence[MachineRow]) -> None:
    """Write rows of one kind as CSV, numbers with four digits; nothing if there are none."""
    if not rows:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(rows[0])], lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: digits(value) for name, value in asdict(row).items()} for row in rows)


def read_rows(path: Path, kind: type[Kind]) -> list[Kind]:
    """Read rows of one kind."""
    with path.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    return [kind(**{f.name: _READ[f.type](row[f.name]) for f in fields(kind)}) for row in table]


def digits(value: object) -> object:
    """Return a number with four digits, nothing for NaN, and anything else as it is."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.4g}"
    return value


_READ: dict[Any, Any] = {
    "str": str,
    "int": int,
    "float": lambda text: float(text) if text else NAN,
    "bool": lambda text: text == "True",
}
