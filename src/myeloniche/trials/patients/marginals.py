"""How one covariate is spread over a population, by its quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

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
        spread = SHAPES[self.shape]
        bottom, top = (spread.below(edge, self.numbers) for edge in (self.low, self.high))
        values = spread.quantile(bottom + (top - bottom) * np.ascontiguousarray(quantiles), self.numbers)
        return np.clip(values, self.low, self.high)

    def _problems(self) -> list[str]:
        if self.shape not in SHAPES:
            return [f"got distribution {self.shape!r}, expected one of {', '.join(SHAPES)}."]
        needs = SHAPES[self.shape].needs
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
        below = SHAPES[self.shape].below
        if below(self.high, self.numbers) - below(self.low, self.numbers) > _REACHED:
            return []
        return [
            f"got values from {self.low:g} to {self.high:g}, which hold none of the {self.shape} "
            "distribution. Widen them or move its centre."
        ]


_SUM, _REACHED = 1e-6, 1e-6


class Spread(NamedTuple):
    """A distribution: the numbers it needs, its quantiles, and the share below a value."""

    needs: tuple[str, ...]
    quantile: Callable[[Floats, Mapping[str, float]], Floats]
    below: Callable[[float, Mapping[str, float]], float]


def _width(numbers: Mapping[str, float]) -> float:
    """Return the standard deviation of the logarithm that gives a coefficient of variation."""
    return math.sqrt(math.log1p(numbers["cv"] ** 2))


def _log_below(value: float, numbers: Mapping[str, float]) -> float:
    share = value / numbers["median"]
    return float(ndtr(math.log(share) / _width(numbers))) if share > 0 else 0.0


def _uniform_below(value: float, numbers: Mapping[str, float]) -> float:
    return min(max((value - numbers["from"]) / (numbers["to"] - numbers["from"]), 0.0), 1.0)


SHAPES: Mapping[str, Spread] = MappingProxyType(
    {
        "normal": Spread(
            ("mean", "sd"),
            lambda at, numbers: numbers["mean"] + numbers["sd"] * ndtri(at),
            lambda value, numbers: float(ndtr((value - numbers["mean"]) / numbers["sd"])),
        ),
        "lognormal": Spread(
            ("median", "cv"),
            lambda at, numbers: numbers["median"] * np.exp(_width(numbers) * ndtri(at)),
            _log_below,
        ),
        "uniform": Spread(
            ("from", "to"),
            lambda at, numbers: numbers["from"] + (numbers["to"] - numbers["from"]) * at,
            _uniform_below,
        ),
        "choice": Spread((), lambda at, _: at, lambda value, _: value),
    }
)
"""The distributions there are; a choice has shares in place of numbers."""
