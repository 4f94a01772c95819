"""The search for plausible sets: a population moves until its members agree with the findings.

References
----------
.. [1] R. Storn, K. Price, Differential evolution - a simple and efficient heuristic for global optimization
   over continuous spaces, Journal of Global Optimization 11 (1997) 341, doi:10.1023/A:1008202821328.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior
from myeloniche.findings.support import Support

__all__ = ["Generation", "Settings", "is_plausible", "search", "violation"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Evaluate = Callable[[Floats], Support]

# Differences between members carry the search [1]; only some parameters of a member change at a time, since
# one that agrees already has much to lose.
_MUTATION = (0.2, 0.5)
_RECOMBINATION = 0.15
_FAILED = 1e3


@dataclass(frozen=True)
class Settings:
    """How the search goes.

    Attributes
    ----------
    members
        Size of the population.
    generations
        Rounds at most; it ends earlier when every member is plausible.
    spread
        Standard deviation of the first population around the tables' values, as a share of each range.
    share
        Share of the findings that a plausible set agrees with at least.
    seed
        Seed of all draws.
    """

    members: int
    generations: int
    spread: float
    share: float
    seed: int


@dataclass(frozen=True, eq=False)
class Generation:
    """A population as it stands.

    Attributes
    ----------
    values
        Parameter values, shape (set, parameter).
    violation
        What each set violates, 0 for a plausible one, shape (set,).
    """

    values: Floats
    violation: Floats

    @property
    def plausible(self) -> Flags:
        """Which sets are plausible, shape (set,)."""
        flags: Flags = self.violation == 0.0
        return flags


def is_plausible(support: Support, share: float) -> Flags:
    """Return which sets agree with a share of the findings and fail in no arm, shape (set,)."""
    flags: Flags = (support.agree.mean(axis=1) >= share) & (support.failed == 0)
    return flags


def violation(support: Support, share: float) -> Floats:
    """Return by how much each set violates the findings, shape (set,).

    A plausible set violates nothing, however well it agrees: within what the findings allow no set is
    better than another, so the population spreads there. For the others it is the sum of all shortfalls,
    which treats every readout alike.
    """
    total = support.shortfalls.sum(axis=1) + _FAILED * support.failed
    return np.where(is_plausible(support, share), 0.0, np.maximum(total, np.finfo(float).tiny))


def search(
    prior: Prior,
    evaluate: Evaluate,
    settings: Settings,
    *,
    progress: Callable[[int, Generation], object] | None = None,
) -> Generation:
    """Move a population around the tables' values until its members are plausible.

    Parameters
    ----------
    prior
        What may vary, and where it starts.
    evaluate
        Scores parameter values of shape (set, parameter) on the findings.
    settings
        Size, length, spread and seed.
    progress
        Called after each round with its number and the population.

    Returns
    -------
    The last population. Differential evolution [1]_ as SciPy has it: a member is replaced by a mixture of
    others if that violates no more. The same settings give the same bits, whatever the number of workers.
    """
    from scipy.optimize import differential_evolution

    first = prior.around_nominal(settings.members, settings.spread, settings.seed)

    def objective(positions: Floats) -> Floats:
        """Score positions of shape (parameter, set)."""
        return violation(evaluate(prior.values(positions.T)), settings.share)

    def report(intermediate_result: object) -> None:
        if progress is not None:
            rounds = int(getattr(intermediate_result, "nit", 0))
            progress(rounds, _generation(prior, intermediate_result))

    result = differential_evolution(
        objective,
        [(0.0, 1.0)] * prior.size,
        strategy="rand1bin",
        init=first,
        maxiter=settings.generations,
        mutation=_MUTATION,
        recombination=_RECOMBINATION,
        tol=0.0,
        polish=False,
        updating="deferred",
        vectorized=True,
        rng=np.random.default_rng(settings.seed),
        callback=report,
    )
    return _generation(prior, result)


def _generation(prior: Prior, result: object) -> Generation:
    positions = np.asarray(getattr(result, "population"), np.float64)  # noqa: B009  SciPy has no types
    energies = np.asarray(getattr(result, "population_energies"), np.float64)  # noqa: B009
    return Generation(prior.values(positions), energies)
