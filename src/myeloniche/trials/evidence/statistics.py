"""Numbers that trials publish of an arm, from columns of its patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, Durations, numbers, words
from myeloniche.trials.analysis.response import RESPONSES
from myeloniche.trials.analysis.survival import hazard_ratio, median_time

if TYPE_CHECKING:
    from myeloniche.trials.running.results_folder import TrialResults

__all__ = ["COMPARISONS", "STATISTICS", "Columns", "columns_of"]

Floats = NDArray[np.float64]
Columns = Mapping[str, Floats]
"""Numbers by name, one per patient. A response is its place in the list from CR, 0, to PD; NaN for none."""

_RESPONDERS = RESPONSES.index("PR")
_CYCLE_DAYS = 21.0
_DAYS = ("response_day", "neuropathy_day", "neuropathy_grade")
_TIMES = ("pfs", "ttp", "dor")


def columns_of(results: TrialResults, arm: str, subset: tuple[str, float] | None = None) -> Columns:
    """Return what the statistics need of one arm.

    Parameters
    ----------
    results
        Of a trial.
    arm
        Its name.
    subset
        A covariate and the level that counts; all patients without it.
    """
    patients = results.patients
    mine = words(patients, "arm") == arm
    if subset is not None:
        mine &= numbers(patients, subset[0]) == subset[1]
    place = {name: float(rank) for rank, name in enumerate(RESPONSES)}
    best = [place.get(name, np.nan) for name in words(patients, "best_response").tolist()]
    columns = {name: numbers(patients, name) for name in _DAYS}
    for name in _TIMES:
        columns[f"{name}_days"] = numbers(patients, f"{name}_days")
        columns[f"{name}_event"] = numbers(patients, f"{name}_event")
    columns |= {"best": np.array(best), "dose_at_onset": _doses_at_onset(results)}
    return {name: values[mine] for name, values in columns.items()}


def _doses_at_onset(results: TrialResults) -> Floats:
    """Return what each patient had been given at the visit with the first neuropathy [mg/m2]; NaN without."""
    onset = numbers(results.patients, "neuropathy_day")
    total = np.zeros(onset.size)
    for visits in results.visits(("patient", "day", "dose_mg_m2")):
        patient = numbers(visits, "patient").astype(np.int64)
        before = numbers(visits, "day") <= onset[patient]
        np.add.at(total, patient[before], numbers(visits, "dose_mg_m2")[before])
    return np.where(np.isfinite(onset), total, np.nan)


def _share(chosen: NDArray[np.bool_]) -> float:
    return 100.0 * float(np.mean(chosen)) if chosen.size else np.nan


def _responded(columns: Columns) -> NDArray[np.bool_]:
    return np.asarray(columns["best"] <= _RESPONDERS)


def _late_responses(cycle: int) -> Callable[[Columns], float]:
    def share(columns: Columns) -> float:
        return _share(columns["response_day"][_responded(columns)] > cycle * _CYCLE_DAYS)

    return share


def _neuropathy(grade: int) -> Callable[[Columns], float]:
    return lambda columns: _share(columns["neuropathy_grade"] >= grade)


def _median_months(endpoint: str) -> Callable[[Columns], float]:
    def months(columns: Columns) -> float:
        known = np.isfinite(columns[f"{endpoint}_days"])
        days, events = columns[f"{endpoint}_days"][known], columns[f"{endpoint}_event"][known] > 0
        return median_time(days, events) / DAYS_PER_MONTH

    return months


def _median_of(name: str) -> Callable[[Columns], float]:
    def median(columns: Columns) -> float:
        known = columns[name][np.isfinite(columns[name])]
        return float(np.median(known)) if known.size else np.nan

    return median


def _hazard(endpoint: str) -> Callable[[Columns, Columns], float]:
    def ratio(one: Columns, other: Columns) -> float:
        days, events = (
            np.concatenate([arm[f"{endpoint}_{what}"] for arm in (one, other)]) for what in ("days", "event")
        )
        chosen = np.arange(days.size) < one[f"{endpoint}_days"].size
        rows = np.flatnonzero(np.isfinite(days))
        durations = Durations(
            endpoint, days[rows], events[rows] > 0, np.array([]), rows, days.size - rows.size
        )
        return hazard_ratio(durations, chosen[rows], ("one", "other")).ratio

    return ratio


STATISTICS: Mapping[str, Callable[[Columns], float]] = {
    "response": lambda columns: _share(_responded(columns)),
    "complete response": lambda columns: _share(columns["best"] == 0.0),
    "median PFS": _median_months("pfs"),
    "median TTP": _median_months("ttp"),
    "median DOR": _median_months("dor"),
    "time to response": lambda columns: float(np.median(columns["response_day"][_responded(columns)])),
    "response after cycle 4": _late_responses(4),
    "response after cycle 6": _late_responses(6),
    "neuropathy of grade 1": _neuropathy(1),
    "neuropathy of grade 2": _neuropathy(2),
    "neuropathy of grade 3": _neuropathy(3),
    "onset of neuropathy": _median_of("neuropathy_day"),
    "dose at onset of neuropathy": _median_of("dose_at_onset"),
}
"""What is taken of one arm: shares in per cent of all its patients, medians in months, days or mg/m2."""

COMPARISONS: Mapping[str, Callable[[Columns, Columns], float]] = {
    "hazard ratio of PFS": _hazard("pfs"),
    "hazard ratio of TTP": _hazard("ttp"),
}
"""What is taken of an arm and the one that it is compared with."""
