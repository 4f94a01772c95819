"""How one covariate is spread over a population, by its quantiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import TableError

__all__ = ["SHAPES", "Covariate"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Covariate:
    """One thing in which patients differ.

    Attributes
    ----------
    name, unit, source
        What it is and what its spread rests on.
    shape
        One of :data:`SHAPES`.
    numbers
        What the shape needs, such as ``median`` and ``cv``.
    shares
        Share of each level, for ``choice``; levels are texts or numbers.
    low, high
        Where the spread is cut off.
    """

    name: str
    unit: str
    source: str
    shape: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[str | float, float] = field(default_factory=dict)
    low: float = -np.inf
    high: float = np.inf

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise TableError(f"{self.name}: {problem}")

    @property
    def is_text(self) -> bool:
        """Whether its levels are words."""
        return any(isinstance(level, str) for level in self.shares)

    def at(self, quantiles: Floats) -> NDArray[np.float64] | NDArray[np.object_]:
        """Return the values at quantiles, shape (patient,)."""
        if self.shape == "choice":
            levels = np.array(list(self.shares), dtype=object if self.is_text else np.float64)
            edges = np.cumsum(list(self.shares.values()))[:-1]
            chosen: NDArray[np.float64] = levels[np.searchsorted(edges, quantiles, side="right")]
            return chosen
        spread = SHAPES[self.shape][1](self.numbers)
        bottom, top = spread.cdf(self.low), spread.cdf(self.high)
        values: Floats = spread.ppf(bottom + (top - bottom) * quantiles)
        return np.clip(values, self.low, self.high)

    def _problems(self) -> list[str]:
        if self.shape not in SHAPES:
            return [f"got distribution {self.shape!r}, expected one of {', '.join(SHAPES)}."]
        needs = SHAPES[self.shape][0]
        if set(self.numbers) != set(needs):
            return [f"got {', '.join(self.numbers) or 'no numbers'}, expected {' and '.join(needs)}."]
        if self.shape == "choice":
            return self._share_problems()
        wrong = [name for name in ("median", "cv", "sd") if self.numbers.get(name, 1.0) <= 0.0]
        problems = [f"got {name} {self.numbers[name]:g}, expected more than 0." for name in wrong]
        if self.shape == "uniform" and not self.numbers["from"] < self.numbers["to"]:
            problems.append("got a range that ends before it begins, expected 'from' below 'to'.")
        if not self.low < self.high:
            problems.append(f"got values from {self.low:g} to {self.high:g}, expected 'low' below 'high'.")
        elif not problems:
            problems += self._range_problems()
        return problems

    def _share_problems(self) -> list[str]:
        shares = list(self.shares.values())
        if not shares or min(shares) < 0 or abs(sum(shares) - 1) > _SUM:
            return [f"got shares that add up to {sum(shares):g}, expected 1 and none below 0."]
        return []

    def _range_problems(self) -> list[str]:
        spread = SHAPES[self.shape][1](self.numbers)
        if spread.cdf(self.high) - spread.cdf(self.low) > _REACHED:
            return []
        return [
            f"got values from {self.low:g} to {self.high:g}, which hold none of the {self.shape} "
            "distribution. Widen them or move its centre."
        ]


_SUM, _REACHED = 1e-6, 1e-6


def _normal(numbers: Mapping[str, float]) -> Any:
    from scipy.stats import norm

    return norm(numbers["mean"], numbers["sd"])


def _lognormal(numbers: Mapping[str, float]) -> Any:
    from scipy.stats import lognorm

    return lognorm(np.sqrt(np.log1p(numbers["cv"] ** 2)), scale=numbers["median"])


def _uniform(numbers: Mapping[str, float]) -> Any:
    from scipy.stats import uniform

    return uniform(numbers["from"], numbers["to"] - numbers["from"])


SHAPES: Mapping[str, tuple[tuple[str, ...], Callable[..., Any]]] = MappingProxyType(
    {
        "normal": (("mean", "sd"), _normal),
        "lognormal": (("median", "cv"), _lognormal),
        "uniform": (("from", "to"), _uniform),
        "choice": ((), _uniform),
    }
)
"""The distributions there are, with the numbers each needs."""
