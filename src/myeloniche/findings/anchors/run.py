"""Running all anchors in one call of the laboratory, and taking their numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from myeloniche.findings.anchors import statistics
from myeloniche.findings.anchors.anchor import Anchor, load_anchors
from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.anchors.target import AGGREGATES, Target
from myeloniche.findings.rules import ratio
from myeloniche.findings.verdict import Course, value_at
from myeloniche.lab.result import ExperimentResult
from myeloniche.lab.run import run
from myeloniche.units import Times, concentration, hours

__all__ = ["judge_anchor", "run_anchors", "take_rows"]

_TIME_UNITS = ("min", "h")


@dataclass(frozen=True)
class _Taken:
    """A row with the name of the target it belongs to."""

    group: str
    row: AnchorRow


def run_anchors(
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    *,
    anchors: Sequence[Anchor] | None = None,
) -> tuple[AnchorResult, ...]:
    """Re-do the experiments behind the anchors, all at once, and compare the numbers.

    Parameters
    ----------
    workers
        How many cores to use; all by default.
    progress
        Called with the number of simulations done and their total.
    anchors
        Which; all that ship with the package by default.

    Returns
    -------
    One result per anchor, in order.
    """
    chosen = tuple(anchors) if anchors is not None else load_anchors()
    experiments = [experiment for anchor in chosen for experiment in anchor.experiments]
    results = iter(run(experiments, workers=workers, progress=progress))
    return tuple(judge_anchor(anchor, [next(results) for _ in anchor.experiments]) for anchor in chosen)


def judge_anchor(anchor: Anchor, results: Sequence[ExperimentResult]) -> AnchorResult:
    """Take the numbers of an anchor from what was simulated, one result per cell row.

    Raises
    ------
    TableError
        If a time is asked for that was not measured.
    UnknownNameError
        If a readout is asked for that was not measured.
    """
    return AnchorResult(anchor, take_rows(anchor.targets, results), sum(result.failed for result in results))


def take_rows(targets: Sequence[Target], results: Sequence[ExperimentResult]) -> tuple[AnchorRow, ...]:
    """Take numbers from what was simulated, one result per cell row; see :func:`judge_anchor`."""
    taken: list[_Taken] = []
    for target in targets:
        if target.statistic in AGGREGATES:
            taken.append(_Taken(target.name, _aggregated(target, taken)))
        else:
            taken += [_Taken(target.name, row) for result in results for row in _rows(target, result)]
    return tuple(entry.row for entry in taken)


def _rows(target: Target, result: ExperimentResult) -> Iterator[AnchorRow]:
    """Yield the rows of a target in one cell row: one, or one per arm and point in time."""
    cell = result.experiment.cell
    arms = target.arms[:1] if target.statistic == "half-maximal dose" else target.arms
    for place, (arm, time) in enumerate((arm, time) for arm in arms for time in _points(target.at)):
        words = [
            target.name,
            f" in {cell}" if cell else "",
            f", {arm}" if len(arms) > 1 else "",
            f" at {time.text}" if time is not None and not time.window else "",
        ]
        value = _value(target, arm, time, result)
        yield _row(target, "".join(words), value, target.wanted(place, cell))


def _row(target: Target, name: str, value: float, wanted: float | None) -> AnchorRow:
    tolerance = target.tolerance
    within = tolerance.holds(value, wanted)
    text = tolerance.text if within is not None else ""
    counts = target.counts and within is not None
    excess = tolerance.excess(value, wanted)
    return AnchorRow(name, wanted, value, target.unit, text, within, counts, excess)


def _points(at: Times | None) -> Iterator[Times | None]:
    """Yield the single times of a list of times; a window, or no time, as it is."""
    if at is None or at.window:
        yield at
        return
    unit = at.text.split()[-1]
    scale = hours(f"1 {unit}")
    for hour in at.hours:
        yield Times((hour,), window=False, text=f"{hour / scale:.4g} {unit}")


def _value(target: Target, arm: str, time: Times | None, result: ExperimentResult) -> float:
    """Return the number of one row, in the unit of its target."""
    if target.statistic == "half-maximal dose":
        return _half_maximal(target, time, result)
    course = _course(target, arm, result)
    if target.statistic == "value":
        return value_at(course, time, "up")
    if target.statistic == "ratio":
        assert target.to is not None
        reference = value_at(_course(target, target.to.arm, result), target.to.at or time, "up")
        return ratio(value_at(course, time, "up"), reference)
    inside = _inside(course, time)
    scale = 1 / hours(f"1 {target.unit}") if target.unit in _TIME_UNITS else 1
    if target.statistic == "area":
        return statistics.area(inside.times_h, inside.values)
    if target.statistic == "half-life":
        values: Sequence[float] = inside.values
        if target.above is not None:
            later = _inside(course, target.above)
            values = statistics.stripped(inside.times_h, values, later.times_h, later.values)
        return scale * statistics.half_life(inside.times_h, values)
    if target.statistic == "time of return":
        return scale * statistics.return_time(inside.times_h, inside.values, share=target.share)
    peak = target.statistic == "time of peak"
    return scale * statistics.turning_time(inside.times_h, inside.values, peak=peak)


def _half_maximal(target: Target, time: Times | None, result: ExperimentResult) -> float:
    """Return the dose that leaves half of the untreated culture; the arms are named after their doses."""
    levels = [value_at(_course(target, arm, result), time, "up") for arm in target.arms]
    doses = [concentration(arm, target.unit) for arm in target.arms[1:]]
    return statistics.half_maximal_dose(doses, [ratio(level, levels[0]) for level in levels[1:]])


def _course(target: Target, arm: str, result: ExperimentResult) -> Course:
    series = result.series(arm, target.readout, target.instance)
    return Course(tuple(series.times_h.tolist()), tuple(series.values.tolist()), series.unit)


def _inside(course: Course, window: Times | None) -> Course:
    """Return the part of a course within a window."""
    if window is None:
        return course
    low, high = window.hours[0], window.hours[-1]
    kept = [
        (time, value)
        for time, value in zip(course.times_h, course.values, strict=True)
        if low <= time <= high
    ]
    return Course(tuple(time for time, _ in kept), tuple(value for _, value in kept), course.unit)


def _aggregated(target: Target, taken: Sequence[_Taken]) -> AnchorRow:
    """Return the row of a target over the numbers of others."""
    rows = [entry.row for entry in taken if entry.group in target.of]
    values = [row.value for row in rows]
    if target.statistic == "falls":
        value = float(statistics.falls(values))
    elif target.statistic == "median":
        value = statistics.median(values)
    else:
        value = statistics.root_mean_square(
            [row.value - row.target for row in rows if row.target is not None]
        )
    return _row(target, target.name, value, target.wanted(0, ""))
