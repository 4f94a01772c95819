"""The search for plausible sets: a cloud of parameter sets moves until enough of its members are plausible.

References
----------
.. [1] R. Ros, N. Hansen, A simple modification in CMA-ES achieving linear time and space complexity,
   Parallel Problem Solving from Nature X (2008) 296, doi:10.1007/978-3-540-87700-4_30.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior
from myeloniche.errors import MyelonicheError

__all__ = ["Cloud", "Settings", "search"]

Floats = NDArray[np.float64]
Violation = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Settings:
    """How the search goes.

    Attributes
    ----------
    members
        Sets per generation.
    generations
        Rounds.
    spread
        Width of the cloud, as a standard deviation in shares of each range.
    seed
        Seed of all draws.
    """

    members: int
    generations: int
    spread: float
    seed: int


@dataclass(frozen=True, eq=False)
class Cloud:
    """Where plausible sets are looked for: independent normal positions, cut off at the ends of the ranges.

    Attributes
    ----------
    centre, width
        Mean and standard deviation of the positions, shape (parameter,).
    """

    centre: Floats
    width: Floats

    def draw(self, prior: Prior, count: int, seed: int) -> Floats:
        """Draw parameter values, stratified in every parameter, shape (set, parameter)."""
        return prior.values(prior.around(self.centre, self.width, count, seed))


def search(
    prior: Prior,
    violation: Violation,
    settings: Settings,
    *,
    progress: Callable[[int], object] | None = None,
) -> Cloud:
    """Move a cloud from the tables' values to where sets violate least.

    Parameters
    ----------
    prior
        What may vary, and where it starts.
    violation
        Says of parameter values of shape (set, parameter) what each set violates, shape (set,).
    settings
        Size, length, spread and seed.
    progress
        Called after each round with its number.

    Returns
    -------
    The last cloud. Covariance matrix adaptation with a diagonal matrix [1]_ as pycma has it moves the centre
    and the relative widths; the overall width stays what the settings say, since a search for many sets must
    not shrink to one. The same settings give the same bits, whatever the number of workers.

    Raises
    ------
    MyelonicheError
        If pycma is not installed.
    """
    cma = _pycma()
    rng = np.random.default_rng(settings.seed)
    options = {
        "CMA_diagonal": True,
        "CMA_stds": np.full(prior.size, settings.spread),
        "bounds": [0.0, 1.0],
        "popsize": settings.members,
        "randn": lambda *shape: rng.standard_normal(shape),
        "seed": np.nan,  # the generator above is the only one
        "verbose": -9,
    }
    strategy = cma.CMAEvolutionStrategy(prior.positions(prior.nominal), 1.0, options)
    for number in range(1, settings.generations + 1):
        positions = strategy.ask()
        values = prior.values(np.clip(positions, 0.0, 1.0))
        strategy.tell(positions, violation(values).tolist())
        strategy.sigma *= settings.spread / _width(strategy).mean()
        if progress is not None:
            progress(number)
    centre = np.clip(np.asarray(strategy.result.xfavorite, np.float64), 0.0, 1.0)
    return Cloud(centre, _width(strategy))


def _width(strategy: Any) -> Floats:
    """Return the standard deviation of each position, shape (parameter,)."""
    return np.asarray(strategy.result.stds, np.float64)


def _pycma() -> Any:
    """Return the library, which is optional."""
    try:
        return importlib.import_module("cma")
    except ImportError as error:
        raise MyelonicheError(
            "the search for plausible sets needs pycma, which is not installed: "
            "pip install 'myeloniche[calibrate]'"
        ) from error
