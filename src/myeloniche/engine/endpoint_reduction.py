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
Integers = NDArray[np.int64]

_LAST, _MAXIMUM, _MINIMUM, _AREA, _TIME_ABOVE, _FIRST_CROSSING = range(6)
_UP, _DOWN, _EITHER = range(3)
_CELLS = 16  # parts of a step in which a polynomial is taken to cross a level at most once
_HALVINGS = 50


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
    if watch.endpoints.kind.size == 0:
        return
    width = lanes.phase.size
    for lane in range(width):
        end = watch.event_lanes.cut[lane]
        whole = end >= watch.event_lanes.reached[lane]
        passed = end - workspace[kernels.time * width + lane]
        accepted = lanes.phase[lane] == RUN and workspace[kernels.mask * width + lane] != 0.0
        if not accepted or batch.plans.until_rest[lanes.segment[lane]] != 0:
            end = np.nan
        workspace[watch.step_end * width + lane] = end
        workspace[watch.share * width + lane] = 1.0 if whole else passed / lanes.size[lane]
    call_kernel(watch.shown_points, workspace)
    for endpoint in range(watch.endpoints.kind.size):
        _gather(
            workspace,
            endpoint,
            (kernels.time, watch.step_end, watch.endpoints.shown),
            watch.endpoints.kind,
            watch.endpoints.threshold,
            watch.endpoints.direction,
            watch.endpoints.bernstein,
            watch.endpoint_lanes.gathered,
            watch.endpoint_lanes.above,
        )


# only what is used is passed: handing over all tables at every call took most of the time
@compiled_part
def _gather(
    workspace: Floats,
    endpoint: int,
    slots: tuple[int, int, int],
    kinds: Integers,
    thresholds: Floats,
    directions: Integers,
    bernstein: Floats,
    gathered: Floats,
    above: Integers,
) -> None:
    """Add the accepted steps to one endpoint of all lanes."""
    count, width = gathered.shape
    kind, threshold = kinds[endpoint], thresholds[endpoint]
    stride = count * width
    for lane in range(width):
        time, end = workspace[slots[0] * width + lane], workspace[slots[1] * width + lane]
        if np.isnan(end):
            continue
        first = (slots[2] + endpoint) * width + lane
        y0, y1, y2 = workspace[first], workspace[first + stride], workspace[first + 2 * stride]
        y3, y4 = workspace[first + 3 * stride], workspace[first + 4 * stride]
        old = gathered[endpoint, lane]
        if kind == _LAST:
            gathered[endpoint, lane] = y4
        elif kind == _AREA:
            mean = (7.0 * (y0 + y4) + 32.0 * (y1 + y3) + 12.0 * y2) / 90.0
            gathered[endpoint, lane] = old + (end - time) * mean
        else:
            curve = _curve(bernstein, y0, y1, y2, y3, y4)
            if kind == _MAXIMUM:
                gathered[endpoint, lane] = _highest(curve, 1.0, old)
            elif kind == _MINIMUM:
                gathered[endpoint, lane] = -_highest(curve, -1.0, -old)
            elif kind == _TIME_ABOVE:
                gathered[endpoint, lane] = old + (end - time) * _share_above(curve, threshold)
            elif np.isnan(old):
                place = _crossing(curve, threshold, directions[endpoint], above[endpoint, lane])
                gathered[endpoint, lane] = time + (end - time) * place
                above[endpoint, lane] = 1 if y4 >= threshold else 0


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
    if max(sign * b, sign * c, sign * d) <= known or _is_monotone(curve):
        return max(known, best)
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
def _is_monotone(curve: tuple[float, float, float, float, float]) -> bool:
    a, b, c, d, e = curve
    rises = b >= a and c >= b and d >= c and e >= d
    return rises or (b <= a and c <= b and d <= c and e <= d)


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
def _crossing(
    curve: tuple[float, float, float, float, float], threshold: float, direction: int, before: int
) -> float:
    """Return where in the step a level is first crossed, 0 if by a jump at its start, NaN if nowhere.

    ``before`` tells on which side the last step ended, -1 if there was none.
    """
    left = 1 if curve[0] >= threshold else 0
    if before >= 0 and before != left and _counts(direction, left):
        return 0.0
    lowest = min(curve[0], curve[1], curve[2], curve[3], curve[4])
    highest = max(curve[0], curve[1], curve[2], curve[3], curve[4])
    if lowest >= threshold or highest < threshold:
        return float(np.nan)
    for cell in range(_CELLS):
        right = 1 if _value(curve, (cell + 1) / _CELLS) >= threshold else 0
        if right != left and _counts(direction, right):
            return _root(curve, threshold, cell / _CELLS, (cell + 1) / _CELLS)
        left = right
    return float(np.nan)


@compiled_part
def _counts(direction: int, above: int) -> bool:
    return direction == _EITHER or (direction == _UP) == (above == 1)
