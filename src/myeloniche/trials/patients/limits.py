"""What no patient is like: limits on covariates and on formulas of them, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.lab.readouts.formula import Formula

__all__ = ["Limit", "broken"]


@dataclass(frozen=True)
class Limit:
    """A range in which a formula of the covariates lies in every patient.

    Attributes
    ----------
    formula
        Over covariates that are numbers.
    low, high
        The range.
    reason
        Why nobody lies outside; counted for those who are rejected.
    """

    formula: Formula
    low: float
    high: float
    reason: str

    def broken(self, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Return which patients lie outside, shape (patient,)."""
        values = self.formula.evaluate({name: columns[name] for name in self.formula.names})
        outside: NDArray[np.bool_] = ~((values >= self.low) & (values <= self.high))
        return outside


def broken(limits: Sequence[Limit], columns: Mapping[str, NDArray[np.float64]], count: int) -> list[str]:
    """Return for each patient the first reason to reject it, empty for a plausible one."""
    reasons = [""] * count
    for limit in reversed(limits):
        for place in np.flatnonzero(limit.broken(columns)):
            reasons[place] = limit.reason
    return reasons
