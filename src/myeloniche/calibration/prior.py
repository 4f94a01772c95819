"""What is known of the parameters before any finding is looked at: the ranges of the parameter tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.niche.tables import ParameterRow

__all__ = ["Prior", "prior_of"]

Floats = NDArray[np.float64]

# A measured number is what it is, and a derived one follows from others.
_FIXED = frozenset({"measured", "derived"})


@dataclass(frozen=True, eq=False)
class Prior:
    """Ranges of the parameters, one per row of the tables; cell types that share a row share its number.

    A position between 0 and 1 stands for a value from the low to the high end of a range, on a logarithmic
    scale where the low end is positive.

    Attributes
    ----------
    rows
        Each row's parameters by user name, shape (parameter,) of tuples.
    nominal, low, high
        The tables' value and range, shape (parameter,), in the parameter's own unit.
    """

    rows: tuple[tuple[str, ...], ...]
    nominal: Floats
    low: Floats
    high: Floats

    @property
    def names(self) -> tuple[str, ...]:
        """The first parameter of each row, which stands for all of them."""
        return tuple(row[0] for row in self.rows)

    @property
    def size(self) -> int:
        """Number of parameters that may vary."""
        return len(self.rows)

    def positions(self, values: Floats) -> Floats:
        """Return the positions of values, shape (..., parameter)."""
        logarithmic = self.low > 0.0
        safe = np.where(logarithmic, values, 1.0)
        bottom, top = np.where(logarithmic, self.low, 1.0), np.where(logarithmic, self.high, np.e)
        logs = np.log(safe / bottom) / np.log(top / bottom)
        return np.where(logarithmic, logs, (values - self.low) / (self.high - self.low))

    def values(self, positions: Floats) -> Floats:
        """Return the values at positions, shape (..., parameter)."""
        logarithmic = self.low > 0.0
        bottom, top = np.where(logarithmic, self.low, 1.0), np.where(logarithmic, self.high, np.e)
        logs = bottom * (top / bottom) ** positions
        return np.where(logarithmic, logs, self.low + (self.high - self.low) * positions)

    def around_nominal(self, count: int, spread: float, seed: int) -> Floats:
        """Draw positions around the tables' values; see :meth:`around`."""
        return self.around(self.positions(self.nominal), spread, count, seed)

    def around(self, centre: Floats, width: Floats | float, count: int, seed: int) -> Floats:
        """Draw positions around a centre, stratified in every parameter.

        Parameters
        ----------
        centre
            Means of the positions, shape (parameter,).
        width
            Standard deviation as a share of the range; what falls beyond the range is drawn within it.
        count
            Number of sets.
        seed
            Seed of the Latin hypercube.

        Returns
        -------
        Shape (set, parameter).
        """
        from scipy.stats import qmc, truncnorm

        shares = qmc.LatinHypercube(self.size, rng=np.random.default_rng(seed)).random(count)
        drawn: Floats = truncnorm.ppf(
            shares, (0.0 - centre) / width, (1.0 - centre) / width, loc=centre, scale=width
        )
        return drawn

    def mappings(self, values: Floats) -> list[dict[str, float]]:
        """Return parameter sets by user name, one per row of values of shape (set, parameter)."""
        return [
            {name: float(value) for names, value in zip(self.rows, row, strict=True) for name in names}
            for row in values
        ]

    def among(self, names: Sequence[str]) -> Prior:
        """Return the prior of some of the parameters, by the names that stand for their rows."""
        kept = [index for index, name in enumerate(self.names) if name in set(names)]
        return Prior(
            tuple(self.rows[index] for index in kept), self.nominal[kept], self.low[kept], self.high[kept]
        )


def prior_of(parameters: Iterable[ParameterRow]) -> Prior:
    """Return the prior of a niche's parameters.

    Numbers that are measured or derived, those without a range, and zeros do not vary: a zero stands for
    what only some cells have. Cells for which one row gives different numbers vary on their own.
    """
    rows: dict[tuple[str, str, float], list[ParameterRow]] = {}
    for row in parameters:
        if _varies(row):
            rows.setdefault((row.where, row.id.rpartition(".")[2], row.value), []).append(row)
    first = [members[0] for members in rows.values()]
    return Prior(
        tuple(tuple(member.id for member in members) for members in rows.values()),
        _column(row.value for row in first),
        _column(row.low or 0.0 for row in first),
        _column(row.high or 0.0 for row in first),
    )


def _varies(row: ParameterRow) -> bool:
    ranged = row.low is not None and row.high is not None and row.low < row.high
    return ranged and row.kind not in _FIXED and row.value != 0.0


def _column(numbers: Iterable[float]) -> Floats:
    return np.array(list(numbers), np.float64)
