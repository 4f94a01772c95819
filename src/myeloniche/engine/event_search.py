"""Where within an accepted step a trigger of an event changes, for every lane by itself.

Triggers are looked at on a few points of the step with the help of the dense output. Where one has changed,
the comparisons inside guide a regula falsi [1]_ until no number lies between the clock before the change and
the clock after it; only the triggers themselves decide on which side a clock is.

References
----------
.. [1] M. Dowell, P. Jarratt, A modified regula falsi method for computing the root of an equation, BIT 11
   (1971) 168-174, doi:10.1007/BF01934364.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.kernels.native_call import call_kernel, compiled_part, inlined_part
from myeloniche.engine.lanes import RUN, Kernels, Lanes
from myeloniche.engine.watch import Watch

__all__ = ["cancel", "end_steps_at_events", "leave_queue", "limit_sizes", "search_events"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_POINTS = 4  # least looks per step
_DONE, _SCAN, _NARROW = range(3)
_STRETCH = 1.01
_ROUNDING = 2.220446049250313e-16
_MOST_TRIES = 150


@compiled_part
def limit_sizes(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, watch: Watch) -> None:
    """End the steps at the next delayed execution."""
    state = watch.event_lanes
    width = lanes.phase.size
    for lane in range(width):
        state.due[lane] = 0
        if lanes.phase[lane] != RUN or batch.plans.until_rest[lanes.segment[lane]] != 0:
            continue
        next_due = np.inf
        for place in range(state.queued[lane]):
            if state.queue_event[place, lane] >= 0:
                next_due = min(next_due, state.queue_time[place, lane])
        stop = batch.plans.stop[lanes.segment[lane]]
        left = next_due - workspace[kernels.time * width + lane]
        if next_due > stop or lanes.size[lane] * _STRETCH < left:
            continue
        state.due[lane] = 1
        state.due_time[lane] = next_due
        if next_due < stop:
            lanes.last[lane] = 0
        lanes.size[lane] = left
        workspace[kernels.step_size * width + lane] = left


@compiled_part
def search_events(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, watch: Watch) -> None:
    """Find where events cut the accepted steps."""
    state = watch.event_lanes
    width = lanes.phase.size
    begun = False
    for lane in range(width):
        if _begin(kernels, workspace, lanes, batch, watch, lane):
            begun = True
    if not begun or watch.events.persistent.size == 0:
        return
    call_kernel(watch.condition_now, workspace)
    for lane in range(width):
        _copy_roots(workspace, watch, state.low_root, lane)
        _copy_held(workspace, watch, state.held, lane)
    while True:
        active = False
        for lane in range(width):
            if state.mode[lane] != _DONE:
                active = True
                _place_probe(kernels, workspace, lanes, watch, lane)
        if not active:
            break
        call_kernel(watch.condition_inside, workspace)
        for lane in range(width):
            if state.mode[lane] == _SCAN:
                _learn_by_scan(kernels, workspace, lanes, watch, lane)
            elif state.mode[lane] == _NARROW:
                _learn_by_narrowing(kernels, workspace, lanes, watch, lane)
    for lane in range(width):
        due = state.due[lane] == 1 and state.struck[lane] == 0
        if due and _is_timed(kernels, workspace, lanes, batch, lane):
            state.struck[lane] = 1


@inlined_part
def _is_timed(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, lane: int) -> bool:
    accepted = lanes.phase[lane] == RUN and workspace[kernels.mask * lanes.phase.size + lane] != 0.0
    return bool(accepted and batch.plans.until_rest[lanes.segment[lane]] == 0)


@inlined_part
def _begin(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, watch: Watch, lane: int) -> bool:
    """Note where the step ends, and start looking from its beginning; return whether there is a step."""
    state = watch.event_lanes
    width = lanes.phase.size
    state.mode[lane] = _DONE
    state.struck[lane] = 0
    if not _is_timed(kernels, workspace, lanes, batch, lane):
        return False
    time = workspace[kernels.time * width + lane]
    reached = time + lanes.size[lane]
    if lanes.last[lane] == 1:
        reached = batch.plans.stop[lanes.segment[lane]]
    elif state.due[lane] == 1:
        reached = state.due_time[lane]
    state.reached[lane] = reached
    state.cut[lane] = reached
    if watch.events.persistent.size != 0:
        state.mode[lane] = _SCAN
    state.point[lane] = 1
    finest = watch.events.resolution * batch.plans.duration[lanes.segment[lane]]
    state.points[lane] = max(_POINTS, int(np.ceil(lanes.size[lane] / finest)))
    state.low[lane] = time
    workspace[kernels.stage_time * width + lane] = time
    return True


@inlined_part
def _point(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int) -> float:
    """Return the clock of the lane's next point."""
    point = watch.event_lanes.point[lane]
    points = watch.event_lanes.points[lane]
    if point >= points:
        return float(watch.event_lanes.reached[lane])
    return float(workspace[kernels.time * lanes.phase.size + lane] + lanes.size[lane] * point / points)


@inlined_part
def _place_probe(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int) -> None:
    state = watch.event_lanes
    width = lanes.phase.size
    if state.mode[lane] == _SCAN:
        clock = _point(kernels, workspace, lanes, watch, lane)
    else:
        clock = _guess(watch, lane)
    state.probe[lane] = clock
    workspace[kernels.stage_time * width + lane] = clock
    workspace[kernels.theta * width + lane] = _fraction(kernels, workspace, lanes, watch, lane, clock)


@inlined_part
def _fraction(
    kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int, clock: float
) -> float:
    """Return where in the step a clock lies, 0 to 1."""
    if clock >= watch.event_lanes.reached[lane]:
        return 1.0
    passed = clock - workspace[kernels.time * lanes.phase.size + lane]
    return float(min(1.0, max(0.0, passed / lanes.size[lane])))


@inlined_part
def _guess(watch: Watch, lane: int) -> float:
    """Return a clock strictly between low and high: the earliest root of a chord, now and then the middle."""
    state = watch.event_lanes
    low, high = state.low[lane], state.high[lane]
    middle = low + 0.5 * (high - low)
    closest = _ROUNDING * max(abs(low), abs(high)) * 2.0 ** min(state.stall[lane], 40)
    state.tries[lane] += 1
    if state.tries[lane] % 4 == 0 or high - low <= 2.0 * closest:
        return float(middle)
    best = np.inf
    for root in range(watch.events.roots):
        left = state.low_root[root, lane] * state.low_weight[lane]
        right = state.high_root[root, lane] * state.high_weight[lane]
        if left != right and left * right <= 0.0:
            estimate = low + (high - low) * (left / (left - right))
            best = min(best, estimate)
    if not np.isfinite(best):
        return float(middle)
    return float(min(high - closest, max(low + closest, best)))


@inlined_part
def _changed(workspace: Floats, watch: Watch, lane: int) -> bool:
    width = watch.event_lanes.mode.size
    for event in range(watch.events.persistent.size):
        now = workspace[(watch.events.trigger + event) * width + lane] != 0.0
        if now != (watch.event_lanes.triggered[event, lane] != 0):
            return True
    for relation in range(watch.events.roots):
        now = workspace[(watch.events.relation + relation) * width + lane] != 0.0
        if now != (watch.event_lanes.held[relation, lane] != 0):
            return True
    return False


@inlined_part
def _copy_held(workspace: Floats, watch: Watch, target: Integers, lane: int) -> None:
    width = watch.event_lanes.mode.size
    for relation in range(watch.events.roots):
        now = workspace[(watch.events.relation + relation) * width + lane] != 0.0
        target[relation, lane] = 1 if now else 0


@inlined_part
def _copy_roots(workspace: Floats, watch: Watch, target: Floats, lane: int) -> None:
    width = watch.event_lanes.mode.size
    for root in range(watch.events.roots):
        target[root, lane] = workspace[(watch.events.root + root) * width + lane]


@inlined_part
def _raise_low(workspace: Floats, watch: Watch, lane: int) -> None:
    watch.event_lanes.low[lane] = watch.event_lanes.probe[lane]
    _copy_roots(workspace, watch, watch.event_lanes.low_root, lane)


@inlined_part
def _lower_high(workspace: Floats, watch: Watch, lane: int) -> None:
    state = watch.event_lanes
    width = state.mode.size
    state.high[lane] = state.probe[lane]
    _copy_roots(workspace, watch, state.high_root, lane)
    _copy_held(workspace, watch, state.high_held, lane)
    for event in range(watch.events.persistent.size):
        now = workspace[(watch.events.trigger + event) * width + lane] != 0.0
        state.high_trigger[event, lane] = 1 if now else 0


@inlined_part
def _learn_by_scan(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int) -> None:
    state = watch.event_lanes
    if _changed(workspace, watch, lane):
        _lower_high(workspace, watch, lane)
        state.mode[lane] = _NARROW
        state.side[lane] = 0
        state.stall[lane] = 0
        state.tries[lane] = 0
        state.low_weight[lane] = 1.0
        state.high_weight[lane] = 1.0
        _conclude_if_found(kernels, workspace, lanes, watch, lane)
        return
    _raise_low(workspace, watch, lane)
    _next_point(watch, lane)


@inlined_part
def _next_point(watch: Watch, lane: int) -> None:
    state = watch.event_lanes
    state.point[lane] += 1
    state.mode[lane] = _DONE if state.point[lane] > state.points[lane] else _SCAN


@inlined_part
def _learn_by_narrowing(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int) -> None:
    state = watch.event_lanes
    side = 1 if _changed(workspace, watch, lane) else -1
    repeated = state.side[lane] == side
    state.side[lane] = side
    state.stall[lane] = state.stall[lane] + 1 if repeated else 0
    # the end that stays loses half of its weight, so that the next chord ends beyond the root
    if side == 1:
        _lower_high(workspace, watch, lane)
        state.high_weight[lane] = 1.0
        state.low_weight[lane] *= 0.5 if repeated else 1.0
    else:
        _raise_low(workspace, watch, lane)
        state.low_weight[lane] = 1.0
        state.high_weight[lane] *= 0.5 if repeated else 1.0
    _conclude_if_found(kernels, workspace, lanes, watch, lane)


@inlined_part
def _conclude_if_found(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch, lane: int) -> None:
    """Stop if no clock lies between low and high: cut the step where an event fires, else look on."""
    state = watch.event_lanes
    low, high = state.low[lane], state.high[lane]
    middle = low + 0.5 * (high - low)
    between = low < middle < high and state.tries[lane] < _MOST_TRIES
    if between and high - low > 1e-17 * lanes.size[lane]:
        return
    if _fires(watch, lane):
        state.struck[lane] = 1
        state.cut[lane] = high
        state.mode[lane] = _DONE
        return
    for event in range(watch.events.persistent.size):
        if state.high_trigger[event, lane] == 0 and state.triggered[event, lane] != 0:
            cancel(watch, event, lane)
        state.triggered[event, lane] = state.high_trigger[event, lane]
    state.low[lane] = high
    for root in range(watch.events.roots):
        state.low_root[root, lane] = state.high_root[root, lane]
        state.held[root, lane] = state.high_held[root, lane]
    state.mode[lane] = _SCAN
    while state.mode[lane] == _SCAN and _point(kernels, workspace, lanes, watch, lane) <= high:
        _next_point(watch, lane)


@inlined_part
def _fires(watch: Watch, lane: int) -> bool:
    for event in range(watch.events.persistent.size):
        if watch.event_lanes.high_trigger[event, lane] != 0 and watch.event_lanes.triggered[event, lane] == 0:
            return True
    return False


@inlined_part
def cancel(watch: Watch, event: int, lane: int) -> None:
    """Forget the waiting executions of an event whose trigger is false again, unless it persists."""
    state = watch.event_lanes
    if watch.events.persistent[event] != 0:
        return
    for place in range(state.queued[lane]):
        if state.queue_event[place, lane] == event:
            leave_queue(watch, place, lane)


@inlined_part
def leave_queue(watch: Watch, place: int, lane: int) -> None:
    """Free a place in the queue; what is looked through ends at the last place taken."""
    state = watch.event_lanes
    state.queue_event[place, lane] = -1
    while state.queued[lane] > 0 and state.queue_event[state.queued[lane] - 1, lane] < 0:
        state.queued[lane] -= 1


@compiled_part
def end_steps_at_events(kernels: Kernels, workspace: Floats, lanes: Lanes, watch: Watch) -> None:
    """Shorten the steps that events cut, with the dense output as the new end."""
    state = watch.event_lanes
    width = lanes.phase.size
    cut = False
    for lane in range(width):
        if state.struck[lane] == 1 and state.cut[lane] < state.reached[lane]:
            cut = True
            fraction = _fraction(kernels, workspace, lanes, watch, lane, state.cut[lane])
            workspace[kernels.theta * width + lane] = fraction
    if not cut:
        return
    call_kernel(kernels.dense, workspace)
    call_kernel(kernels.interpolate, workspace)
    for lane in range(width):
        if state.struck[lane] == 1 and state.cut[lane] < state.reached[lane]:
            lanes.last[lane] = 0
            lanes.size[lane] = state.cut[lane] - workspace[kernels.time * width + lane]
            for index in range(kernels.states):
                source = (kernels.output + index) * width + lane
                workspace[(kernels.state_end + index) * width + lane] = workspace[source]
