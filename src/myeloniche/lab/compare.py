"""Arms side by side: every readout against that of a reference arm, with intervals over parameter sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import UnknownNameError
from myeloniche.lab.experiment import Experiment, Replicates
from myeloniche.lab.result import OK, ExperimentResult
from myeloniche.lab.run import run

__all__ = ["ComparedRow", "Comparison", "Interval", "compare"]

Floats = NDArray[np.float64]

_PROBABILITIES = (0.05, 0.95)


@dataclass(frozen=True)
class Interval:
    """A number of the nominal set, and its 5th and 95th percentile over parameter sets; NaN without sets."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ComparedRow:
    """One readout of one arm at one time.

    Attributes
    ----------
    cell
        The cell row that the experiment was run for, empty if it names its cells itself.
    readout, unit, instrument
        What was read.
    arm, time_h
        Where and when, on the measurement's clock [h].
    level
        The readout [unit].
    ratio
        The readout over that of the reference arm at the same time; an interval is that of the ratios of the
        sets, each against itself.
    rising
        Share of the sets in which the readout lies above the reference; NaN without sets.
    """

    cell: str
    readout: str
    unit: str
    instrument: str
    arm: str
    time_h: float
    level: Interval
    ratio: Interval
    rising: float


@dataclass(frozen=True)
class Comparison:
    """Arms side by side.

    Attributes
    ----------
    title, reference
        Of the experiment, and the arm that all are compared with.
    rows
        By cell row, readout, time and arm, in the order of the experiment.
    sets
        Parameter sets behind the intervals.
    failed
        Simulated arms that failed, over all sets; they have no part in intervals.
    """

    title: str
    reference: str
    rows: tuple[ComparedRow, ...]
    sets: int
    failed: int


def compare(
    experiments: Sequence[Experiment],
    *,
    reference: str = "",
    parameter_sets: Sequence[Mapping[str, float]] = (),
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Comparison:
    """Run an experiment and put its arms side by side.

    Parameters
    ----------
    experiments
        One experiment, or the same one for several cell rows.
    reference
        Arm that all are compared with; the first by default.
    parameter_sets
        Sets for the intervals, by model parameter; without any there are no intervals.
    workers
        How many cores to use; all by default.
    progress
        Called with the number of simulations done and their total.

    Raises
    ------
    UnknownNameError
        If there is no arm of the reference's name.
    """
    listed = [replace(experiment, replicates=Replicates()) for experiment in experiments]
    names = [arm.name for arm in listed[0].arms]
    against = reference or names[0]
    if against not in names:
        raise UnknownNameError("arm", against, names, where=listed[0].title)
    results = run(listed, workers=workers, progress=progress, parameter_sets=[{}, *parameter_sets])
    count = len(listed)
    rows: list[ComparedRow] = []
    for place in range(count):
        mine = results[place::count]  # the nominal set first, then the others
        rows += _rows(mine[0], mine[1:], against)
    failed = sum(result.failed for result in results)
    return Comparison(listed[0].title, against, tuple(rows), len(parameter_sets), failed)


def _rows(nominal: ExperimentResult, others: Sequence[ExperimentResult], against: str) -> list[ComparedRow]:
    labels = dict.fromkeys(label for arm in nominal.arms.values() for label in arm)
    keys = [
        (label, place, arm)
        for label in labels
        for place in range(max(arm[label].times_h.size for arm in nominal.arms.values() if label in arm))
        for arm, series in nominal.arms.items()
        if label in series and place < series[label].times_h.size
    ]
    return [_row(nominal, others, against, *key) for key in keys]


def _row(
    nominal: ExperimentResult,
    others: Sequence[ExperimentResult],
    against: str,
    label: str,
    place: int,
    arm: str,
) -> ComparedRow:
    series = nominal.arms[arm][label]
    time_h = float(series.times_h[place])
    levels = np.array([_level(one, arm, label, time_h) for one in (nominal, *others)])
    references = np.array([_level(one, against, label, time_h) for one in (nominal, *others)])
    with np.errstate(all="ignore"):
        ratios = levels / references
    finite = ratios[1:][np.isfinite(ratios[1:])]
    return ComparedRow(
        cell=nominal.experiment.cell,
        readout=label,
        unit=series.unit,
        instrument=series.instrument,
        arm=arm,
        time_h=time_h,
        level=_interval(levels),
        ratio=_interval(ratios),
        rising=float((finite > 1.0).mean()) if finite.size else np.nan,
    )


def _level(result: ExperimentResult, arm: str, label: str, time_h: float) -> float:
    if label not in result.arms[arm] or result.statuses[arm] != (OK,):
        return np.nan
    series = result.arms[arm][label]
    if not series.times_h[0] <= time_h <= series.times_h[-1]:
        return np.nan
    return series.at(time_h)


def _interval(numbers: Floats) -> Interval:
    others = numbers[1:][np.isfinite(numbers[1:])]
    low, high = np.quantile(others, _PROBABILITIES) if others.size else (np.nan, np.nan)
    return Interval(float(numbers[0]), float(low), float(high))
