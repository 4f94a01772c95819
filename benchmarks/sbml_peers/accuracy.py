"""How far trajectories are from tight ones.

The error of a number is its distance from the reference over the largest value that the state takes in that
trajectory, or over a thousand absolute tolerances where the state stays below that. A trajectory is as bad as
its worst number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Accuracy", "accuracy"]

Floats = NDArray[np.float64]

FLOOR = 1e3


@dataclass(frozen=True)
class Accuracy:
    """Errors of some trajectories.

    Attributes
    ----------
    median, largest
        Of the trajectories' worst numbers.
    percentile99
        Of all numbers.
    compared, failed
        Trajectories that have a reference, and how many of these did not come to the end.
    """

    median: float
    largest: float
    percentile99: float
    compared: int
    failed: int


def accuracy(found: Floats, reference: Floats, atol: float) -> Accuracy:
    """Compare trajectories with the reference.

    Parameters
    ----------
    found
        Numbers, shape (member, time, state), NaN for members that failed.
    reference
        The same for the first members; NaN where a state, or a whole member, has none.
    atol
        Absolute tolerance of the run that is judged at a relative one of 1e-6.
    """
    pairs = zip(found, reference, strict=False)
    judged = [(mine, tight, known) for mine, tight in pairs if (known := ~np.isnan(tight).any(axis=0)).any()]
    finished = [_errors(mine[:, known], tight[:, known], atol) for mine, tight, known in judged]
    finished = [errors for errors in finished if np.isfinite(errors).all()]
    failed = len(judged) - len(finished)
    if not finished:
        return Accuracy(np.nan, np.nan, np.nan, len(judged), failed)
    worst = [float(errors.max()) for errors in finished]
    everything = np.concatenate([errors.ravel() for errors in finished])
    return Accuracy(
        float(np.median(worst)), max(worst), float(np.percentile(everything, 99)), len(judged), failed
    )


def _errors(found: Floats, reference: Floats, atol: float) -> Floats:
    scale = np.maximum(np.abs(reference).max(axis=0), FLOOR * atol)
    return np.abs(found - reference) / scale
