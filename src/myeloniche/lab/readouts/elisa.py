"""ELISA: a secreted protein in the medium, in the unit of the kit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ng_per_ml"]

_DALTON_PER_KILODALTON = 1000


def ng_per_ml(concentration_nm: NDArray[np.float64], molar_mass_g_per_mol: float) -> NDArray[np.float64]:
    """Return a concentration as the kit reports it.

    Parameters
    ----------
    concentration_nm
        Concentrations [nM], shape (sample,).
    molar_mass_g_per_mol
        Molar mass of the protein [g/mol].

    Returns
    -------
    Concentrations [ng/mL], shape (sample,).
    """
    return np.asarray(concentration_nm, dtype=np.float64) * molar_mass_g_per_mol / _DALTON_PER_KILODALTON
