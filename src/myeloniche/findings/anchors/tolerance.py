"""How far a number may be from what is wanted, written as in the plan of validation."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from myeloniche.errors import TableError

__all__ = ["Tolerance", "read_tolerance"]

_NUMBER = r"(\d+(?:\.\d+)?)"
_PERCENT = re.compile(rf"{_NUMBER}\s*%")
_FACTOR = re.compile(rf"factor {_NUMBER}")
_WINDOW = re.compile(rf"{_NUMBER} to {_NUMBER}")
_BOUND = re.compile(rf"(at least|at most|above|below) {_NUMBER}")
ORDER = "order"
_LARGEST_EXCESS = 5.0


@dataclass(frozen=True)
class Tolerance:
    """How far a number may be off.

    Parameters
    ----------
    text
        As written; empty where a number is only reported.
    share
        Share of the wanted number by which a value may be off [1].
    factor
        Factor by which it may be off [1].
    low, high
        Fixed bounds in the unit of the number.
    """

    text: str = ""
    share: float = 0.0
    factor: float = 0.0
    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float, wanted: float | None) -> bool | None:
        """Return whether a value is near enough; None if it cannot be said because nothing is wanted.

        A value that is not a number is never near enough.
        """
        if not self.text or (wanted is None and (self.share or self.factor)):
            return None
        low, high = self.bounds(wanted)
        return low <= value <= high

    def excess(self, value: float, wanted: float | None) -> float:
        """Return how far a value lies beyond what is near enough, 0 within, never more than 5.

        A natural logarithm where value and bound are positive, and a plain difference where they are not.
        """
        if self.holds(value, wanted) is not False:
            return 0.0
        if not math.isfinite(value):
            return _LARGEST_EXCESS
        low, high = self.bounds(wanted)
        bound = low if value < low else high
        positive = value > 0 and bound > 0
        return min(abs(math.log(value / bound)) if positive else abs(value - bound), _LARGEST_EXCESS)

    def bounds(self, wanted: float | None) -> tuple[float, float]:
        """Return the lowest and the highest value that is near enough."""
        if wanted is not None and self.share:
            return wanted * (1 - self.share), wanted * (1 + self.share)
        if wanted is not None and self.factor:
            return wanted / self.factor, wanted * self.factor
        return self.low, self.high


def read_tolerance(text: str, *, where: str = "") -> Tolerance:
    """Read ``15 %``, ``factor 2``, ``10 to 20`` (a window), ``at least 0.8``, ``at most 0.2`` or ``order``.

    ``above`` and ``below`` are read as ``at least`` and ``at most``.

    Raises
    ------
    TableError
        If it is none of these.
    """
    if match := _PERCENT.fullmatch(text):
        return Tolerance(text, share=float(match[1]) / 100)
    if match := _FACTOR.fullmatch(text):
        return Tolerance(text, factor=float(match[1]))
    if match := _WINDOW.fullmatch(text):
        return Tolerance(text, low=float(match[1]), high=float(match[2]))
    if match := _BOUND.fullmatch(text):
        number = float(match[2])
        lower = match[1] in ("at least", "above")
        return Tolerance(text, low=number) if lower else Tolerance(text, high=number)
    if text in ("", ORDER):
        return Tolerance(text, low=1.0) if text else Tolerance()  # an order holds (1) or not (0)
    forms = "'15 %', 'factor 2', '10 to 20', 'at least 0.8', 'at most 0.2' or 'order'"
    raise TableError(f"{where}: got tolerance {text!r}, expected {forms}.")
