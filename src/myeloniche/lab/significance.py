"""The tests the papers use: Student's t-test and one-way analysis of variance."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError

__all__ = ["Significance", "one_way_anova", "student_t_test"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Significance:
    """The outcome of a test.

    Attributes
    ----------
    test
        ``t-test`` or ``ANOVA``.
    statistic
        t or F.
    p_value
        Two-sided; NaN where a repeat failed or nothing varies.
    """

    test: str
    statistic: float
    p_value: float


def student_t_test(first: Array, second: Array) -> Significance:
    """Compare two groups of repeats, with equal variances.

    Parameters
    ----------
    first, second
        Values, shape (replicate,), same unit.

    Raises
    ------
    ExperimentError
        If a group has fewer than two repeats.
    """
    from scipy.stats import ttest_ind

    _check((first, second))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # groups that do not vary give NaN, which says it
        outcome = ttest_ind(first, second, equal_var=True)
    return Significance("t-test", float(outcome.statistic), float(outcome.pvalue))


def one_way_anova(groups: Sequence[Array]) -> Significance:
    """Compare several groups of repeats.

    Parameters
    ----------
    groups
        Values of each group, shape (replicate,), same unit.

    Raises
    ------
    ExperimentError
        If there is one group only, or a group has fewer than two repeats.
    """
    from scipy.stats import f_oneway

    _check(groups)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # groups that do not vary give NaN, which says it
        outcome = f_oneway(*groups)
    return Significance("ANOVA", float(outcome.statistic), float(outcome.pvalue))


def _check(groups: Sequence[Array]) -> None:
    """Refuse what cannot be compared."""
    if len(groups) < 2:
        raise ExperimentError("got one arm, expected at least two to compare. Add a control.")
    smallest = min(len(group) for group in groups)
    if smallest < 2:
        raise ExperimentError(f"got {smallest} repeats, expected 2 or more per arm. Set replicates.")
