"""Members of an ensemble as flat arrays that compiled code can walk through."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.breakpoints import break_times
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import Change, Member, Segment, segments

__all__ = ["Batch", "Columns", "Plans", "flatten_members", "flatten_table"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ACTIONS = {"set": 0, "add": 1, "scale": 2}


class Columns(NamedTuple):
    """Values that every member has, most of them the same for all.

    Attributes
    ----------
    common
        Value of each quantity, shape (quantity,).
    varied
        Numbers of the quantities that differ between members, shape (column,).
    values
        What they are, shape (member, column).
    """

    common: Floats
    varied: Integers
    values: Floats


class Plans(NamedTuple):
    """Timelines with their output times, each different one once.

    Segments of plan ``p`` are ``first_segment[p]`` to ``first_segment[p + 1]``, and likewise for the times of
    a plan and the changes of a segment. ``outputs_until`` is counted from the plan's first time; ``anew``
    marks segments that begin where the equations jump by themselves.
    """

    first_segment: Integers
    first_time: Integers
    times: Floats
    start: Floats
    stop: Floats
    duration: Floats
    until_rest: Integers
    outputs_until: Integers
    anew: Integers
    first_change: Integers
    change_action: Integers
    change_state: Integers
    change_index: Integers
    change_value: Floats


class Batch(NamedTuple):
    """All that the integrator needs to know about its members.

    Attributes
    ----------
    parameters, initial
        Parameters and initial states of the members.
    plans
        The different timelines.
    plan_of
        Which of them each member follows, shape (member,).
    first_row
        Where each member's outputs start among all, shape (member + 1,).
    """

    parameters: Columns
    initial: Columns
    plans: Plans
    plan_of: Integers
    first_row: Integers

    @property
    def members(self) -> int:
        """Number of members."""
        return int(self.plan_of.size)


def flatten_members(model: OdeModel, members: Sequence[Member], watched: Sequence[int] = ()) -> Batch:
    """Return the flat form of members that each have their own parameters and timeline.

    ``watched`` are nodes whose own jumps in time become boundaries, beside those of the equations.
    """
    parameters = _columns(model.values, model.parameters, [member.parameters for member in members])
    overrides = _columns([np.nan] * len(model.states), model.states, [member.initial for member in members])
    breaks = np.broadcast_to(*_breaks(model, parameters, len(members), watched))
    keys: dict[object, int] = {}
    writer = _PlanWriter(model)
    plan_of = np.empty(len(members), np.int64)
    for index, member in enumerate(members):
        key = (member.timeline, member.times.tobytes(), breaks[index].tobytes())
        if key not in keys:
            keys[key] = len(keys)
            writer.add(segments(member), member.times, breaks[index].tolist())
        plan_of[index] = keys[key]
    initial = _initial(model, parameters, overrides, len(members))
    return _assembled(parameters, initial, writer.plans(), plan_of)


def flatten_table(
    model: OdeModel,
    parameters: Mapping[str, Floats],
    initial: Mapping[str, Floats],
    plan: Member,
    watched: Sequence[int] = (),
) -> Batch:
    """Return the flat form of members that share their timeline and differ by columns of numbers.

    Parameters
    ----------
    model
        The model.
    parameters, initial
        Values that differ from the model's, each of shape (member,); at least one column.
    plan
        A member with the timeline and the times of all.
    watched
        Nodes whose own jumps in time become boundaries, beside those of the equations.
    """
    count = len(next(iter([*parameters.values(), *initial.values()])))
    table = _table(model.values, model.parameters, parameters, count)
    overrides = _table([np.nan] * len(model.states), model.states, initial, count)
    states = _initial(model, table, overrides, count)
    breaks, shape = _breaks(model, table, count, watched)
    different, plan_of = np.unique(breaks, axis=0, return_inverse=True)
    writer = _PlanWriter(model)
    placed = segments(plan)
    for row in different.tolist():
        writer.add(placed, plan.times, row)
    every = np.broadcast_to(plan_of.reshape(-1), shape[:1]).astype(np.int64)
    return _assembled(table, states, writer.plans(), every)


def _table(
    common: Sequence[float], names: Sequence[str], columns: Mapping[str, Floats], count: int
) -> Columns:
    place = {name: index for index, name in enumerate(names)}
    varied = np.array([place[name] for name in columns], np.int64)
    values = np.empty((count, len(columns)))
    for column, numbers in enumerate(columns.values()):
        values[:, column] = numbers
    return Columns(np.array(common, np.float64), varied, values)


def _columns(common: Sequence[float], names: Sequence[str], rows: Sequence[Mapping[str, float]]) -> Columns:
    used = {name for row in rows for name in row}
    base = dict(zip(names, common, strict=True))
    varied = [index for index, name in enumerate(names) if name in used]
    values = np.empty((len(rows), len(varied)))
    values[:] = [base[names[index]] for index in varied]
    column = {names[index]: place for place, index in enumerate(varied)}
    for number, row in enumerate(rows):
        for name, value in row.items():
            values[number, column[name]] = value
    return Columns(np.array(common, np.float64), np.array(varied, np.int64), values)


def _values(model: OdeModel, parameters: Columns) -> dict[str, Floats | float]:
    values: dict[str, Floats | float] = dict(model.nominal)
    for place, index in enumerate(parameters.varied):
        values[model.parameters[index]] = parameters.values[:, place]
    return values


def _breaks(
    model: OdeModel, parameters: Columns, count: int, watched: Sequence[int]
) -> tuple[Floats, tuple[int, int]]:
    """Return the equations' own jumps, one row for all members or one each, and the shape of one each."""
    times = break_times(model, _values(model, parameters), watched=watched)
    return times, (count, times.shape[1])


def _initial(model: OdeModel, parameters: Columns, overrides: Columns, count: int) -> Columns:
    """Evaluate the initial expressions with the members' parameters, then let overrides win."""
    values = _values(model, parameters)
    evaluated = model.graph.evaluate(model.initial, values)
    common = np.array([float(value) if value.ndim == 0 else np.nan for value in evaluated])
    own = {int(index): overrides.values[:, place] for place, index in enumerate(overrides.varied)}
    varied = [index for index, value in enumerate(evaluated) if value.ndim > 0 or index in own]
    table = np.empty((count, len(varied)))
    for place, index in enumerate(varied):
        table[:, place] = evaluated[index]
        if index in own:
            given = ~np.isnan(own[index])
            table[given, place] = own[index][given]
    return Columns(common, np.array(varied, np.int64), table)


def _assembled(parameters: Columns, initial: Columns, plans: Plans, plan_of: Integers) -> Batch:
    counts = np.diff(plans.first_time)[plan_of]
    first_row = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    return Batch(parameters, initial, plans, plan_of, first_row)


@dataclass
class _PlanWriter:
    """Appends timelines to growing lists."""

    model: OdeModel
    first_segment: list[int] = field(default_factory=lambda: [0])
    first_time: list[int] = field(default_factory=lambda: [0])
    first_change: list[int] = field(default_factory=lambda: [0])
    times: list[Floats] = field(default_factory=list)
    spans: list[tuple[float, float, float]] = field(default_factory=list)
    marks: list[tuple[int, int, int]] = field(default_factory=list)
    changes: list[tuple[int, int, int, float]] = field(default_factory=list)

    def add(self, placed: Sequence[Segment], times: Floats, breaks: Sequence[float]) -> None:
        """Append a timeline and its output times, with boundaries where the equations jump."""
        for segment in placed:
            self.changes += [self._change(change) for change in segment.changes]
            inside = sorted({time for time in breaks if segment.start < time < segment.stop})
            if segment.until_rest or not inside:
                self._append(segment, segment.start, segment.stop, segment.duration, segment.outputs.stop)
                continue
            for start, stop in pairwise([segment.start, *inside, segment.stop]):
                last = stop == segment.stop
                reached = segment.outputs.stop if last else bisect.bisect_right(times, stop)
                self._append(segment, start, stop, stop - start, reached)
        self.times.append(times)
        self.first_segment.append(len(self.spans))
        self.first_time.append(self.first_time[-1] + times.size)

    def _append(self, segment: Segment, start: float, stop: float, duration: float, until: int) -> None:
        """Append a segment or a part of one; changes happen at the start of the first part."""
        self.spans.append((start, stop, duration))
        self.marks.append((int(segment.until_rest), until, int(start > segment.start)))
        self.first_change.append(len(self.changes))

    def plans(self) -> Plans:
        """Return everything added as arrays."""
        spans = np.array(self.spans, np.float64).reshape(-1, 3)
        marks = np.array(self.marks, np.int64).reshape(-1, 3)
        changes = np.array([change[:3] for change in self.changes], np.int64).reshape(-1, 3)
        return Plans(
            first_segment=np.array(self.first_segment, np.int64),
            first_time=np.array(self.first_time, np.int64),
            times=np.concatenate([np.empty(0), *self.times]),
            start=spans[:, 0].copy(),
            stop=spans[:, 1].copy(),
            duration=spans[:, 2].copy(),
            until_rest=marks[:, 0].copy(),
            outputs_until=marks[:, 1].copy(),
            anew=marks[:, 2].copy(),
            first_change=np.array(self.first_change, np.int64),
            change_action=changes[:, 0].copy(),
            change_state=changes[:, 1].copy(),
            change_index=changes[:, 2].copy(),
            change_value=np.array([change[3] for change in self.changes], np.float64),
        )

    def _change(self, change: Change) -> tuple[int, int, int, float]:
        state = self._states.get(change.target)
        place = self._parameters[change.target] if state is None else state
        return _ACTIONS[change.action], int(state is not None), place, change.value

    @cached_property
    def _states(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.model.states)}

    @cached_property
    def _parameters(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.model.parameters)}
