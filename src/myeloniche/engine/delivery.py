"""What leaves the compiled loop: rows of outputs, and how each member ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.endpoint_reduction import deliver_endpoints
from myeloniche.engine.kernels.native_call import call_kernel, compiled_part, inlined_part
from myeloniche.engine.lanes import EMPTY, FAILED, OK, RUN, Kernels, Lanes, Results
from myeloniche.engine.watch import Watch

__all__ = [
    "ROUNDING",
    "deliver_at_start",
    "deliver_rows",
    "fail_member",
    "finish_member",
    "give_up_member",
    "record_row",
]

Floats = NDArray[np.float64]

ROUNDING = 1e-12
"""Two instants this close, for their size, are one."""


@compiled_part
def deliver_at_start(
    kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, results: Results, lane: int
) -> None:
    """Write the outputs that the start of a segment or an empty one shows."""
    plans = batch.plans
    segment = lanes.segment[lane]
    times = plans.first_time[batch.plan_of[lanes.member[lane]]]
    until = plans.outputs_until[segment]
    empty = plans.duration[segment] == 0.0
    while lanes.next_output[lane] < until and (
        empty or plans.times[times + lanes.next_output[lane]] <= plans.start[segment]
    ):
        record_row(kernels.state, workspace, lanes, batch, results, lane)


@inlined_part
def record_row(
    source: int, workspace: Floats, lanes: Lanes, batch: Batch, results: Results, lane: int
) -> None:
    """Write the lane's next row of outputs from a part of the workspace."""
    width = lanes.phase.size
    row = batch.first_row[lanes.member[lane]] + lanes.next_output[lane]
    for column in range(results.wanted.size):
        results.outputs[row, column] = workspace[(source + results.wanted[column]) * width + lane]
    lanes.next_output[lane] += 1


@compiled_part
def finish_member(
    lanes: Lanes, batch: Batch, results: Results, lane: int, status: int, watch: Watch | None
) -> None:
    """Note how a member ended; a failed one shows nothing."""
    member = lanes.member[lane]
    if watch is not None:
        deliver_endpoints(watch, lane, member, status == OK)
    results.steps[member] = lanes.steps[lane]
    results.rejected[member] = lanes.rejected[lane]
    if status != OK:
        results.outputs[batch.first_row[member] : batch.first_row[member + 1]] = np.nan
    results.status[member] = status
    lanes.phase[lane] = EMPTY


@compiled_part
def fail_member(lanes: Lanes, lane: int, status: int, source: int) -> None:
    """Mark a lane's member as failed; ``source`` is where to look for the state that is worst off."""
    lanes.phase[lane] = FAILED
    lanes.failure[lane] = status
    lanes.blamed[lane] = source


@compiled_part
def give_up_member(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    results: Results,
    lane: int,
    watch: Watch | None,
) -> None:
    """End a member that failed, and note when and at which state."""
    member = lanes.member[lane]
    results.failed_at[member] = workspace[kernels.time * lanes.phase.size + lane]
    results.worst[member] = _worst(kernels, workspace, lanes.phase.size, lane, lanes.blamed[lane])
    finish_member(lanes, batch, results, lane, lanes.failure[lane], watch)


@compiled_part
def _worst(kernels: Kernels, workspace: Floats, width: int, lane: int, source: int) -> int:
    """Return the first state that is no number, or else the one with the most for its tolerance."""
    relative = workspace[kernels.relative_tolerance * width + lane]
    worst = 0
    largest = -1.0
    for index in range(kernels.states):
        value = abs(workspace[(source + index) * width + lane])
        start = abs(workspace[(kernels.state + index) * width + lane])
        end = abs(workspace[(kernels.state_end + index) * width + lane])
        if source != kernels.last_stage:
            end = start
        tolerance = workspace[(kernels.tolerance + index) * width + lane]
        ratio = value / (tolerance + relative * max(start, end))
        if not (np.isfinite(value) and np.isfinite(start) and np.isfinite(end)):
            return index
        if ratio > largest:
            largest = ratio
            worst = index
    return worst


@inlined_part
def deliver_rows(
    kernels: Kernels,
    workspace: Floats,
    lanes: Lanes,
    batch: Batch,
    results: Results,
    watch: Watch | None,
) -> None:
    """Write the outputs that lie within the accepted steps."""
    width = lanes.phase.size
    plans = batch.plans
    evaluated = False
    while True:
        pending = False
        for lane in range(width):
            if not _has_output(kernels, workspace, lanes, batch, lane, watch):
                continue
            pending = True
            first = plans.first_time[batch.plan_of[lanes.member[lane]]]
            passed = plans.times[first + lanes.next_output[lane]] - workspace[kernels.time * width + lane]
            workspace[kernels.theta * width + lane] = min(1.0, max(0.0, passed / lanes.size[lane]))
        if not pending:
            return
        if not evaluated:
            call_kernel(kernels.dense, workspace)
            evaluated = True
        call_kernel(kernels.interpolate, workspace)
        for lane in range(width):
            if _has_output(kernels, workspace, lanes, batch, lane, watch):
                record_row(kernels.output, workspace, lanes, batch, results, lane)


@inlined_part
def _has_output(
    kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, lane: int, watch: Watch | None
) -> bool:
    width = lanes.phase.size
    if lanes.phase[lane] != RUN or workspace[kernels.mask * width + lane] == 0.0:
        return False
    plans = batch.plans
    segment = lanes.segment[lane]
    index = lanes.next_output[lane]
    if plans.until_rest[segment] != 0 or index >= plans.outputs_until[segment]:
        return False
    reached = workspace[kernels.time * width + lane] + lanes.size[lane]
    first = plans.first_time[batch.plan_of[lanes.member[lane]]]
    shown = bool(lanes.last[lane] == 1 or plans.times[first + index] <= reached)
    if watch is not None:
        shown = _is_before_event(watch, lane, plans.times[first + index], shown)
    return shown


@inlined_part
def _is_before_event(watch: Watch, lane: int, clock: float, otherwise: bool) -> bool:
    """Say whether an output comes before the event that cuts the step; at its very time it comes after."""
    if watch.event_lanes.struck[lane] == 0:
        return otherwise
    cut = watch.event_lanes.cut[lane]
    if watch.event_lanes.due[lane] == 1 and cut == watch.event_lanes.reached[lane]:
        cut -= ROUNDING * abs(cut)  # sums such as 0.1 + 0.2 miss the time 0.3 by rounding only
    return bool(clock < cut)
