"""Kernels that look at a trajectory while it is integrated: conditions of events, and what endpoints watch.

They are a module of their own behind a model's kernels: their results lie in the same workspace after
everything else. So a model's own kernels are the same whatever is watched. The dense output is evaluated for
the states that the expressions contain, and for no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from myeloniche.engine.kernels.chunks import Store, emit_chunks, function_text, plan_schedule
from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.lowering import Lowering, SourceNode
from myeloniche.engine.kernels.vector_math import LIBRARY_FUNCTIONS, library_text, math_text
from myeloniche.engine.rosenbrock_tableau import RosenbrockTableau

__all__ = ["STEP_POINTS", "watch_kernel_names", "watch_text", "watched_layout"]

STEP_POINTS = 5
"""Equally spaced points of a step at which a group is evaluated by its kernel ``<name>_points``."""

_MARGIN = 1e-15  # of the clock: at the very end of a step a condition on the clock may already be another


def watch_kernel_names(groups: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the kernels for some groups."""
    return ("watch_dense", *(f"{name}_{where}" for name in groups for where in ("inside", "now", "points")))


def watched_layout(layout: Layout, groups: Mapping[str, Sequence[int]], scratch: int) -> Layout:
    """Return a model's layout with room for groups of watched values behind it.

    Parameters
    ----------
    layout
        The model's own.
    groups
        Nodes of each group of expressions by name.
    scratch
        Values that pass from one chunk of a kernel to the next.
    """
    offsets, total = dict(layout.offsets), layout.slots
    sizes = {name: len(nodes) for name, nodes in groups.items()}
    sizes |= {f"{name}_points": STEP_POINTS * len(nodes) for name, nodes in groups.items()}
    for name, size in {**sizes, "step_end": 1, "share": 1, "scratch": scratch}.items():
        offsets[name] = total
        total += size
    return replace(layout, offsets=offsets, slots=total, scratch=scratch)


def watch_text(
    nodes: Sequence[SourceNode],
    states: Sequence[str],
    parameters: Sequence[str],
    layout: Layout,
    groups: Mapping[str, Sequence[int]],
    tableau: RosenbrockTableau,
) -> tuple[str, Layout]:
    """Print the kernels that compute groups of expressions.

    Parameters
    ----------
    nodes
        The expression graph's nodes.
    states, parameters
        Names of the symbols, in the order of their slots.
    layout
        Of the model's own kernels.
    groups
        Nodes of each group by name.
    tableau
        The integration method.

    Returns
    -------
    Text of a module, and the workspace's new layout. The kernel ``watch_dense`` prepares the dense output
    of the last step. Of each group, ``<name>_inside`` computes the expressions at the place ``theta`` of the
    step and the time ``stage_time``, ``<name>_now`` at the state itself, and ``<name>_points`` at equally
    spaced points from the step's start to the time ``step_end``, which is the part ``share`` of the step.
    """
    lowering = Lowering(nodes, states, parameters)
    lowered = {name: lowering.lower(members) for name, members in groups.items()}
    whole = watched_layout(layout, groups, 0)
    schedules = {
        name: plan_schedule(
            lowering, [Store(o, whole[name] + place) for place, o in enumerate(operations)], frozenset()
        )
        for name, operations in lowered.items()
    }
    scratch = max((len(schedule.scratch) for schedule in schedules.values()), default=0)
    whole = watched_layout(layout, groups, scratch)
    used = {kind for kind, _ in lowering.operations}
    parts = [math_text(layout.lanes), library_text(layout.lanes, used.intersection(LIBRARY_FUNCTIONS))]
    for name, schedule in schedules.items():
        parts.append(emit_chunks(name, lowering, schedule, whole, {}))
        needed = _states_of(lowering, lowered[name])
        parts.append(_now(name, whole))
        parts.append(_inside(name, whole, needed))
        parts.append(_points(name, whole, needed, len(groups[name])))
    everything = _states_of(lowering, [o for operations in lowered.values() for o in operations])
    parts.append(_dense(whole, everything, tableau))
    return "\n".join(parts), whole


def _states_of(lowering: Lowering, roots: Sequence[int]) -> list[int]:
    """Return the numbers of the states on which some operations depend."""
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        operation = waiting.pop()
        kind, operands = lowering.operations[operation]
        if operation not in seen and kind not in ("number", "state", "parameter", "time"):
            waiting.extend(int(operand) for operand in operands)
        seen.add(operation)
    kinds = (lowering.operations[operation] for operation in seen)
    return sorted(int(operands[0]) for kind, operands in kinds if kind == "state")


def _now(name: str, layout: Layout) -> str:
    writer = IrWriter(layout.lanes)
    address = writer.pointer(layout["state"])
    writer.raw(f"  call void @{name}(ptr %w, ptr {address})")
    return function_text(f"{name}_now", writer.lines)


def _inside(name: str, layout: Layout, needed: Sequence[int]) -> str:
    writer = IrWriter(layout.lanes)
    _interpolate(writer, layout, needed, writer.load(layout["theta"]))
    writer.raw(f"  call void @{name}(ptr %w, ptr {writer.pointer(layout['output'])})")
    return function_text(f"{name}_inside", writer.lines)


def _points(name: str, layout: Layout, needed: Sequence[int], count: int) -> str:
    writer = IrWriter(layout.lanes)
    start, end = writer.load(layout["time"]), writer.load(layout["step_end"])
    share, length = writer.load(layout["share"]), writer.sub(end, start)
    margin = writer.mul(writer.splat(_MARGIN), writer.intrinsic("fabs", end))
    for point in range(STEP_POINTS):
        place = writer.splat(point / (STEP_POINTS - 1))
        clock = writer.add(start, writer.mul(place, length))
        if point == 0:
            clock = writer.add(clock, margin)
        elif point == STEP_POINTS - 1:
            clock = writer.sub(end, margin)
        writer.store(clock, layout["stage_time"])
        _interpolate(writer, layout, needed, writer.mul(place, share))
        writer.raw(f"  call void @{name}(ptr %w, ptr {writer.pointer(layout['output'])})")
        for index in range(count):
            value = writer.load(layout[name] + index)
            writer.store(value, layout[f"{name}_points"] + point * count + index)
    return function_text(f"{name}_points", writer.lines)


def _interpolate(writer: IrWriter, layout: Layout, needed: Sequence[int], theta: str) -> None:
    """Print the dense output of some states at a place of the step."""
    rest = writer.sub(writer.splat(1.0), theta)
    for state in needed:
        start, end = writer.load(layout["state"] + state), writer.load(layout["state_end"] + state)
        two, three, four = (writer.load(layout[f"dense{row}"] + state) for row in (2, 3, 4))
        value = writer.add(three, writer.mul(theta, four))
        value = writer.add(two, writer.mul(theta, value))
        value = writer.add(end, writer.mul(rest, value))
        value = writer.add(writer.mul(rest, start), writer.mul(theta, value))
        writer.store(value, layout["output"] + state)


def _dense(layout: Layout, needed: Sequence[int], tableau: RosenbrockTableau) -> str:
    """Print the coefficients of the dense output of some states."""
    writer = IrWriter(layout.lanes)
    for state in needed:
        stages = [writer.load(layout[f"k{stage + 1}"] + state) for stage in range(tableau.stages)]
        for row, weights in enumerate(tableau.dense):
            total = writer.mul(writer.splat(weights[0]), stages[0])
            for weight, stage in zip(weights[1:], stages[1:], strict=True):
                total = writer.add(total, writer.mul(writer.splat(weight), stage))
            writer.store(total, layout[f"dense{row + 2}"] + state)
    return function_text("watch_dense", writer.lines)
