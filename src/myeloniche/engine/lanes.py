"""What the integrator's compiled loop works on: kernels, lanes and results as plain arrays and numbers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EMPTY",
    "ENTER",
    "EVENT_STORM",
    "FAILED",
    "IDLE",
    "NON_FINITE",
    "NO_REST",
    "OK",
    "RUN",
    "STATUS",
    "STEP_LIMIT",
    "STEP_TOO_SMALL",
    "Kernels",
    "Lanes",
    "Results",
    "empty_lanes",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STATUS = ("ok", "step limit", "non-finite", "no rest", "step too small", "event storm")
"""How a member may end; the codes below are positions here."""

OK, STEP_LIMIT, NON_FINITE, NO_REST, STEP_TOO_SMALL, EVENT_STORM = range(6)

# what a lane is doing: without a member, done for good, about to start a segment, stepping, or holding a
# member that has failed and is about to be given up
EMPTY, IDLE, ENTER, RUN, FAILED = range(5)


class Kernels(NamedTuple):
    """Addresses of the kernels, and where their workspace has what (see ``kernels.layout``)."""

    prepare: int
    start: int
    step: int
    dense: int
    interpolate: int
    accept: int
    rest: int
    time: int
    clock: int
    step_size: int
    span: int
    mask: int
    theta: int
    error: int
    growth: int
    guess: int
    slope: int
    unrest: int
    state: int
    parameter: int
    output: int
    state_end: int
    first_stage: int
    last_stage: int
    rate: int
    tolerance: int
    relative_tolerance: int
    stage_time: int
    states: int


class Lanes(NamedTuple):
    """What each lane is at, arrays of shape (lane,)."""

    phase: Integers
    member: Integers
    segment: Integers
    elapsed: Floats
    size: Floats
    proposal: Floats
    last: Integers
    fresh: Integers
    retried: Integers
    old_error: Floats
    old_size: Floats
    next_output: Integers
    steps: Integers
    rejected: Integers
    failure: Integers
    blamed: Integers


def empty_lanes(width: int) -> Lanes:
    """Return lanes that have yet to take their first member."""
    real = ("elapsed", "size", "proposal", "old_error", "old_size")
    kinds = [np.float64 if name in real else np.int64 for name in Lanes._fields]
    columns: list[Any] = [np.zeros(width, kind) for kind in kinds]
    return Lanes(*columns)


class Results(NamedTuple):
    """Where the members' results go.

    Attributes
    ----------
    wanted
        Numbers of the states to be delivered, shape (column,).
    outputs
        Their values, shape (row, column); the rows of a member start at the batch's ``first_row``.
    status, steps, rejected
        How each member ended and what it took, shape (member,).
    failed_at
        Clock at which a member failed, NaN where it did not, shape (member,).
    worst
        Number of the state at which a member failed, -1 where it did not, shape (member,).
    """

    wanted: Integers
    outputs: Floats
    status: Integers
    steps: Integers
    rejected: Integers
    failed_at: Floats
    worst: Integers
