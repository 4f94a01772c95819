"""Findings B31 to B35: what is published of one cohort of 57 patients, over a thousand simulated ones."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError
from myeloniche.trials.analysis.biomarkers import (
    best_cut_offs,
    early_progression,
    mann_whitney,
    roc_area,
    scores_by_others,
)
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, durations_of, numbers
from myeloniche.trials.analysis.survival import log_rank, median_time
from myeloniche.trials.evidence.statistics import STATISTICS, columns_of

if TYPE_CHECKING:
    import pyarrow

    from myeloniche.trials.running.results_folder import TrialResults

__all__ = ["COHORT", "COHORTS", "CohortFinding", "judge_cohorts"]

Floats = NDArray[np.float64]

COHORT = 57
"""Patients of a cohort."""

COHORTS = 1000
"""How many are looked at."""

_RULE = ("ATF3", "ATF4")
_COMBINED = ("NAMPT", "KLF9", "CDK5", "XBP1", "ATF3", "ATF4")
_HIGH_MONTHS, _REST_MONTHS = 9.0, 3.2
_RESPONSE_MONTHS = (6.0, 12.0)
_SIGNIFICANT, _HALF, _LOWER = 0.05, 0.5, 0.8
_MIDDLE = (2.5, 97.5)
_GENTLER = ("vein, weekly", "skin, twice weekly", "vein, reduced early")
_HARSHEST = "vein, twice weekly"


@dataclass(frozen=True)
class CohortFinding:
    """A finding about patients, with what the cohorts show.

    Attributes
    ----------
    id
        Its name.
    published
        What was found.
    simulated
        What the cohorts show, in words.
    numbers
        The same as numbers.
    agrees
        By the rules of ``docs/design/0013-clinical-evidence.md``.
    """

    id: str
    published: str
    simulated: str
    numbers: Mapping[str, float]
    agrees: bool


def judge_cohorts(results: Mapping[str, TrialResults], *, most: int = COHORTS) -> tuple[CohortFinding, ...]:
    """Judge findings B31 to B35.

    Parameters
    ----------
    results
        Of the trials ``narita``, cut into cohorts in the order of its patients; ``second_line``, whose
        patients on both drugs teach the combined marker; and ``route_and_schedule``.
    most
        Cohorts to look at, if there are so many.

    Raises
    ------
    ExperimentError
        If there are fewer patients than one cohort has.
    """
    patients = results["narita"].patients
    count = patients.num_rows // COHORT
    if count == 0:
        raise ExperimentError(f"got {patients.num_rows} patients, expected {COHORT} at least. Simulate more.")
    cohorts = [patients.slice(COHORT * place, COHORT) for place in range(min(count, most))]
    return (
        _short_survival(cohorts),
        _cut_offs(cohorts),
        _responses(cohorts),
        _neuropathy(results["route_and_schedule"]),
        _combined(cohorts, _on_both(results["second_line"])),
    )


def _on_both(results: TrialResults) -> pyarrow.Table:
    import pyarrow.compute

    arm = pyarrow.compute.equal(results.patients.column("arm"), "bortezomib and dexamethasone")
    return results.patients.filter(arm)


def _short_survival(cohorts: Sequence[pyarrow.Table]) -> CohortFinding:
    shown: dict[str, float] = {}
    for marker in _RULE:
        tests = [mann_whitney(cohort, marker) for cohort in cohorts]
        lower = np.array([test.median_early < test.median_late for test in tests])
        clear = np.array([test.p < _SIGNIFICANT for test in tests])
        shown[f"{marker} lower"] = float(lower.mean())
        shown[f"{marker} lower, p < 0.05"] = float((lower & clear).mean())
    words = "; ".join(
        f"{marker} lower in {shown[f'{marker} lower']:.0%} of cohorts, with p < 0.05 in "
        f"{shown[f'{marker} lower, p < 0.05']:.0%}"
        for marker in _RULE
    )
    agrees = all(shown[f"{marker} lower, p < 0.05"] >= _HALF for marker in _RULE)
    return CohortFinding("B31", "ATF3 and ATF4 lower with a PFS under 6 months", words, shown, agrees)


def _cut_offs(cohorts: Sequence[pyarrow.Table]) -> CohortFinding:
    found = np.array([_separated(cohort) for cohort in cohorts])
    high, rest = (np.where(np.isfinite(column), column, np.inf) for column in found[:, :2].T)
    shown = {
        **_spread("high", high),
        **_spread("rest", rest),
        "p < 0.05": float(np.mean(found[:, 2] < _SIGNIFICANT)),
    }
    agrees = (
        shown["high low"] <= _HIGH_MONTHS <= shown["high high"]
        and shown["rest low"] <= _REST_MONTHS <= shown["rest high"]
        and shown["p < 0.05"] >= _HALF
    )
    words = (
        f"median PFS {_range(shown, 'high')} months high in both, {_range(shown, 'rest')} months else; "
        f"p < 0.05 in {shown['p < 0.05']:.0%} of cohorts"
    )
    return CohortFinding("B32", "high in ATF3 and ATF4: 9.0 against 3.2 months", words, shown, agrees)


def _separated(cohort: pyarrow.Table) -> tuple[float, float, float]:
    """Return median PFS of those high in both and of the rest [months], and the log-rank test's p value."""
    durations = durations_of(cohort)
    try:
        high = best_cut_offs(cohort, _RULE).high(cohort)[durations.rows]
    except ExperimentError:  # nothing separates this cohort: all belong to one group
        whole = median_time(durations.days, durations.events) / DAYS_PER_MONTH
        return whole, whole, 1.0
    medians = [
        median_time(durations.days[mine], durations.events[mine]) / DAYS_PER_MONTH for mine in (high, ~high)
    ]
    return medians[0], medians[1], log_rank(durations, high)[1]


def _responses(cohorts: Sequence[pyarrow.Table]) -> CohortFinding:
    found = []
    for cohort in cohorts:
        durations = durations_of(cohort, "dor")
        found.append(median_time(durations.days, durations.events) / DAYS_PER_MONTH)
    months = np.where(np.isfinite(found), found, np.inf)
    low, high = _RESPONSE_MONTHS
    shown = {**_spread("duration", months), "within": float(np.mean((months >= low) & (months <= high)))}
    words = f"median {_range(shown, 'duration')} months; 6 to 12 months in {shown['within']:.0%} of cohorts"
    return CohortFinding("B33", "duration of response 6 to 12 months", words, shown, shown["within"] >= _HALF)


def _neuropathy(results: TrialResults) -> CohortFinding:
    share = STATISTICS["neuropathy of grade 1"]
    worst = share(columns_of(results, _HARSHEST))
    shown = {arm: share(columns_of(results, arm)) / worst for arm in _GENTLER}
    words = f"over {worst:.0f} %: " + ", ".join(f"{arm} {ratio:.2f}" for arm, ratio in shown.items())
    agrees = all(ratio <= _LOWER for ratio in shown.values())
    return CohortFinding(
        "B34", "less neuropathy weekly, under the skin or reduced early", words, shown, agrees
    )


def _combined(cohorts: Sequence[pyarrow.Table], others: pyarrow.Table) -> CohortFinding:
    """Judge each cohort by what other patients teach, single markers by their direction among these."""
    early, known = early_progression(others)
    signs = {name: _sign(numbers(others, name)[known], early[known]) for name in _COMBINED}
    gains = []
    for cohort in cohorts:
        ill, sure = early_progression(cohort)
        if not (ill[sure].any() and (~ill[sure]).any()):
            continue
        scores = {name: sign * numbers(cohort, name) for name, sign in signs.items()}
        areas = {
            name: float(roc_area(values[ill & sure], values[~ill & sure])) for name, values in scores.items()
        }
        together = scores_by_others(cohort, others, _COMBINED)
        areas["combined"] = float(roc_area(together[ill & sure], together[~ill & sure]))
        gains.append([areas["combined"] - areas[name] for name in _COMBINED])
    table = np.array(gains)
    best = int(np.argmin(table.mean(axis=0)))
    shown = {
        **{
            f"better than {name}": float(np.mean(column > 0))
            for name, column in zip(_COMBINED, table.T, strict=True)
        },
        "gain over the best": float(table[:, best].mean()),
    }
    least = min(shown[f"better than {name}"] for name in _COMBINED)
    words = (
        f"better than each single one in {least:.0%} of cohorts or more; "
        f"area over that of {_COMBINED[best]} by {shown['gain over the best']:.3f} on average"
    )
    return CohortFinding("B35", "no single marker as good as all combined", words, shown, least >= _HALF)


def _sign(values: Floats, early: NDArray[np.bool_]) -> float:
    return 1.0 if float(roc_area(values[early], values[~early])) >= _HALF else -1.0


def _spread(name: str, values: Floats) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # infinity less infinity, where medians are not reached
        low, middle, high = np.percentile(values, (_MIDDLE[0], 50.0, _MIDDLE[1]), method="nearest")
    return {f"{name} low": float(low), name: float(middle), f"{name} high": float(high)}


def _range(shown: Mapping[str, float], name: str) -> str:
    low, middle, high = (shown[key] for key in (f"{name} low", name, f"{name} high"))
    top = f"{high:.1f}" if np.isfinite(high) else "more than followed"
    return f"{middle:.1f} ({low:.1f} to {top})"
