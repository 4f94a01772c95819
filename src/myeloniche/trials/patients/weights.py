"""Weights with which a population matches the published summary of an arm: entropy balancing.

Of all weights with which means and shares are those that were published, these are the ones nearest to equal
weights, by their relative entropy [1]_. They are ``exp(c . x)`` for the patients' columns ``x``, and the
coefficients ``c`` are the minimum of a smooth convex function.

References
----------
.. [1] Hainmueller J. Entropy balancing for causal effects. Political Analysis 2012; 20: 25-46,
   doi:10.1093/pan/mpr025
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError, MyelonicheError, TableError, UnknownNameError, raise_all

if TYPE_CHECKING:
    import pyarrow

__all__ = ["Target", "balance", "effective_size"]

Floats = NDArray[np.float64]

_CLOSE = 1e-6


@dataclass(frozen=True)
class Target:
    """What a summary says of one covariate.

    Attributes
    ----------
    covariate
        Which one.
    value
        Its mean, or a share of the patients.
    level
        Level of which `value` is the share, such as ``light chain``; empty for none.
    above
        Number above which `value` is the share, such as a published median with a share of 0.5.
    """

    covariate: str
    value: float
    level: str | float = ""
    above: float | None = None

    def column(self, table: pyarrow.Table) -> Floats:
        """Return what is to have the value as its mean, shape (patient,)."""
        values = table[self.covariate].to_pylist()
        if self.level != "":
            return np.array([value == self.level for value in values], np.float64)
        if self.above is not None:
            return np.array([value > self.above for value in values], np.float64)
        return np.array(values, np.float64)

    def __str__(self) -> str:
        if self.level != "":
            return f"share of {self.covariate} {self.level}"
        return (
            f"mean of {self.covariate}"
            if self.above is None
            else f"share of {self.covariate} > {self.above:g}"
        )


def balance(table: pyarrow.Table, targets: Sequence[Target]) -> Floats:
    """Return the weights of patients with which all targets are met.

    Parameters
    ----------
    table
        A drawn population.
    targets
        What the published arm is like.

    Returns
    -------
    Weights that add up to 1, shape (patient,).

    Raises
    ------
    UnknownNameError
        If a target names no covariate.
    ExperimentError
        If no weights meet a target, since no patient or every patient lies on one side of it, or the targets
        contradict each other.
    """
    names = [name for name in table.column_names if name != "patient"]
    raise_all(
        [
            UnknownNameError("covariate", one.covariate, names)
            for one in targets
            if one.covariate not in names
        ],
        title="targets",
    )
    columns = [_column(target, table) for target in targets]
    raise_all(list(_out_of_reach(targets, columns)), title="targets")
    if not columns:
        return np.full(table.num_rows, 1.0 / table.num_rows)
    spread = np.array([column.std() for column in columns])
    centred = np.stack(
        [column - target.value for column, target in zip(columns, targets, strict=True)], axis=1
    )
    weights = _solved(centred / spread)
    missed = np.abs(weights @ centred) / spread
    if np.max(missed) > _CLOSE:
        worst = targets[int(np.argmax(missed))]
        raise ExperimentError(
            f"got targets that no weights of {table.num_rows} patients meet together, least of all the "
            f"{worst}. "
            "Draw more patients, drop a target or widen the population."
        )
    return weights


def effective_size(weights: Floats) -> float:
    """Return how many patients of equal weight say as much as these do, by Kish's formula."""
    return float(weights.sum() ** 2 / np.square(weights).sum())


def _column(target: Target, table: pyarrow.Table) -> Floats:
    try:
        return target.column(table)
    except ValueError as error:
        raise TableError(
            f"got the {target}, expected a share of a level: it is text. Give 'level'."
        ) from error


def _out_of_reach(targets: Sequence[Target], columns: Sequence[Floats]) -> list[MyelonicheError]:
    """Return the targets that no patients could have, whatever their weights."""
    return [
        ExperimentError(
            f"got {target.value:g} as {target}, expected more than {column.min():g} and less than "
            f"{column.max():g}, as the patients have it. Widen the population or correct the target."
        )
        for target, column in zip(targets, columns, strict=True)
        if not column.min() < target.value < column.max()
    ]


def _solved(centred: Floats) -> Floats:
    """Return the weights for columns whose means are to be 0, shape (patient, target)."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp, softmax

    def dual(coefficients: Floats) -> tuple[float, Floats]:
        scores = centred @ coefficients
        return float(logsumexp(scores)), softmax(scores) @ centred

    def curvature(coefficients: Floats) -> Floats:
        weights = softmax(centred @ coefficients)
        mean = weights @ centred
        matrix: Floats = (centred * weights[:, None]).T @ centred - np.outer(mean, mean)
        return matrix

    start = np.zeros(centred.shape[1])
    found = minimize(dual, start, jac=True, hess=curvature, method="trust-exact", options={"gtol": 1e-9})
    weights: Floats = softmax(centred @ found.x)
    return weights
