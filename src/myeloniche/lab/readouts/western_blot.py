"""Western blot: band densities against a loading control, relative to a reference lane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["film_density", "relative_densities"]

Array = NDArray[np.float64]


def relative_densities(amount: Array, reference: float, *, loading: Array | float = 1.0) -> Array:
    """Return band densities relative to a reference lane.

    Parameters
    ----------
    amount
        Amount of the protein in each lane, shape (lane,), any unit.
    reference
        Amount in the reference lane, same unit.
    loading
        Loading control of each lane relative to the reference lane [1].

    Returns
    -------
    Densities [1], shape (lane,); the reference lane is 1. NaN where the reference is 0 or a lane failed.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.asarray(amount, dtype=np.float64) / (np.asarray(loading) * reference)
    return np.where(np.isfinite(relative), relative, np.nan)


def film_density(relative: Array, *, saturation: float) -> Array:
    """Return what a film shows of relative amounts: proportional when weak, level when strong.

    Parameters
    ----------
    relative
        Amounts relative to the reference lane [1], shape (lane,).
    saturation
        Amount at which the film shows half of its darkest band [1].

    Returns
    -------
    Darkness from 0 to 1, shape (lane,); NaN stays NaN.

    Notes
    -----
    A hyperbola, the simplest curve that is linear for weak bands and cannot exceed black.
    """
    amount = np.maximum(np.asarray(relative, dtype=np.float64), 0)
    return np.asarray(amount / (amount + saturation), dtype=np.float64)
