"""Biological repeats: cells that make a little more of one protein and a little less of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from myeloniche.lab.experiment import Replicates

__all__ = ["spread_factors"]


def spread_factors(
    replicates: Replicates, processes: Sequence[str], *, rng: np.random.Generator | None = None
) -> list[Mapping[str, float]]:
    """Return the factors of every synthesis rate in each repeat.

    Parameters
    ----------
    replicates
        How many repeats, and how much they differ.
    processes
        Names of the synthesis processes.
    rng
        Source of the factors; without it a stream with the seed of `replicates`. One child stream per repeat.

    Returns
    -------
    One mapping of process to factor [1] per repeat; empty mappings if there is no spread. The same cells
    are used in every arm of a repeat.

    Notes
    -----
    Log-normal with mean 1 and the coefficient of variation asked for, so that repeats do not shift the mean.
    """
    if not replicates.spread:
        return [{} for _ in range(replicates.n)]
    if rng is None:
        rng = np.random.default_rng(replicates.seed)
    variance = np.log1p(replicates.spread**2)
    names = sorted(processes)
    return [
        dict(zip(names, child.lognormal(-variance / 2, np.sqrt(variance), len(names)).tolist(), strict=True))
        for child in rng.spawn(replicates.n)
    ]
