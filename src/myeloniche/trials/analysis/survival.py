"""Time to event: Kaplan-Meier curves, the log-rank test and Cox's hazard ratio, by statsmodels and SciPy."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError, UnknownNameError
from myeloniche.trials.analysis.cohort import Bools, Durations, Floats, Words
from myeloniche.trials.extras import statistics

__all__ = [
    "Comparison",
    "HazardRatio",
    "SurvivalCurve",
    "compare",
    "compare_arms",
    "hazard_ratio",
    "kaplan_meier",
    "log_rank",
    "median_time",
]


_WIDEST = math.log(1e6)
"""Half an interval that is wider than this, as a logarithm, is that of a likelihood without a maximum."""


@dataclass(frozen=True)
class SurvivalCurve:
    """A Kaplan-Meier curve.

    Attributes
    ----------
    days
        Where the curve steps or a patient is censored, sorted.
    survival, low, high
        Share without an event from then on, and its log-log interval; NaN where none can be given.
    censored
        Times at which patients were last seen without an event.
    patients, events
        How many.
    median, median_low, median_high
        Days until half have had the event, with the interval; NaN or infinity where it is not reached.
    """

    days: Floats
    survival: Floats
    low: Floats
    high: Floats
    censored: Floats
    patients: int
    events: int
    median: float
    median_low: float
    median_high: float
    _all_days: Floats

    def at_risk(self, days: Sequence[float] | Floats) -> list[int]:
        """Return how many patients are under observation, without an event, just before each time."""
        before = np.searchsorted(np.sort(self._all_days), np.asarray(days, dtype=float), side="left")
        return [int(self.patients - count) for count in before]

    def share_at(self, day: float) -> float:
        """Return the share without an event after a time, 1 before the first step."""
        place = int(np.searchsorted(self.days, day, side="right")) - 1
        return float(self.survival[place]) if place >= 0 else 1.0


@dataclass(frozen=True)
class HazardRatio:
    """Hazard of one group over that of another, by Cox's model with Efron's ties.

    Where the groups do not let it be estimated, ``reason`` says why, there is no interval, and ``ratio`` is
    what it tends to: 0, infinity, or NaN without any event.
    """

    ratio: float
    low: float
    high: float
    p: float
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """One group beside the one it is compared with.

    Attributes
    ----------
    group, reference
        Their names.
    log_rank_p
        Of the log-rank test of the two.
    chi_square
        The statistic of that test.
    hazard
        Hazard of ``group`` over that of ``reference``.
    """

    group: str
    reference: str
    log_rank_p: float
    chi_square: float
    hazard: HazardRatio


def kaplan_meier(days: Floats, events: Bools, *, confidence: float = 0.95) -> SurvivalCurve:
    """Return the survival curve of one group.

    Parameters
    ----------
    days, events
        Time per patient, and whether the event was seen then.
    confidence
        Coverage of the intervals.

    Raises
    ------
    ExperimentError
        If there is no patient.

    Notes
    -----
    The curve and its pointwise log-log interval are SciPy's. The median and its interval are those of
    statsmodels: the first time at which *less* than half is left, and the inverted log-log test [1]_. Where
    the curve rests at exactly one half other programs take the start or the middle of that step.

    References
    ----------
    .. [1] Brookmeyer R, Crowley J, A confidence interval for the median survival time, Biometrics
       1982;38:29-41, doi:10.2307/2530286
    """
    from scipy.stats import CensoredData, ecdf

    days, events = np.asarray(days, dtype=float), np.asarray(events, dtype=bool)
    if days.size == 0:
        raise ExperimentError("got no patients with a time, expected at least one. Check the arm's patients.")
    curve = ecdf(CensoredData(uncensored=days[events], right=days[~events])).sf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval at 0 and 1, which comes back as NaN
        interval = curve.confidence_interval(confidence, method="log-log")
    median, low, high = _median(days, events, confidence)
    return SurvivalCurve(
        np.asarray(curve.quantiles, dtype=float),
        np.asarray(curve.probabilities, dtype=float),
        np.asarray(interval.low.probabilities, dtype=float),
        np.asarray(interval.high.probabilities, dtype=float),
        np.sort(days[~events]),
        int(days.size),
        int(events.sum()),
        median,
        low,
        high,
        days,
    )


def median_time(days: Floats, events: Bools) -> float:
    """Return the first time at which less than half is left, NaN or infinity if that is not seen."""
    return float(_estimate(days, events).quantile(0.5)) if events.any() else np.nan


def _median(days: Floats, events: Bools, confidence: float) -> tuple[float, float, float]:
    if not events.any():
        return np.nan, np.nan, np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = _estimate(days, events).quantile_ci(0.5, alpha=1 - confidence, method="cloglog")
    median = median_time(days, events)
    if np.isfinite(median) and not low <= median:  # so many patients that no visit but this one comes near
        low = high = median
    return median, float(low), float(high)


def _estimate(days: Floats, events: Bools) -> Any:
    return statistics("statsmodels.duration.survfunc").SurvfuncRight(days, events.astype(int))


def compare_arms(
    durations: Durations, *, reference: str = "", strata: Words | None = None, confidence: float = 0.95
) -> tuple[Comparison, ...]:
    """Compare every arm with one of them.

    Parameters
    ----------
    durations
        Times to one endpoint.
    reference
        The arm to compare with, by default the first of the trial.
    strata
        Stratum of each of these patients; the tests are then stratified.
    confidence
        Coverage of the intervals.
    """
    names = durations.names
    reference = reference or (names[0] if names else "")
    if reference not in names:
        raise UnknownNameError("arm", reference, names)
    found = []
    for name in names:
        if name == reference:
            continue
        pair = np.isin(durations.arms, (name, reference))
        inside = None if strata is None else strata[pair]
        found.append(
            compare(
                durations.where(pair),
                durations.arms[pair] == name,
                names=(name, reference),
                strata=inside,
                confidence=confidence,
            )
        )
    return tuple(found)


def compare(
    durations: Durations,
    chosen: Bools,
    *,
    names: tuple[str, str],
    strata: Words | None = None,
    confidence: float = 0.95,
) -> Comparison:
    """Compare the chosen patients with the rest.

    Parameters
    ----------
    durations
        Times to one endpoint.
    chosen
        Who is in the first group.
    names
        What the two groups are called.
    strata
        Stratum of each patient, or none.
    confidence
        Coverage of the interval of the hazard ratio.

    Raises
    ------
    ExperimentError
        If one of the groups has no patient.
    """
    for name, mine in zip(names, (chosen, ~chosen), strict=True):
        if not mine.any():
            raise ExperimentError(
                f"{name}: got no patients with a time to {durations.endpoint}, expected at least one. "
                "Check the arm or the cut-off."
            )
    hazard = hazard_ratio(durations, chosen, names, strata=strata, confidence=confidence)
    chi_square, p = log_rank(durations, chosen, strata=strata)
    return Comparison(*names, p, chi_square, hazard)


def log_rank(durations: Durations, chosen: Bools, *, strata: Words | None = None) -> tuple[float, float]:
    """Return the statistic and the p value of the log-rank test of the chosen against the rest.

    Parameters
    ----------
    durations, chosen, strata
        As in :func:`compare`.

    Returns
    -------
    NaN for both without any event.
    """
    if not durations.events.any():
        return np.nan, np.nan
    test = statistics("statsmodels.duration.survfunc").survdiff
    with np.errstate(divide="ignore", invalid="ignore"):
        chi_square, p = test(
            durations.days, durations.events.astype(int), chosen.astype(int), strata=_codes(strata)
        )
    return float(chi_square), float(p)


def hazard_ratio(
    durations: Durations,
    chosen: Bools,
    names: tuple[str, str],
    *,
    strata: Words | None = None,
    confidence: float = 0.95,
) -> HazardRatio:
    """Return the hazard of the chosen over that of the rest; parameters as in :func:`compare`."""
    if not durations.events.any():
        return HazardRatio(np.nan, np.nan, np.nan, np.nan, "no event")
    for name, mine, ratio in zip(names, (chosen, ~chosen), (0.0, np.inf), strict=True):
        if not durations.events[mine].any():
            return HazardRatio(ratio, np.nan, np.nan, np.nan, f"no event in {name}")
    cox = statistics("statsmodels.duration.hazard_regression").PHReg
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what does not converge is told by its interval
        fit = cox(
            durations.days,
            chosen.astype(float)[:, None],
            status=durations.events.astype(int),
            strata=_codes(strata),
            ties="efron",
        ).fit(disp=0)
        low, high = fit.conf_int(alpha=1 - confidence)[0]
    if not high - low < 2 * _WIDEST:  # NaN as well
        ratio = np.inf if fit.params[0] > 0 else 0.0
        return HazardRatio(ratio, np.nan, np.nan, np.nan, "all events of one group come first")
    ratio, below, above = (float(np.exp(one)) for one in (fit.params[0], low, high))
    return HazardRatio(ratio, below, above, float(fit.pvalues[0]))


def _codes(strata: Words | None) -> NDArray[np.intp] | None:
    return None if strata is None else np.unique(strata, return_inverse=True)[1]
