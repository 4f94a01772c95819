"""The integrator's control: which step each lane takes, what becomes of it, and who is next.

Every lane of the vectors integrates one member with a time and a step size of its own. A lane whose member
is done takes the next one from a counter that all threads share. No number of one lane ever reaches
another, so a member's results do not depend on its neighbours, its lane or the number of threads.

The arithmetic over states is in the compiled kernels; here are decisions only. Without events and endpoints
``watch`` is None, and Numba leaves out everything that asks for it.

References
----------
.. [1] E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, 2nd edition, Springer 1996, section
   IV.8, doi:10.1007/978-3-642-05221-7. The predictive control of the step size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.delivery import (
    deliver_at_start,
    deliver_rows,
    fail_member,
    finish_member,
    give_up_member,
)
from myeloniche.engine.endpoint_reduction import forget_endpoints, gather_endpoints
from myeloniche.engine.event_execution import begin_segments, execute_events, forget_events
from myeloniche.engine.event_search import end_steps_at_events, limit_sizes, search_events
from myeloniche.engine.kernels.native_call import (
    call_kernel,
    compiled,
    compiled_part,
    fetch_and_increment,
    inlined_part,
    source_number,
)
from myeloniche.engine.lanes import (
    EMPTY,
    ENTER,
    FAILED,
    IDLE,
    NO_REST,
    NON_FINITE,
    OK,
    RUN,
    STEP_LIMIT,
    STEP_TOO_SMALL,
    Kernels,
    Lanes,
    Results,
)
from myeloniche.engine.watch import Watch

__all__ = ["advance"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_SAFETY = 0.9
_SHRINK = 0.2
_GROW = 6.0
_SHRINK_NON_FINITE = 0.1
_STRETCH = 1.01  # a step this close to the period's end goes there
_SMALLEST_STEP = 1e-18  # of the period's duration


@compiled_part
def _fill(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    results: Results,
    counter: Integers,
    watch: Watch | None,
) -> bool:
    """Bring every lane to where it can step, or to idleness; return whether any can."""
    while True:
        changed = False
        fresh = False
        running = False
        for lane in range(lanes.phase.size):
            if lanes.phase[lane] == FAILED:
                give_up_member(kernels, workspace, lanes, batch, results, lane, watch)
            while lanes.phase[lane] == EMPTY or lanes.phase[lane] == ENTER:
                if lanes.phase[lane] == EMPTY:
                    _take_member(kernels, workspace, lanes, batch, counter, lane, watch)
                else:
                    if _enter_segment(kernels, workspace, lanes, batch, results, lane, watch):
                        changed = True
            if lanes.phase[lane] == RUN:
                running = True
                if lanes.fresh[lane] == 1:
                    fresh = True
        if changed:
            call_kernel(kernels.prepare, workspace)
        if not fresh:
            return running
        if _start_lanes(kernels, workspace, lanes, batch, results, watch):
            return True


@compiled_part
def _take_member(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    counter: Integers,
    lane: int,
    watch: Watch | None,
) -> None:
    member = fetch_and_increment(counter)
    if member >= batch.plan_of.size:
        lanes.phase[lane] = IDLE
        return
    width = lanes.phase.size
    columns = batch.parameters
    for index in range(columns.common.size):
        workspace[(kernels.parameter + index) * width + lane] = columns.common[index]
    for column in range(columns.varied.size):
        slot = kernels.parameter + columns.varied[column]
        workspace[slot * width + lane] = columns.values[member, column]
    columns = batch.initial
    for index in range(columns.common.size):
        workspace[(kernels.state + index) * width + lane] = columns.common[index]
    for column in range(columns.varied.size):
        slot = kernels.state + columns.varied[column]
        workspace[slot * width + lane] = columns.values[member, column]
    lanes.member[lane] = member
    lanes.segment[lane] = batch.plans.first_segment[batch.plan_of[member]]
    lanes.next_output[lane] = 0
    lanes.steps[lane] = 0
    lanes.rejected[lane] = 0
    lanes.fresh[lane] = 2  # parameters and state are new
    lanes.phase[lane] = ENTER
    if watch is not None:
        forget_events(watch, lane)
        forget_endpoints(watch, lane)


@compiled_part
def _enter_segment(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    results: Results,
    lane: int,
    watch: Watch | None,
) -> bool:
    """Start the lane's next segment; return whether its parameters are new."""
    plans = batch.plans
    plan = batch.plan_of[lanes.member[lane]]
    segment = lanes.segment[lane]
    new = bool(lanes.fresh[lane] == 2)
    if segment == plans.first_segment[plan + 1]:
        finish_member(lanes, batch, results, lane, OK, watch)
        return False
    first, last = plans.first_change[segment], plans.first_change[segment + 1]
    for change in range(first, last):
        _apply(kernels, workspace, lanes, batch, lane, change)
        if plans.change_state[change] == 0:
            new = True
    steady = segment > plans.first_segment[plan] and plans.until_rest[segment - 1] == 0
    jump = first != last or plans.anew[segment] != 0
    if jump or plans.until_rest[segment] != 0 or not steady or new:
        lanes.fresh[lane] = 1
    width = lanes.phase.size
    lanes.elapsed[lane] = 0.0
    workspace[kernels.time * width + lane] = plans.start[segment]
    workspace[kernels.clock * width + lane] = 1.0 - plans.until_rest[segment]
    timed = plans.duration[segment] > 0.0
    shows_now = True
    if watch is not None:
        # a segment that begins anew shows its start after the events there, see _begin_segments
        shows_now = not timed or lanes.fresh[lane] != 1
    if shows_now:
        deliver_at_start(kernels, workspace, lanes, batch, results, lane)
    if timed or plans.until_rest[segment] != 0:
        lanes.phase[lane] = RUN
    else:
        lanes.segment[lane] += 1
        if new:
            lanes.fresh[lane] = 2
    return new


@compiled_part
def _apply(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, lane: int, change: int) -> None:
    plans = batch.plans
    first = kernels.state if plans.change_state[change] != 0 else kernels.parameter
    place = (first + plans.change_index[change]) * lanes.phase.size + lane
    action, value = plans.change_action[change], plans.change_value[change]
    if action == 0:
        workspace[place] = value
    elif action == 1:
        workspace[place] += value
    else:
        workspace[place] *= value


@compiled_part
def _start_lanes(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    results: Results,
    watch: Watch | None,
) -> bool:
    """Give fresh lanes their first step size; return whether all of them can go on."""
    width = lanes.phase.size
    resting = False
    if watch is not None:
        begin_segments(kernels, workspace, lanes, batch, results, watch)
    for lane in range(width):
        if lanes.phase[lane] == RUN:
            segment = lanes.segment[lane]
            left = batch.plans.duration[segment] - lanes.elapsed[lane]
            workspace[kernels.span * width + lane] = left
            resting = resting or batch.plans.until_rest[segment] != 0
    call_kernel(kernels.start, workspace)
    for lane in range(width):
        if lanes.phase[lane] == RUN and lanes.fresh[lane] == 1:
            lanes.fresh[lane] = 0
            lanes.retried[lane] = 0
            lanes.old_size[lane] = 0.0
            lanes.proposal[lane] = workspace[kernels.guess * width + lane]
            if not np.isfinite(workspace[kernels.slope * width + lane]):
                first = kernels.first_stage
                fail_member(lanes, lane, NON_FINITE, first)
    if resting:
        _check_rest(kernels, workspace, lanes, batch)
    for lane in range(width):
        # a period until rest without any time to come to it
        if lanes.phase[lane] == RUN and batch.plans.duration[lanes.segment[lane]] == 0.0:
            fail_member(lanes, lane, NO_REST, kernels.rate)
        if lanes.phase[lane] == FAILED or lanes.phase[lane] == ENTER:
            return False
    return True


@compiled_part
def _check_rest(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch) -> None:
    """End the segments until rest whose state rests."""
    call_kernel(kernels.rest, workspace)
    width = lanes.phase.size
    for lane in range(width):
        if lanes.phase[lane] != RUN or batch.plans.until_rest[lanes.segment[lane]] == 0:
            continue
        if workspace[kernels.unrest * width + lane] <= 0.0:
            lanes.segment[lane] += 1
            lanes.phase[lane] = ENTER


@inlined_part
def _choose_sizes(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch) -> None:
    width = lanes.phase.size
    for lane in range(width):
        size = 1.0
        if lanes.phase[lane] == RUN:
            left = batch.plans.duration[lanes.segment[lane]] - lanes.elapsed[lane]
            size = lanes.proposal[lane]
            lanes.last[lane] = 0
            if size * _STRETCH >= left:
                size = left
                lanes.last[lane] = 1
            lanes.size[lane] = size
        workspace[kernels.step_size * width + lane] = size


@inlined_part
def _judge(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    max_steps: int,
) -> bool:
    """Accept or reject each lane's step and choose the next size; return whether any was accepted."""
    width = lanes.phase.size
    any_accepted = False
    for lane in range(width):
        workspace[kernels.mask * width + lane] = 0.0
        if lanes.phase[lane] != RUN:
            continue
        lanes.steps[lane] += 1
        error = workspace[kernels.error * width + lane]
        growth = workspace[kernels.growth * width + lane]
        if error <= 1.0:
            _grow(lanes, lane, growth)
            workspace[kernels.mask * width + lane] = 1.0
            any_accepted = True
            continue
        lanes.rejected[lane] += 1
        lanes.retried[lane] = 1
        # a NaN fails every comparison and so comes here
        factor = max(_SHRINK, _SAFETY * growth) if np.isfinite(error) else _SHRINK_NON_FINITE
        lanes.proposal[lane] = lanes.size[lane] * factor
        last = kernels.last_stage
        if _is_too_small(lanes, batch, lane):
            fail_member(lanes, lane, STEP_TOO_SMALL, last)
        elif lanes.steps[lane] >= max_steps:
            fail_member(lanes, lane, STEP_LIMIT, last)
    return any_accepted


@inlined_part
def _grow(lanes: Lanes, lane: int, growth: float) -> None:
    """Propose the next size from this error and the one before [1]_."""
    size = lanes.size[lane]
    factor = min(_GROW, max(_SHRINK, _SAFETY * growth))
    if lanes.old_size[lane] > 0.0:
        # growth is error**(-1/5); the ratio of this error to the last enters squared
        trend = size / lanes.old_size[lane] * growth * growth / lanes.old_error[lane]
        factor = min(factor, max(_SHRINK, _SAFETY * trend))
    if lanes.retried[lane] == 1:
        factor = min(factor, 1.0)
    proposal = size * factor
    if lanes.last[lane] == 1:
        proposal = max(proposal, lanes.proposal[lane])
    lanes.retried[lane] = 0
    lanes.old_size[lane] = size
    lanes.old_error[lane] = min(growth, 2.5)  # an error below 0.01 counts as 0.01
    lanes.proposal[lane] = proposal


@inlined_part
def _is_too_small(lanes: Lanes, batch: Batch, lane: int) -> bool:
    segment = lanes.segment[lane]
    time = batch.plans.start[segment] + lanes.elapsed[lane]
    size = lanes.proposal[lane]
    return bool(time + size <= time or size < _SMALLEST_STEP * batch.plans.duration[segment])


@inlined_part
def _move_on(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    max_steps: int,
    watch: Watch | None,
) -> None:
    """Advance the accepted lanes, and end the segments that have reached their end."""
    width = lanes.phase.size
    plans = batch.plans
    resting = False
    for lane in range(width):
        if lanes.phase[lane] != RUN or workspace[kernels.mask * width + lane] == 0.0:
            continue
        segment = lanes.segment[lane]
        lanes.elapsed[lane] += lanes.size[lane]
        if plans.until_rest[segment] != 0:
            resting = True
        elif lanes.last[lane] == 1:
            lanes.segment[lane] += 1
            lanes.phase[lane] = ENTER
        else:
            clock = plans.start[segment] + lanes.elapsed[lane]
            if watch is not None:
                clock = watch.event_lanes.cut[lane]
            workspace[kernels.time * width + lane] = clock
    if resting:
        _check_rest(kernels, workspace, lanes, batch)
        _give_up_rest(kernels, workspace, lanes, batch)
    for lane in range(width):
        if lanes.phase[lane] == RUN and lanes.steps[lane] >= max_steps:
            last = kernels.last_stage
            fail_member(lanes, lane, STEP_LIMIT, last)


@compiled_part
def _give_up_rest(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
) -> None:
    width = lanes.phase.size
    for lane in range(width):
        if lanes.phase[lane] != RUN or workspace[kernels.mask * width + lane] == 0.0:
            continue
        if batch.plans.until_rest[lanes.segment[lane]] != 0 and lanes.last[lane] == 1:
            fail_member(lanes, lane, NO_REST, kernels.rate)


def _advance_of(sources: int) -> Callable[..., bool]:
    """Return the loop as compiled from the sources that a number stands for."""

    @compiled
    def advance(
        kernels: Kernels,
        workspace: Floats,
        lanes: Lanes,
        batch: Batch,
        results: Results,
        counter: Integers,
        max_steps: int,
        rounds: int,
        watch: Watch | None,
    ) -> bool:
        """Let every lane attempt up to ``rounds`` steps; return whether there is work left."""
        if sources == 0:  # never: it is asked for so that the store of compiled functions knows the number
            return False
        for _ in range(rounds):
            if not _fill(kernels, workspace, lanes, batch, results, counter, watch):
                return False
            _choose_sizes(kernels, workspace, lanes, batch)
            if watch is not None:
                limit_sizes(kernels, workspace, lanes, batch, watch)
            call_kernel(kernels.step, workspace)
            accepted = _judge(kernels, workspace, lanes, batch, max_steps)
            if accepted:
                if watch is not None:
                    call_kernel(watch.dense, workspace)
                    search_events(kernels, workspace, lanes, batch, watch)
                    gather_endpoints(kernels, workspace, lanes, batch, watch)
                deliver_rows(kernels, workspace, lanes, batch, results, watch)
                if watch is not None:
                    end_steps_at_events(kernels, workspace, lanes, watch)
                call_kernel(kernels.accept, workspace)
                if watch is not None:
                    execute_events(kernels, workspace, lanes, batch, results, watch)
                _move_on(kernels, workspace, lanes, batch, max_steps, watch)
        return True

    return advance


advance = _advance_of(
    source_number(
        "batch", "delivery", "endpoint_reduction", "event_execution", "event_search", "lanes", "watch"
    )
)
"""Let every lane attempt up to ``rounds`` steps; return whether there is work left."""
