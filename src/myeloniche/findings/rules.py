"""The rules by which a simulated readout agrees with a published statement: one small function each."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LARGEST_SHORTFALL", "Judgement", "dose_order", "fold_change", "lost_share", "onset", "ratio",
           "regained_share", "remaining_share", "transient_loss", "within"]  # fmt: skip


# A change smaller than this share of the readout is the integrator's noise, and has no share of its own.
NOISE = 1e-4


# What a shortfall is at most, and what it is where there is no number to judge.
LARGEST_SHORTFALL = 5.0


@dataclass(frozen=True)
class Judgement:
    """What a rule says: the number it looked at, whether that agrees, and why in words.

    ``shortfall`` tells how far the number is from agreeing: a natural logarithm for folds, a plain difference
    for shares, 0 where it agrees, never more than 5.
    """

    number: float
    agree: bool
    why: str
    shortfall: float


def ratio(value: float, reference: float) -> float:
    """Return value / reference; infinite over zero, and not a number for zero over zero."""
    if not (math.isfinite(value) and math.isfinite(reference)):
        return math.nan
    if reference == 0:
        return math.inf if value > 0 else math.nan
    return value / reference


def fold_change(
    value: float, comparator: float, *, at_least: float = -math.inf, at_most: float = math.inf
) -> Judgement:
    """Judge a fold change against a bound.

    Parameters
    ----------
    value, comparator
        Readout with and without what is tested, in the same unit.
    at_least, at_most
        Bounds of the ratio; give one of them.

    Returns
    -------
    The ratio, and whether it keeps both bounds. A ratio that is not a number never agrees.
    """
    number = ratio(value, comparator)
    bound = f"at least {at_least:g}" if math.isfinite(at_least) else f"at most {at_most:g}"
    agree, gap = at_least <= number <= at_most, _fold_gap(number, at_least, at_most)
    return Judgement(number, agree, f"{_fold(number)}, asked for {bound}", gap)


def within(value: float, comparator: float, *, tolerance: float) -> Judgement:
    """Judge whether a readout stays within a fraction of its comparator."""
    number = ratio(value, comparator)
    agree = 1 - tolerance <= number <= 1 + tolerance
    gap = _fold_gap(number, 1 - tolerance, 1 + tolerance)
    return Judgement(number, agree, f"{_fold(number)}, asked for a change of at most {tolerance:.0%}", gap)


def dose_order(
    values: Sequence[float],
    *,
    slack: float,
    at_least: float = -math.inf,
    at_most: float = math.inf,
) -> Judgement:
    """Judge a graded response: far enough at the top dose, and every step in that direction.

    Parameters
    ----------
    values
        Readout per dose, the culture without drug first.
    slack
        Share by which a step may go the wrong way.
    at_least, at_most
        Bound of the ratio at the top dose; the one that is given sets the direction.

    Returns
    -------
    The ratio at the top dose against no drug.
    """
    rising = math.isfinite(at_least)
    steps = [ratio(after, before) for before, after in itertools.pairwise(values)]
    bounds = (1 - slack, math.inf) if rising else (-math.inf, 1 + slack)
    ordered = all(bounds[0] <= step <= bounds[1] for step in steps)
    top = fold_change(values[-1], values[0], at_least=at_least, at_most=at_most)
    order = "in order of dose" if ordered else "but not in order of dose"
    gap = _capped(top.shortfall + sum(_fold_gap(step, *bounds) for step in steps))
    return Judgement(top.number, top.agree and ordered, f"{top.why} at the top dose; {order}", gap)


def transient_loss(
    course: Sequence[tuple[float, float]],
    rest: float,
    *,
    at_most: float,
    within_h: float,
    back_at_least: float,
    back_within_h: float,
) -> Judgement:
    """Judge a dip with return.

    Parameters
    ----------
    course
        Time since the stimulus [h] and readout then, ascending in time.
    rest
        Readout before the stimulus.
    at_most, within_h
        How low it has to fall, as a share of rest, and by when [h].
    back_at_least, back_within_h
        How much of rest has to be there again after the lowest point, and by when [h].

    Returns
    -------
    The lowest share of rest within the first window.
    """
    shares = [(time, ratio(value, rest)) for time, value in course]
    early = [(share, time) for time, share in shares if time <= within_h and not math.isnan(share)]
    if not early:
        return Judgement(math.nan, False, "no finite value in time", LARGEST_SHORTFALL)
    lowest, dip_h = min(early)
    back = max((share for time, share in shares if dip_h <= time <= back_within_h), default=math.nan)
    agree = lowest <= at_most and back >= back_at_least
    why = (
        f"falls to {_percent(lowest)} of rest (at most {at_most:.0%} asked) "
        f"and is back at {_percent(back)} (at least {back_at_least:.0%} asked)"
    )
    gap = _capped(_fold_gap(lowest, -math.inf, at_most) + _fold_gap(back, back_at_least, math.inf))
    return Judgement(lowest, agree, why, gap)


def onset(
    course: Sequence[tuple[float, float]],
    rest: float,
    *,
    at_least: float,
    from_h: float,
    to_h: float,
    slack: float,
) -> Judgement:
    """Judge when a lasting rise begins.

    Parameters
    ----------
    course
        Time since the start [h] and readout then, ascending in time.
    rest
        Readout at the start.
    at_least
        Share of rest from which on it has risen.
    from_h, to_h
        Window in which the first such time has to lie [h].
    slack
        Share by which a later step may go down.

    Returns
    -------
    The fold change at the end.
    """
    shares = [(time, ratio(value, rest)) for time, value in course]
    risen = [time for time, share in shares if share >= at_least]
    if not risen or any(math.isnan(share) for _, share in shares):
        return Judgement(math.nan, False, f"never at {at_least:g} times the start", LARGEST_SHORTFALL)
    begin = risen[0]
    later = [share for time, share in shares if time >= begin]
    steps = [after / before for before, after in itertools.pairwise(later)]
    steepest = min(steps, default=1.0)
    lasting = steepest >= 1 - slack
    why = f"at {at_least:g} times the start after {begin:.0f} h ({from_h:g} to {to_h:g} h asked)"
    words = "it goes on rising" if lasting else "it does not go on rising"
    gap = _capped(_fold_gap(begin, from_h, to_h) + _fold_gap(steepest, 1 - slack, math.inf))
    return Judgement(shares[-1][1], lasting and from_h <= begin <= to_h, f"{why}; {words}", gap)


def remaining_share(treated: float, induced: float, rest: float, *, at_most: float) -> Judgement:
    """Judge how much of an induction is left, (treated - rest) / (induced - rest)."""
    number = _share(treated, rest, induced)
    why = f"{_percent(number)} of the change is left, at most {at_most:.0%} asked"
    return Judgement(number, number <= at_most, why, _share_gap(number, -math.inf, at_most))


def regained_share(treated: float, lost: float, rest: float, *, at_least: float) -> Judgement:
    """Judge how much of a loss comes back, (treated - lost) / (rest - lost)."""
    number = _share(treated, lost, rest)
    why = f"{_percent(number)} of the loss is regained, at least {at_least:.0%} asked"
    return Judgement(number, number >= at_least, why, _share_gap(number, at_least, math.inf))


def lost_share(
    treated: float, supported: float, rest: float, *, at_least: float, at_most: float
) -> Judgement:
    """Judge how much of a support is lost, 1 - (treated - rest) / (supported - rest).

    A support that is not positive cannot be lost in part, so it never agrees.
    """
    number = 1 - _share(treated, rest, supported)
    agree = supported > rest and at_least <= number <= at_most
    why = f"{_percent(number)} of the support is lost, {at_least:.0%} to {at_most:.0%} asked"
    gap = _share_gap(number, at_least, at_most) if supported > rest else LARGEST_SHORTFALL
    return Judgement(number, agree, why, gap)


def _fold_gap(number: float, at_least: float, at_most: float) -> float:
    """Return how far a ratio lies outside its bounds, as a natural logarithm; 0 within them."""
    if math.isnan(number) or (number <= 0 < at_least) or (number == math.inf and at_most < math.inf):
        return LARGEST_SHORTFALL
    if at_least <= number <= at_most:
        return 0.0
    below, above = max(at_least, 0.0), at_most
    return _capped(math.log(below / number) if number < below else math.log(number / above))


def _share_gap(number: float, at_least: float, at_most: float) -> float:
    """Return how far a share lies outside its bounds; 0 within them."""
    if math.isnan(number):
        return LARGEST_SHORTFALL
    return _capped(max(0.0, at_least - number, number - at_most))


def _capped(gap: float) -> float:
    return min(gap, LARGEST_SHORTFALL)


def _share(value: float, start: float, end: float) -> float:
    """Return how far a value lies from start towards end; NaN where the two differ by no more than noise."""
    if not all(map(math.isfinite, (value, start, end))):
        return math.nan
    if abs(end - start) <= NOISE * max(abs(end), abs(start)):
        return math.nan
    return (value - start) / (end - start)


def _fold(number: float) -> str:
    return "no finite ratio" if math.isnan(number) else f"{number:.3g}-fold"


def _percent(number: float) -> str:
    return "no finite share" if math.isnan(number) else f"{number:.0%}"
