"""Best response and side effects per arm, as shares of all patients with Wilson's intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.errors import UnknownNameError
from myeloniche.trials.analysis.cohort import Bools, arms_of, numbers, words

if TYPE_CHECKING:
    import pyarrow

__all__ = ["RESPONSES", "ArmRow", "Share", "response_table", "share_of"]

RESPONSES = ("CR", "VGPR", "PR", "MR", "SD", "PD")
"""Best first; sCR, where it is told apart, counts as CR."""
_DEEPER = {"sCR": "CR"}


@dataclass(frozen=True)
class Share:
    """So many of so many, with an interval."""

    count: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share, NaN of nobody."""
        return self.count / self.total if self.total else float("nan")


@dataclass(frozen=True)
class ArmRow:
    """One arm's line of the response table.

    Attributes
    ----------
    arm
        Its name.
    patients
        Patients in it.
    failed
        Of these, patients whose simulation failed or who have no best response. They stay in the denominator
        and count as no response.
    best
        Patients by best response.
    overall, very_good, complete
        At least PR, at least VGPR, and CR.
    neuropathy
        Patients with neuropathy of at least grade 1, 2, 3.
    dose_intensity
        Median share of the planned dose that was given.
    relapses
        Patients by the cause that carried their relapse.
    """

    arm: str
    patients: int
    failed: int
    best: dict[str, int]
    overall: Share
    very_good: Share
    complete: Share
    neuropathy: dict[int, Share]
    dose_intensity: float
    relapses: dict[str, int]


def share_of(count: int, total: int, *, confidence: float = 0.95) -> Share:
    """Return a share with its Wilson interval, by SciPy; (0, 1) of nobody."""
    from scipy.stats import binomtest

    if total == 0:
        return Share(0, 0, 0.0, 1.0)
    interval = binomtest(count, total).proportion_ci(confidence, method="wilson")
    return Share(count, total, float(interval.low), float(interval.high))


def response_table(patients: pyarrow.Table, *, confidence: float = 0.95) -> tuple[ArmRow, ...]:
    """Return a line per arm.

    Parameters
    ----------
    patients
        A row per patient, with ``arm``, ``status`` and ``best_response``; ``neuropathy_grade``,
        ``dose_intensity`` and ``relapse_cause`` are read where they are.
    confidence
        Coverage of the intervals.

    Raises
    ------
    UnknownNameError
        If a response is none of the known ones.
    """
    arms = words(patients, "arm")
    best = _best(patients)
    return tuple(_arm_row(patients, name, arms == name, best, confidence) for name in arms_of(patients))


def _best(patients: pyarrow.Table) -> list[str]:
    found = [_DEEPER.get(word, word) for word in words(patients, "best_response").tolist()]
    status = words(patients, "status")
    for word in dict.fromkeys(found):
        if word and word not in RESPONSES and word != "NE":
            raise UnknownNameError("best response", word, RESPONSES)
    return [
        word if word in RESPONSES and state == "ok" else ""
        for word, state in zip(found, status.tolist(), strict=True)
    ]


def _arm_row(
    patients: pyarrow.Table, name: str, mine: Bools, best: Sequence[str], confidence: float
) -> ArmRow:
    words_here = [word for word, here in zip(best, mine, strict=True) if here]
    counts = {response: words_here.count(response) for response in RESPONSES}
    total = len(words_here)

    def at_least(response: str) -> Share:
        reached = RESPONSES[: RESPONSES.index(response) + 1]
        return share_of(sum(counts[one] for one in reached), total, confidence=confidence)

    return ArmRow(
        name,
        total,
        words_here.count(""),
        counts,
        at_least("PR"),
        at_least("VGPR"),
        at_least("CR"),
        _neuropathy(patients, mine, confidence),
        _median_of(patients, "dose_intensity", mine),
        _causes(patients, mine),
    )


def _neuropathy(patients: pyarrow.Table, mine: Bools, confidence: float) -> dict[int, Share]:
    if "neuropathy_grade" not in patients.column_names:
        return {}
    grades = numbers(patients, "neuropathy_grade")[mine]
    known = grades[np.isfinite(grades)]
    return {
        grade: share_of(int(np.count_nonzero(known >= grade)), int(known.size), confidence=confidence)
        for grade in (1, 2, 3)
    }


def _median_of(patients: pyarrow.Table, name: str, mine: Bools) -> float:
    if name not in patients.column_names:
        return float("nan")
    values = numbers(patients, name)[mine]
    values = values[np.isfinite(values)]
    return float(np.median(values)) if values.size else float("nan")


def _causes(patients: pyarrow.Table, mine: Bools) -> dict[str, int]:
    if "relapse_cause" not in patients.column_names:
        return {}
    causes = [cause for cause in words(patients, "relapse_cause")[mine].tolist() if cause]
    return {cause: causes.count(cause) for cause in sorted(set(causes))}
