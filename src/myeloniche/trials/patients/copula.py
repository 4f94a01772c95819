"""Correlated quantiles of patients: a scrambled Sobol sequence through a Gaussian copula."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

__all__ = ["MOST_PATIENTS", "correlated", "sobol"]

Floats = NDArray[np.float64]

MOST_PATIENTS = 2**30
"""Points that the sequence has."""

_INSIDE = 1e-12


def sobol(first: int, stop: int, dimensions: int, seed: int) -> Floats:
    """Return points ``first`` to ``stop`` of the sequence with a seed, shape (point, dimension).

    A point is the same whichever others are asked for.
    """
    from scipy.stats import qmc

    sequence = qmc.Sobol(dimensions, bits=30, rng=np.random.default_rng(seed))
    points = sequence.random(1)  # SciPy warns of uneven numbers only when they come first
    if first > 1:
        sequence.fast_forward(first - 1)
    points = np.concatenate([points, sequence.random(stop - max(first, 1))]) if stop > 1 else points
    kept: Floats = np.clip(points if first == 0 else points[1:], _INSIDE, 1 - _INSIDE)
    return kept


def correlated(uniform: Floats, factor: Floats) -> Floats:
    """Return quantiles with correlations from independent ones, shape (patient, covariate).

    Parameters
    ----------
    uniform
        Independent quantiles, shape (patient, covariate).
    factor
        Lower Cholesky factor of the correlations between normal scores, shape (covariate, covariate).
    """
    scores = ndtri(uniform)
    # summed column by column: a matrix product may round differently for another number of patients
    mixed = np.zeros_like(scores)
    for column in range(factor.shape[1]):
        mixed += scores[:, column : column + 1] * factor[:, column]
    quantiles: Floats = ndtr(mixed)
    return quantiles
