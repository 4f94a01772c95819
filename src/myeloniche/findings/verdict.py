"""The verdict on a finding: every comparison judged by its rule, and agreement only if each agrees."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from myeloniche.errors import TableError
from myeloniche.findings.comparison import ArmAt, Comparison
from myeloniche.findings.rulebook import Evidence, Rule, Rulebook
from myeloniche.units import Times

__all__ = ["Course", "Lookup", "ReadoutVerdict", "judge_comparison", "overall", "value_at"]


@dataclass(frozen=True)
class Course:
    """A readout of one arm over the clock of its measurement.

    Parameters
    ----------
    times_h
        Times [h], ascending.
    values
        Readout at these times [unit]; NaN if the simulation failed.
    unit
        Unit of the values.
    """

    times_h: tuple[float, ...]
    values: tuple[float, ...]
    unit: str


Lookup = Callable[[str, str, str], Course]
"""Finds the course by arm, readout and cell type of the dish."""


@dataclass(frozen=True)
class ReadoutVerdict:
    """What became of one readout of a finding.

    ``value`` and ``comparator`` carry ``unit``; ``ratio`` is the number that the rule looked at
    (a fold change, or the share of a change that is left, lost or regained), ``shortfall`` how far
    that is from agreeing (0 where it agrees).
    """

    name: str
    value: float
    comparator: float
    ratio: float
    rule: str
    agree: bool
    unit: str
    cell: str
    treated: str
    reference: str
    panel: str
    why: str
    shortfall: float


def judge_comparison(
    comparison: Comparison, lookup: Lookup, rulebook: Rulebook, *, cell: str, panel: str
) -> ReadoutVerdict:
    """Judge one comparison on simulated courses.

    Parameters
    ----------
    comparison
        What is compared with what, when, by which rule.
    lookup
        Where the courses come from.
    rulebook
        The rules and their thresholds.
    cell, panel
        Who and which experiment, for the record.

    Raises
    ------
    TableError
        If a time is asked for that was not measured.
    """
    rule = rulebook.rule(comparison.rule, where=panel)
    evidence = _evidence(comparison, rule, lookup)
    judgement = rulebook.judge(comparison.rule, evidence)
    value, reference = _shown(evidence, rule)
    unit = lookup(comparison.treated.arm, comparison.readout, comparison.instance).unit
    return ReadoutVerdict(
        name=comparison.readout,
        value=value,
        comparator=reference,
        ratio=judgement.number,
        rule=comparison.rule,
        agree=judgement.agree,
        unit=unit,
        cell=cell,
        treated=comparison.treated.arm,
        reference=comparison.reference.arm,
        panel=panel,
        why=judgement.why,
        shortfall=judgement.shortfall,
    )


def overall(readouts: Sequence[ReadoutVerdict]) -> tuple[bool, str]:
    """Return whether every readout agrees, and the reason in words."""
    misses = [entry for entry in readouts if not entry.agree]
    if not misses:
        count = f"all {len(readouts)} readouts agree" if len(readouts) > 1 else "the readout agrees"
        return True, count
    first = misses[0]
    more = f"; {len(misses)} of {len(readouts)} readouts do not agree" if len(readouts) > 1 else ""
    return False, f"{first.name} in {first.cell}, {first.treated}: {first.why}{more}"


def value_at(course: Course, window: Times | None, direction: str) -> float:
    """Return the value at a time, or the extreme within a span, in the direction expected.

    Parameters
    ----------
    course
        Readout over time.
    window
        When; None is the last time measured.
    direction
        ``up`` takes the highest value of a span, ``down`` the lowest.

    Raises
    ------
    TableError
        If no time of the course falls into the window.
    """
    if window is None:
        return course.values[-1]
    inside = [
        value for time, value in zip(course.times_h, course.values, strict=True) if _covers(window, time)
    ]
    if not inside:
        measured = ", ".join(f"{time:g}" for time in course.times_h)
        got = f"got {window.text!r}, expected a time among {measured} h"
        raise TableError(f"{got}. Add it to 'at' of the measurement.")
    if not all(math.isfinite(value) for value in inside):
        return math.nan
    return min(inside) if direction == "down" else max(inside)


def _covers(window: Times, time_h: float) -> bool:
    if window.window and window.hours[0] < time_h < window.hours[-1]:
        return True
    return any(math.isclose(time_h, edge) for edge in window.hours)


def _evidence(comparison: Comparison, rule: Rule, lookup: Lookup) -> Evidence:
    def read(arm: ArmAt) -> float:
        course = lookup(arm.arm, comparison.readout, comparison.instance)
        return value_at(course, arm.at or comparison.at, rule.direction)

    if rule.kind == "doses":
        return Evidence(doses=tuple(read(arm) for arm in comparison.doses))
    if rule.kind in ("transient", "onset"):
        course = lookup(comparison.treated.arm, comparison.readout, comparison.instance)
        rest = {"comparator": read(comparison.arms["comparator"])}
        return Evidence(rest, times_h=course.times_h, course=course.values)
    return Evidence({role: read(arm) for role, arm in comparison.arms.items()})


def _shown(evidence: Evidence, rule: Rule) -> tuple[float, float]:
    """Return the two numbers that a table shows beside the ratio."""
    if evidence.doses:
        return evidence.doses[-1], evidence.doses[0]
    level = evidence.levels
    if evidence.course:
        extreme = max if rule.direction == "up" else min
        return extreme(evidence.course), level["comparator"]
    reference = next(role for role in ("comparator", "induced", "lost") if role in level)
    return level["treated"], level[reference]
