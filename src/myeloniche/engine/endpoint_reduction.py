"""Endpoints gathered step by step: each quantity as a polynomial of degree four over the accepted step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.kernels.native_call import call_kernel, compiled_part
from myeloniche.engine.lanes import RUN, Kernels, Lanes
from myeloniche.engine.watch import Watch

__all__ = ["deliver_endpoints", "forget_endpoints", "gather_endpoints"]

Floats = NDArray[np.float64]

_LAST, _MAXIMUM, _MINIMUM, _AREA, _TIME_ABOVE, _FIRST_CROSSING = range(6)
_UP, _DOWN, _EITHER = range(3)
_CELLS = 16  # parts of a step in which a polynomial is taken to cross a level at most once
_HALVINGS = 50
_MARGIN = 1e-15  # of the clock


@compiled_part
def forget_endpoints(watch: Watch, lane: int) -> None:
    """Begin a new member."""
    gathered = watch.endpoint_lanes.gathered
    for endpoint in range(watch.endpoints.kind.size):
        kind = watch.endpoints.kind[endpoint]
        start = 0.0 if kind in (_AREA, _TIME_ABOVE) else np.nan
        gathered[endpoint, lane] = start
        watch.endpoint_lanes.above[endpoint, lane] = -1


@compiled_part
def deliver_endpoints(watch: Watch, lane: int, member: int, good: bool) -> None:
    """Write a member's endpoints, NaN if it failed."""
    for endpoint in range(watch.endpoints.kind.size):
        value = watch.endpoint_lanes.gathered[endpoint, lane] if good else np.nan
        watch.endpoint_lanes.results[member, endpoint] = value


@compiled_part
def gather_endpoints(kernels: Kernels, workspace: Floats, lanes: Lanes, batch: Batch, watch: Watch) -> None:
    """Add the accepted steps, up to where events cut them, to what the lanes have gathered."""
    width = lanes.phase.size
    count = watch.endpoints.kind.size
    if count == 0:
        return
    points = watch.endpoint_lanes.points
    for point in range(5):
        for lane in range(width):
            time = workspace[kernels.time * width + lane]
            end = watch.event_lanes.cut[lane]
            whole = end >= watch.event_lanes.reached[lane]
            share = 1.0 if whole else (end - time) / lanes.size[lane]
            workspace[kernels.theta * width + lane] = min(1.0, 0.25 * point * share)
            clock = _inside(time, end, 0.25 * point)
            workspace[kernels.stage_time * width + lane] = clock
        call_kernel(kernels.interpolate, workspace)
        call_kernel(watch.shown_inside, workspace)
        for endpoint in range(count):
            for lane in range(width):
                points[point, endpoint, lane] = workspace[(watch.endpoints.shown + endpoint) * width + lane]
    for lane in range(width):
        accepted = lanes.phase[lane] == RUN and workspace[kernels.mask * width + lane] != 0.0
        if not accepted or batch.plans.until_rest[lanes.segment[lane]] != 0:
            continue
        time = workspace[kernels.time * width + lane]
        for endpoint in range(count):
            _gather(watch, endpoint, lane, time, watch.event_lanes.cut[lane] - time)


@compiled_part
def _inside(start: float, end: float, share: float) -> float:
    """Return a clock of a step that is not at its very ends, where a condition on the clock may jump."""
    margin = min(_MARGIN * max(abs(start), abs(end)), 0.25 * (end - start))
    return float(min(end - margin, max(start + margin, start + share * (end - start))))


@compiled_part
def _gather(watch: Watch, endpoint: int, lane: int, time: float, size: float) -> None:
    kind = watch.endpoints.kind[endpoint]
    gathered = watch.endpoint_lanes.gathered
    points = watch.endpoint_lanes.points
    y0, y1, y2 = points[0, endpoint, lane], points[1, endpoint, lane], points[2, endpoint, lane]
    y3, y4 = points[3, endpoint, lane], points[4, endpoint, lane]
    if kind == _LAST:
        gathered[endpoint, lane] = y4
        return
    if kind == _AREA:
        gathered[endpoint, lane] += size * (7.0 * (y0 + y4) + 32.0 * (y1 + y3) + 12.0 * y2) / 90.0
        return
    curve = _curve(watch.endpoints.bernstein, y0, y1, y2, y3, y4)
    if kind in (_MAXIMUM, _MINIMUM):
        sign = 1.0 if kind == _MAXIMUM else -1.0
        gathered[endpoint, lane] = sign * _highest(curve, sign, sign * gathered[endpoint, lane])
    elif kind == _TIME_ABOVE:
        gathered[endpoint, lane] += size * _share_above(curve, watch.endpoints.threshold[endpoint])
    elif np.isnan(gathered[endpoint, lane]):
        _cross(watch, endpoint, lane, curve, time, size)


@compiled_part
def _curve(
    matrix: Floats, y0: float, y1: float, y2: float, y3: float, y4: float
) -> tuple[float, float, float, float, float]:
    """Return the Bernstein coefficients of the polynomial through five values."""
    b1 = matrix[1, 0] * y0 + matrix[1, 1] * y1 + matrix[1, 2] * y2 + matrix[1, 3] * y3 + matrix[1, 4] * y4
    b2 = matrix[2, 0] * y0 + matrix[2, 1] * y1 + matrix[2, 2] * y2 + matrix[2, 3] * y3 + matrix[2, 4] * y4
    b3 = matrix[3, 0] * y0 + matrix[3, 1] * y1 + matrix[3, 2] * y2 + matrix[3, 3] * y3 + matrix[3, 4] * y4
    return y0, b1, b2, b3, y4


@compiled_part
def _value(curve: tuple[float, float, float, float, float], x: float) -> float:
    """Evaluate a polynomial by repeated averages, which never leave the range of the coefficients."""
    a, b, c, d, e = curve
    z = 1.0 - x
    a, b, c, d = z * a + x * b, z * b + x * c, z * c + x * d, z * d + x * e
    a, b, c = z * a + x * b, z * b + x * c, z * c + x * d
    a, b = z * a + x * b, z * b + x * c
    return z * a + x * b


@compiled_part
def _highest(curve: tuple[float, float, float, float, float], sign: float, known: float) -> float:
    """Return the largest of a known value and the polynomial times a sign."""
    a, b, c, d, e = curve
    best = max(sign * a, sign * e)
    if not best <= known:  # NaN at first
        known = best
    if max(sign * b, sign * c, sign * d) <= known:
        return known
    place = 0
    for cell in range(_CELLS + 1):
        value = sign * _value(curve, cell / _CELLS)
        if value >= best:
            best = value
            place = cell
    low, high = max(0.0, (place - 1) / _CELLS), min(1.0, (place + 1) / _CELLS)
    for _ in range(_HALVINGS):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        if sign * _value(curve, left) < sign * _value(curve, right):
            low = left
        else:
            high = right
    return max(known, best, sign * _value(curve, 0.5 * (low + high)))


@compiled_part
def _root(
    curve: tuple[float, float, float, float, float], threshold: float, low: float, high: float
) -> float:
    """Return where the polynomial meets a level, given places on both sides of it."""
    below = _value(curve, low) < threshold
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if (_value(curve, middle) < threshold) == below:
            low = middle
        else:
            high = middle
    return high


@compiled_part
def _share_above(curve: tuple[float, float, float, float, float], threshold: float) -> float:
    """Return the part of the step, 0 to 1, in which the polynomial is at or above a level."""
    a, b, c, d, e = curve
    if min(a, b, c, d, e) >= threshold:
        return 1.0
    if max(a, b, c, d, e) < threshold:
        return 0.0
    share = 0.0
    left = a >= threshold
    for cell in range(_CELLS):
        low, high = cell / _CELLS, (cell + 1) / _CELLS
        right = _value(curve, high) >= threshold
        if left and right:
            share += high - low
        elif left != right:
            root = _root(curve, threshold, low, high)
            share += root - low if left else high - root
        left = right
    return share


@compiled_part
def _cross(
    watch: Watch,
    endpoint: int,
    lane: int,
    curve: tuple[float, float, float, float, float],
    time: float,
    size: float,
) -> None:
    """Note the clock of the first crossing if it lies in this step or was a jump at its start."""
    threshold = watch.endpoints.threshold[endpoint]
    direction = watch.endpoints.direction[endpoint]
    above = watch.endpoint_lanes.above
    before = above[endpoint, lane]
    left = 1 if curve[0] >= threshold else 0
    if before >= 0 and before != left and _counts(direction, left):
        watch.endpoint_lanes.gathered[endpoint, lane] = time
        return
    above[endpoint, lane] = 1 if curve[4] >= threshold else 0
    lowest = min(curve[0], curve[1], curve[2], curve[3], curve[4])
    highest = max(curve[0], curve[1], curve[2], curve[3], curve[4])
    if lowest >= threshold or highest < threshold:
        return
    for cell in range(_CELLS):
        right = 1 if _value(curve, (cell + 1) / _CELLS) >= threshold else 0
        if right != left and _counts(direction, right):
            place = _root(curve, threshold, cell / _CELLS, (cell + 1) / _CELLS)
            watch.endpoint_lanes.gathered[endpoint, lane] = time + size * place
            return
        left = right


@compiled_part
def _counts(direction: int, above: int) -> bool:
    return direction == _EITHER or (direction == _UP) == (above == 1)
