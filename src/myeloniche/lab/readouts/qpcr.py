"""Quantitative RT-PCR: mRNA relative to a calibrator sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["delta_delta_ct", "fold_change"]

Array = NDArray[np.float64]


def fold_change(mrna: Array, calibrator: float) -> Array:
    """Return mRNA relative to the calibrator sample.

    Parameters
    ----------
    mrna
        mRNA in each sample, shape (sample,), any unit.
    calibrator
        mRNA in the calibrator sample, same unit.

    Returns
    -------
    Fold changes [1], shape (sample,); NaN where the calibrator is 0 or a sample failed.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        fold = np.asarray(mrna, dtype=np.float64) / calibrator
    return np.where(np.isfinite(fold), fold, np.nan)


def delta_delta_ct(fold: Array) -> Array:
    """Return the cycles by which each sample lags behind the calibrator, at perfect doubling.

    Parameters
    ----------
    fold
        Fold changes [1], shape (sample,).

    Returns
    -------
    Cycles, shape (sample,); positive for less mRNA.

    References
    ----------
    .. [1] Livak KJ, Schmittgen TD. Analysis of relative gene expression data using real-time quantitative PCR
       and the 2(-Delta Delta C(T)) method. Methods 2001, doi:10.1006/meth.2001.1262
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(-np.log2(fold), dtype=np.float64)
