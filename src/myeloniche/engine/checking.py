"""Checks of an ensemble's accuracy: a sample repeated with tighter tolerances, and advice on scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch, Columns
from myeloniche.engine.integration import Settings
from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ModelError

__all__ = ["TIGHTENING", "Check", "largest_difference", "sample_of", "taken", "tolerance_hints"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TIGHTENING = 0.1
"""Factor on both tolerances in the repetition."""

_TOO_COARSE = 1e-1  # of a state's largest value: above, the absolute tolerance hides the state


@dataclass(frozen=True)
class Check:
    """What repeating a sample of members at a tenth of the tolerances showed.

    Attributes
    ----------
    members
        The members repeated.
    largest
        Largest difference of any output or endpoint; for an output relative to its largest magnitude in its
        member plus the absolute tolerance over the relative one, for an endpoint relative to its magnitude.
    member, output
        Where it was; -1 and empty if there is no difference.
    disagreeing
        Members that ended with another status in the repetition.
    """

    members: tuple[int, ...]
    largest: float
    member: int
    output: str
    disagreeing: tuple[int, ...]

    @property
    def summary(self) -> dict[str, float]:
        """What a dataset says of it: the largest difference, and how many members it was looked for in."""
        return {"largest_relative_difference": self.largest, "checked_members": len(self.members)}


def sample_of(members: int, fraction: float) -> Integers:
    """Return evenly spread members, at least one, as many as a fraction of all.

    Raises
    ------
    ModelError
        If the fraction does not lie between 0 and 1.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ModelError(f"got check_fraction {fraction}, expected a number from 0 to 1")
    count = min(members, max(1, round(members * fraction))) if fraction > 0.0 else 0
    return np.unique(np.linspace(0, members - 1, count).astype(np.int64)) if count else np.empty(0, np.int64)


def taken(batch: Batch, members: Integers) -> Batch:
    """Return a batch with some of the members."""
    counts = np.diff(batch.first_row)[members]
    return Batch(
        _rows(batch.parameters, members),
        _rows(batch.initial, members),
        batch.plans,
        batch.plan_of[members],
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
    )


def _rows(columns: Columns, members: Integers) -> Columns:
    return Columns(columns.common, columns.varied, np.ascontiguousarray(columns.values[members]))


def largest_difference(
    found: Sequence[Floats], tight: Sequence[Floats], floor: float
) -> tuple[float, int, int]:
    """Return the largest relative difference between pairs of arrays, and where it is.

    Parameters
    ----------
    found, tight
        One array per member, shape (row, column), in pairs.
    floor
        What is added to a column's largest magnitude.

    Returns
    -------
    The difference, the place of its pair and its column; -1 for both if there is none.
    """
    best = (0.0, -1, -1)
    for place, (rough, fine) in enumerate(zip(found, tight, strict=True)):
        if not rough.size:
            continue
        scale = np.max(np.abs(fine), axis=0) + floor
        with np.errstate(all="ignore"):
            ratio = np.max(np.abs(rough - fine), axis=0) / scale
        ratio = np.where(np.isnan(ratio), -1.0, ratio)
        column = int(np.argmax(ratio))
        if ratio[column] > best[0]:
            best = (float(ratio[column]), place, column)
    return best


def tolerance_hints(
    model: OdeModel, settings: Settings, outputs: Sequence[str], values: Floats
) -> tuple[str, ...]:
    """Return advice for states whose largest value does not stand out from their absolute tolerance.

    Parameters
    ----------
    model, settings
        The equations and the tolerances used.
    outputs, values
        What was shown, shape (row, output); only states among the outputs can be judged.
    """
    tolerances = dict(zip(model.states, settings.tolerances(model), strict=True))
    hints = []
    for place, name in enumerate(outputs):
        column = np.abs(values[:, place])
        finite = column[np.isfinite(column)]
        if name not in tolerances or not finite.size:
            continue
        largest, tolerance = float(finite.max()), float(tolerances[name])
        if 0.0 < largest < tolerance / _TOO_COARSE:
            hints.append(
                f"state {name!r} never exceeds {largest:.2g}, close to its absolute tolerance "
                f"{tolerance:.2g}: it may be noise. Pass atol={{{name!r}: {largest * settings.rtol:.0e}}} "
                "or smaller"
            )
    return tuple(hints)
