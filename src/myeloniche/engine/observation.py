"""Outputs of a run: states as integrated, and what follows from states, parameters and time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch, Plans
from myeloniche.engine.expression import TIME
from myeloniche.engine.ode_model import OdeModel

__all__ = ["needed_states", "observe", "row_times"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ROWS_AT_ONCE = 1 << 14  # what an expression needs of them stays in the caches


def needed_states(model: OdeModel, outputs: Sequence[str]) -> Integers:
    """Return the numbers of the states from which all outputs can be computed, ascending."""
    used: set[str] = set()
    for name in outputs:
        used |= model.graph.symbols(model.node(name))
    return np.array([index for index, name in enumerate(model.states) if name in used], np.int64)


def row_times(batch: Batch) -> Floats:
    """Return the clock of every row of outputs, shape (row,)."""
    lengths = np.diff(batch.plans.first_time)
    if lengths.size == 1:
        return np.tile(batch.plans.times, batch.members)
    pieces = np.split(batch.plans.times, batch.plans.first_time[1:-1])
    return np.concatenate([np.empty(0), *(pieces[plan] for plan in batch.plan_of)])


def observe(
    model: OdeModel,
    batch: Batch,
    outputs: Sequence[str],
    wanted: Integers,
    states: Floats,
    workers: int = 1,
) -> Floats:
    """Return the outputs, shape (row, output).

    Parameters
    ----------
    model, batch
        The equations and the members.
    outputs
        Names of states, parameters or observables.
    wanted, states
        Numbers of the states that were kept, and their values, shape (row, column).
    workers
        Number of threads.

    Notes
    -----
    A parameter that the timeline changes has at each output time the value of the period the output belongs
    to, as the state has.
    """
    kept = [model.states[index] for index in wanted]
    if list(outputs) == kept:
        return states
    nodes = [model.node(name) for name in outputs]
    used = set().union(*(model.graph.symbols(node) for node in nodes))
    compute = model.graph.function(nodes)
    values = np.empty((states.shape[0], len(outputs)))
    numbers, own, rows = _parameters(model, batch, used)
    rows |= {name: states[:, place] for place, name in enumerate(kept)}
    if TIME in used:
        rows[TIME] = row_times(batch)
    owner = np.repeat(np.arange(batch.members), np.diff(batch.first_row))

    def fill(first: int) -> None:
        part = slice(first, first + _ROWS_AT_ONCE)
        members = owner[part]
        known = {name: column[part] for name, column in rows.items()}
        known |= {name: column[members] for name, column in own.items()}
        for place, value in enumerate(compute(numbers | known)):
            values[part, place] = value

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(fill, range(0, states.shape[0], _ROWS_AT_ONCE)))
    return values


def _parameters(
    model: OdeModel, batch: Batch, used: set[str]
) -> tuple[dict[str, Any], dict[str, Floats], dict[str, Floats]]:
    """Return the used parameters: those that are one number, one per member, and one per row."""
    changed = set(batch.plans.change_index[batch.plans.change_state == 0].tolist())
    column = {int(index): place for place, index in enumerate(batch.parameters.varied)}
    numbers, members, rows = {}, {}, {}
    for index, name in enumerate(model.parameters):
        if name not in used:
            continue
        if index not in column and index not in changed:
            numbers[name] = float(batch.parameters.common[index])
            continue
        own = np.full(batch.members, batch.parameters.common[index])
        if index in column:
            own = batch.parameters.values[:, column[index]].copy()
        if index in changed:
            rows[name] = _along_rows(batch, index, own)
        else:
            members[name] = own
    return numbers, members, rows


def _along_rows(batch: Batch, parameter: int, own: Floats) -> Floats:
    """Follow one parameter through the changes of all timelines."""
    values = np.empty(int(batch.first_row[-1]))
    order = np.argsort(batch.plan_of, kind="stable")
    bounds = np.searchsorted(batch.plan_of[order], np.arange(batch.plans.first_segment.size))
    for plan in range(batch.plans.first_segment.size - 1):
        members = order[bounds[plan] : bounds[plan + 1]]
        current = own[members]
        reached = 0
        for segment in range(batch.plans.first_segment[plan], batch.plans.first_segment[plan + 1]):
            _change(batch.plans, segment, parameter, current)
            until = int(batch.plans.outputs_until[segment])
            rows = batch.first_row[members][:, None] + np.arange(reached, until)
            values[rows] = current[:, None]
            reached = until
    return values


def _change(plans: Plans, segment: int, parameter: int, current: Floats) -> None:
    for change in range(plans.first_change[segment], plans.first_change[segment + 1]):
        if plans.change_state[change] or plans.change_index[change] != parameter:
            continue
        value = plans.change_value[change]
        action = plans.change_action[change]
        if action == 0:
            current[:] = value
        elif action == 1:
            current += value
        else:
            current *= value
