"""Which parameters the findings pin down: how plausible sets differ from the prior they were drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior

__all__ = ["Pinned", "pinned"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pinned:
    """One parameter before and after the findings.

    Attributes
    ----------
    name
        Parameter by user name.
    narrowed
        Standard deviation of its position in the range among plausible sets, over that among all.
    shifted
        Difference of the means, in standard deviations among all.
    chance
        Probability of distributions this different if the findings said nothing (Kolmogorov-Smirnov).
    """

    name: str
    narrowed: float
    shifted: float
    chance: float


def pinned(prior: Prior, drawn: Floats, kept: NDArray[np.bool_]) -> list[Pinned]:
    """Compare the sets that the findings keep with all that were drawn.

    Parameters
    ----------
    prior
        The ranges.
    drawn
        Values of all sets, shape (set, parameter).
    kept
        Which of them are plausible, shape (set,); at least two.

    Returns
    -------
    One entry per parameter, the most certain first.
    """
    from scipy.stats import ks_2samp

    positions = prior.positions(drawn)
    entries = []
    for name, column in zip(prior.names, positions.T, strict=True):
        spread = float(column.std())
        chosen = column[kept]
        test = ks_2samp(chosen, column[~kept]) if not kept.all() else None
        entries.append(
            Pinned(
                name=name,
                narrowed=float(chosen.std()) / spread,
                shifted=float(chosen.mean() - column.mean()) / spread,
                chance=float(test.pvalue) if test is not None else 1.0,
            )
        )
    return sorted(entries, key=lambda entry: (entry.chance, entry.name))
