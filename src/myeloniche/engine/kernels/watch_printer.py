"""Kernels that look at a trajectory while it is integrated: conditions of events, and what endpoints watch.

They are a module of their own behind a model's kernels: their results lie in the same workspace after
everything else. So a model's own kernels are the same whatever is watched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from myeloniche.engine.kernels.chunks import Store, emit_chunks, function_text, plan_schedule
from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.lowering import Lowering, SourceNode
from myeloniche.engine.kernels.vector_math import LIBRARY_FUNCTIONS, library_text, math_text

__all__ = ["watch_text", "watched_layout"]


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
    for name, size in [*((name, len(nodes)) for name, nodes in groups.items()), ("scratch", scratch)]:
        offsets[name] = total
        total += size
    return replace(layout, offsets=offsets, slots=total, scratch=scratch)


def watch_text(
    nodes: Sequence[SourceNode],
    states: Sequence[str],
    parameters: Sequence[str],
    layout: Layout,
    groups: Mapping[str, Sequence[int]],
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

    Returns
    -------
    Text of a module with, for each group, a kernel ``<name>_inside`` at the interpolated state and a kernel
    ``<name>_now`` at the state itself, both at the time in ``stage_time``; and the workspace's new layout.
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
        parts.append(_door(f"{name}_inside", name, whole, "output"))
        parts.append(_door(f"{name}_now", name, whole, "state"))
    return "\n".join(parts), whole


def _door(name: str, inner: str, layout: Layout, source: str) -> str:
    writer = IrWriter(layout.lanes)
    address = writer.pointer(layout[source])
    writer.raw(f"  call void @{inner}(ptr %w, ptr {address})")
    return function_text(name, writer.lines)
