"""Which number an anchor takes from an experiment, and what it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from myeloniche.errors import TableError
from myeloniche.findings.anchors.tolerance import Tolerance, read_tolerance
from myeloniche.units import Times, times

__all__ = ["AGGREGATES", "STATISTICS", "Target", "TimedArm", "read_target"]

STATISTICS = ("value", "ratio", "time of peak", "time of trough", "time of return", "area", "half-life",
              "half-maximal dose")  # fmt: skip
"""Statistics of readouts."""
AGGREGATES = ("root-mean-square error", "median", "falls")
"""Statistics over the numbers of other targets of the same anchor."""

_KEYS = ("name", "statistic", "readout", "in", "arm", "arms", "at", "above", "to", "share", "of", "unit",
         "target", "tolerance", "counts")  # fmt: skip


@dataclass(frozen=True)
class TimedArm:
    """An arm, read at a time or within a window (None: at the time of what it is compared with)."""

    arm: str
    at: Times | None = None


@dataclass(frozen=True)
class Target:
    """One row of an anchor, or several that differ in cell, arm or time.

    Parameters
    ----------
    name
        What the number is.
    statistic
        How it is computed; one of ``STATISTICS`` or ``AGGREGATES``.
    readout, instance
        What is read, and in which cell type of the dish; empty for an aggregate.
    arms
        Where it is read; for a half-maximal dose all arms of the series, untreated first.
    at
        When: points in time give one row each, a window limits a search.
    above
        For a half-life, the later phase that is taken off first; None to take it as it is.
    to
        What a ratio is relative to.
    share
        Share of the value at time 0 that counts as returned.
    of
        Names of the targets whose numbers an aggregate takes.
    unit
        Unit of the number.
    expected
        Wanted numbers: one, one per row, or by cell row; empty if a tolerance says it alone.
    tolerance
        How far off is still within.
    counts
        Whether the anchor rests on it; otherwise it is shown beside.
    """

    name: str
    statistic: str
    readout: str = ""
    instance: str = ""
    arms: tuple[str, ...] = ()
    at: Times | None = None
    above: Times | None = None
    to: TimedArm | None = None
    share: float = 1.0
    of: tuple[str, ...] = ()
    unit: str = "1"
    expected: tuple[float, ...] | Mapping[str, float] = field(default_factory=tuple)
    tolerance: Tolerance = field(default_factory=Tolerance)
    counts: bool = True

    def all_arms(self) -> tuple[str, ...]:
        """Return every arm that the target reads."""
        return (*self.arms, *((self.to.arm,) if self.to else ()))

    def wanted(self, place: int, cell: str) -> float | None:
        """Return the wanted number of a row, by its place among rows of one cell or by its cell row."""
        if isinstance(self.expected, Mapping):
            return self.expected.get(cell)
        if not self.expected:
            return None
        return self.expected[place if len(self.expected) > 1 else 0]


def read_target(row: Mapping[str, Any], where: str) -> Target:
    """Read one row.

    Raises
    ------
    TableError
        If a word is missing, not known, or there are as many wanted numbers as fit nothing.
    """
    _check_words(row, where)
    target = Target(
        name=row["name"],
        statistic=row["statistic"],
        readout=row.get("readout", ""),
        instance=row.get("in", ""),
        arms=tuple(row.get("arms", [row["arm"]] if "arm" in row else ())),
        at=times(row["at"], where=where) if "at" in row else None,
        above=times(row["above"], where=where) if "above" in row else None,
        to=_timed_arm(row["to"], where) if "to" in row else None,
        share=float(row.get("share", 1)),
        of=tuple(row.get("of", ())),
        unit=row.get("unit", "1"),
        expected=_expected(row.get("target", ())),
        tolerance=read_tolerance(row.get("tolerance", ""), where=where),
        counts=bool(row.get("counts", True)),
    )
    _check_count(target, where)
    return target


def _check_words(row: Mapping[str, Any], where: str) -> None:
    known = (*STATISTICS, *AGGREGATES)
    if row.get("statistic") not in known:
        raise TableError(
            f"{where}: got statistic {row.get('statistic')!r}, expected one of {', '.join(known)}."
        )
    needed = {"name", "of"} if row["statistic"] in AGGREGATES else {"name", "readout", "arm"}
    given = {"arm" if key == "arms" else key for key in row}
    if row["statistic"] == "ratio":
        needed.add("to")
    missing, extra = needed - given, row.keys() - set(_KEYS)
    if missing or extra:
        words = ", ".join(sorted(missing)) or "no more"
        raise TableError(
            f"{where}: got {', '.join(row)}; lacks {words}; expected words among {', '.join(_KEYS)}."
        )


def _check_count(target: Target, where: str) -> None:
    """Refuse a list of wanted numbers that is not as long as the rows it stands for."""
    points = len(target.at.hours) if target.at is not None and not target.at.window else 1
    arms = 1 if target.statistic == "half-maximal dose" else max(len(target.arms), 1)
    if isinstance(target.expected, tuple) and len(target.expected) not in (0, 1, points * arms):
        raise TableError(
            f"{where}: {target.name}: got {len(target.expected)} numbers, expected 1 or {points * arms} "
            "(one per arm and time). Count them."
        )


def _expected(entry: Any) -> tuple[float, ...] | dict[str, float]:
    if isinstance(entry, Mapping):
        return {str(cell): float(value) for cell, value in entry.items()}
    if isinstance(entry, (list, tuple)):
        return tuple(float(value) for value in entry)
    return (float(entry),)


def _timed_arm(text: str, where: str) -> TimedArm:
    arm, separator, time = text.partition(" @ ")
    return TimedArm(arm.strip(), times(time, where=where) if separator else None)
