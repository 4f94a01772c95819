"""The numbers that anchors take from simulated courses: one small function each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

__all__ = ["area", "falls", "half_life", "half_maximal_dose", "median", "return_time", "root_mean_square",
           "stripped", "turning_time"]  # fmt: skip


def turning_time(times: Sequence[float], values: Sequence[float], *, peak: bool) -> float:
    """Return when a course is highest (or lowest), between samples by a parabola through three.

    Parameters
    ----------
    times
        Ascending times, shape (time,).
    values
        Readout, shape (time,).
    peak
        Whether the highest value is looked for.

    Returns
    -------
    The time, in the unit of ``times``; not a number if the course holds one that is not finite.
    """
    if not all(math.isfinite(value) for value in values):
        return math.nan
    sign = 1 if peak else -1
    place = max(range(len(values)), key=lambda index: sign * values[index])
    if place in (0, len(values) - 1):
        return times[place]
    before, here, after = times[place - 1 : place + 2]
    rise = (values[place] - values[place - 1]) / (here - before)
    fall = (values[place + 1] - values[place]) / (after - here)
    bend = rise - fall
    return (before + here) / 2 + (after - before) / 2 * rise / bend if bend else here


def return_time(times: Sequence[float], values: Sequence[float], *, share: float) -> float:
    """Return when a course that fell is back at a share of its first value, by straight lines.

    Parameters
    ----------
    times
        Ascending times, shape (time,).
    values
        Readout, shape (time,); the first is the level of rest.
    share
        Share of that level that counts as back.

    Returns
    -------
    The time, in the unit of ``times``; infinite if it does not come back, not a number if the
    course holds one that is not finite. A course that never falls below the share is back when it
    is lowest.
    """
    if not all(math.isfinite(value) for value in values):
        return math.nan
    level = share * values[0]
    lowest = min(range(len(values)), key=lambda index: values[index])
    for place in range(lowest, len(values)):
        if values[place] >= level:
            if place == lowest:
                return times[place]
            part = (level - values[place - 1]) / (values[place] - values[place - 1])
            return times[place - 1] + part * (times[place] - times[place - 1])
    return math.inf


def area(times: Sequence[float], values: Sequence[float]) -> float:
    """Return the area under a course by trapezoids between its samples, as it is taken of blood samples.

    Parameters
    ----------
    times
        Ascending times, shape (time,).
    values
        Readout, shape (time,).

    Returns
    -------
    The area, in the product of the two units; not a number if the course holds one that is not finite.
    """
    pairs = itertools.pairwise(zip(times, values, strict=True))
    return sum((later - time) * (value + last) / 2 for (time, value), (later, last) in pairs)


def half_life(times: Sequence[float], values: Sequence[float]) -> float:
    """Return the half-life of a course that falls, by the least-squares line through its logarithms.

    Parameters
    ----------
    times
        Ascending times, shape (time,).
    values
        Readout, shape (time,).

    Returns
    -------
    The half-life, in the unit of ``times``; infinite if the course does not fall, not a number if it holds
    a value that is not positive and finite.
    """
    slope, _ = _log_line(times, values)
    return math.nan if math.isnan(slope) else -math.log(2) / slope if slope < 0 else math.inf


def stripped(
    times: Sequence[float], values: Sequence[float], later: Sequence[float], tail: Sequence[float]
) -> list[float]:
    """Return a course less the later phase carried back, as phases of a concentration are told apart.

    Parameters
    ----------
    times, values
        Course, shape (time,).
    later, tail
        Times and readout of the later phase, shape (sample,).

    Returns
    -------
    What is left above the line through the logarithms of the later phase, shape (time,).
    """
    slope, start = _log_line(later, tail)
    return [value - math.exp(start + slope * time) for time, value in zip(times, values, strict=True)]


def _log_line(times: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return slope and start of the least-squares line through logarithms; not numbers if there are none."""
    if not all(math.isfinite(value) and value > 0 for value in values):
        return math.nan, math.nan
    logs = [math.log(value) for value in values]
    time, log = (sum(numbers) / len(numbers) for numbers in (times, logs))
    slope = sum((t - time) * (y - log) for t, y in zip(times, logs, strict=True))
    slope /= sum((t - time) ** 2 for t in times)
    return slope, log - slope * time


def half_maximal_dose(doses: Sequence[float], survival: Sequence[float]) -> float:
    """Return the dose that leaves half, log-linear between the two doses around it.

    Parameters
    ----------
    doses
        Ascending doses above 0, shape (dose,).
    survival
        Readout relative to the untreated culture, shape (dose,) [1].

    Returns
    -------
    The first dose at which half is reached, in the unit of ``doses``; 0 if the lowest dose leaves
    less than half, infinite if the highest leaves more, not a number if a share is not finite.
    """
    half = 1 / 2
    if not all(math.isfinite(share) for share in survival):
        return math.nan
    if survival[0] < half:
        return 0.0
    for (low, above), (high, below) in itertools.pairwise(zip(doses, survival, strict=True)):
        if above >= half > below:
            part = (above - half) / (above - below)
            return math.exp(math.log(low) + part * (math.log(high) - math.log(low)))
    return doses[-1] if survival[-1] == half else math.inf


def root_mean_square(differences: Sequence[float]) -> float:
    """Return the square root of the mean of squares."""
    return math.sqrt(sum(difference**2 for difference in differences) / len(differences))


def median(values: Sequence[float]) -> float:
    """Return the middle value, the mean of two for an even count; not a number if one is not."""
    if any(math.isnan(value) for value in values):
        return math.nan
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def falls(values: Sequence[float]) -> bool:
    """Return whether every value is below the one before; never for what is not a number."""
    return all(later < earlier for earlier, later in itertools.pairwise(values))
