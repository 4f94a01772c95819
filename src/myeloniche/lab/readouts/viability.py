"""WST-8 viability: living cells as a percentage of a control dish."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["percent_of_control"]


def percent_of_control(living: NDArray[np.float64], control: float) -> NDArray[np.float64]:
    """Return living cells as a percentage of the control dish.

    Parameters
    ----------
    living
        Density of living cells in each dish [kcell/mL], shape (dish,).
    control
        Density in the control dish [kcell/mL].

    Returns
    -------
    Percentages, shape (dish,); NaN where the control is empty or a dish failed.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 * np.asarray(living, dtype=np.float64) / control
    return np.where(np.isfinite(percent), percent, np.nan)
