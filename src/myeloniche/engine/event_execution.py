"""What events do once their triggers have turned true: waiting, order, and new values, lane by lane.

Executions that are due at one instant happen one by one, the largest priority first, then the one that was
fired first, then the model's order; after each one all triggers are looked at again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.delivery import ROUNDING, deliver_at_start, fail_member, record_row
from myeloniche.engine.event_search import cancel, leave_queue
from myeloniche.engine.kernels.native_call import call_kernel, compiled_part, inlined_part
from myeloniche.engine.lanes import EVENT_STORM, RUN, Kernels, Lanes, Results
from myeloniche.engine.watch import Watch

__all__ = ["begin_segments", "execute_events", "forget_events"]

Floats = NDArray[np.float64]

_MOST_AT_ONCE = 1000  # executions of one member at one instant


@inlined_part
def forget_events(watch: Watch, lane: int) -> None:
    """Begin a new member: every trigger has its initial value and nothing waits."""
    state = watch.event_lanes
    for event in range(watch.events.persistent.size):
        state.triggered[event, lane] = watch.events.initial[event]
    for place in range(state.queued[lane]):
        state.queue_event[place, lane] = -1
    state.queued[lane] = 0
    state.sequence[lane] = 0
    state.struck[lane] = 0
    state.due[lane] = 0


@compiled_part
def _settle(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch) -> None:
    """Execute at the flagged lanes' present instant all that is due, until nothing is."""
    state = watch.event_lanes
    width = lanes.phase.size
    again = False
    for lane in range(width):
        state.executed[lane] = 0
        state.storm[lane] = 0
        if state.flagged[lane] == 1:
            again = True
            workspace[kernels.stage_time * width + lane] = workspace[kernels.time * width + lane]
    while again and watch.events.persistent.size > 0:
        call_kernel(watch.condition_now, workspace)
        call_kernel(watch.consequence_now, workspace)
        again = False
        for lane in range(width):
            if state.flagged[lane] == 0:
                continue
            if _settle_once(kernels, workspace, watch, width, lane):
                again = True
            else:
                state.flagged[lane] = 0


@inlined_part
def _settle_once(kernels: Kernels, workspace: Floats, watch: Watch, width: int, lane: int) -> bool:
    """Fire and execute at most one event; return whether there may be more."""
    state = watch.event_lanes
    time = workspace[kernels.time * width + lane]
    for event in range(watch.events.persistent.size):
        now = workspace[(watch.events.trigger + event) * width + lane] != 0.0
        before = state.triggered[event, lane] != 0
        state.triggered[event, lane] = 1 if now else 0
        if before and not now:
            cancel(watch, event, lane)
        if now and not before and not _fire(workspace, watch, event, width, lane, time):
            state.storm[lane] = 1
            return False
    place = _next_due(workspace, watch, width, lane, time)
    if place < 0:
        return False
    _execute(kernels, workspace, watch, place, width, lane)
    state.executed[lane] += 1
    if state.executed[lane] > _MOST_AT_ONCE:
        state.storm[lane] = 1
        return False
    return True


@inlined_part
def _fire(workspace: Floats, watch: Watch, event: int, width: int, lane: int, time: float) -> bool:
    """Queue an execution with the values of this instant; return whether there was room."""
    state = watch.event_lanes
    for place in range(state.queue_event.shape[0]):
        if state.queue_event[place, lane] >= 0:
            continue
        delay = workspace[(watch.events.delay + event) * width + lane]
        state.queue_event[place, lane] = event
        state.queue_time[place, lane] = time + delay if delay > 0.0 else time
        state.queue_order[place, lane] = state.sequence[lane]
        state.sequence[lane] += 1
        state.queued[lane] = max(state.queued[lane], place + 1)
        first, last = watch.events.first_value[event], watch.events.first_value[event + 1]
        for value in range(first, last):
            slot = watch.events.value + value
            state.queue_value[place, value - first, lane] = workspace[slot * width + lane]
        return True
    return False


@inlined_part
def _next_due(workspace: Floats, watch: Watch, width: int, lane: int, time: float) -> int:
    """Return the place in the queue of what to execute now, -1 if nothing is due."""
    state = watch.event_lanes
    best = -1
    best_priority = -np.inf
    for place in range(state.queued[lane]):
        event = state.queue_event[place, lane]
        if event < 0 or state.queue_time[place, lane] > time + ROUNDING * abs(time):
            continue
        priority = workspace[(watch.events.priority + event) * width + lane]
        first = best < 0 or priority > best_priority
        tied = best >= 0 and priority == best_priority
        if first or (tied and state.queue_order[place, lane] < state.queue_order[best, lane]):
            best = place
            best_priority = priority
    return best


@inlined_part
def _execute(kernels: Kernels, workspace: Floats, watch: Watch, place: int, width: int, lane: int) -> None:
    state = watch.event_lanes
    event = state.queue_event[place, lane]
    first, last = watch.events.first_value[event], watch.events.first_value[event + 1]
    for value in range(first, last):
        number = workspace[(watch.events.value + value) * width + lane]
        if watch.events.at_trigger_time[event] != 0:
            number = state.queue_value[place, value - first, lane]
        number *= workspace[(watch.events.factor + value) * width + lane]
        workspace[(kernels.state + watch.events.assigned[value]) * width + lane] = number
    leave_queue(watch, place, lane)


@compiled_part
def begin_segments(
    kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, results: Results, watch: Watch
) -> None:
    """Let events happen where segments begin anew, and show what they led to."""
    width = lanes.phase.size
    for lane in range(width):
        timed = lanes.phase[lane] == RUN and batch.plans.until_rest[lanes.segment[lane]] == 0
        watch.event_lanes.flagged[lane] = 1 if timed and lanes.fresh[lane] == 1 else 0
    _settle(kernels, workspace, lanes, watch)
    for lane in range(width):
        if lanes.phase[lane] != RUN or lanes.fresh[lane] != 1:
            continue
        if watch.event_lanes.storm[lane] == 1:
            fail_member(lanes, lane, EVENT_STORM, kernels.state)
        else:
            deliver_at_start(kernels, workspace, lanes, batch, results, lane)


@compiled_part
def execute_events(
    kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, results: Results, watch: Watch
) -> None:
    """Let events happen at the end of the steps that they cut."""
    width = lanes.phase.size
    for lane in range(width):
        struck = watch.event_lanes.struck[lane] == 1
        watch.event_lanes.flagged[lane] = 1 if struck else 0
        if struck:
            workspace[kernels.time * width + lane] = watch.event_lanes.cut[lane]
    _settle(kernels, workspace, lanes, watch)
    for lane in range(width):
        if watch.event_lanes.struck[lane] == 0:
            continue
        if watch.event_lanes.storm[lane] == 1:
            fail_member(lanes, lane, EVENT_STORM, kernels.state)
            continue
        if watch.event_lanes.executed[lane] > 0:
            lanes.fresh[lane] = 1
        until = batch.plans.outputs_until[lanes.segment[lane]]
        while lanes.last[lane] == 1 and lanes.next_output[lane] < until:
            record_row(kernels.state, workspace, lanes, batch, results, lane)
