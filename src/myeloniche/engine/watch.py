"""What is looked at while a trajectory is integrated, as plain arrays for the compiled loop.

Conditions and consequences of events, and the expressions that endpoints reduce, are groups of expressions
with kernels of their own; here are their tables and what each lane remembers of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.endpoints import DIRECTIONS, KINDS, Endpoint
from myeloniche.engine.expression import TIME
from myeloniche.engine.kernels.cache import ModelKernels
from myeloniche.engine.kernels.watch_printer import STEP_POINTS
from myeloniche.engine.ode_model import OdeModel

__all__ = [
    "EndpointLanes",
    "EndpointTable",
    "EventLanes",
    "EventTable",
    "Watch",
    "make_watch",
    "watch_groups",
]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

QUEUE_CAPACITY = 256
"""Executions that one member may be waiting for at a time; more is a storm of events."""

_REAL = frozenset(
    {"low", "high", "low_weight", "high_weight", "low_root", "high_root", "probe", "reached", "cut"}
    | {"due_time", "queue_time", "queue_value"}
)
_FINEST = 1e-3
_RELATIONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


class EventTable(NamedTuple):
    """The events of a model.

    The slots of the triggers begin at ``trigger``, those of the comparisons in them at ``relation``, of the
    differences whose signs decide these at ``root``, and likewise the new values, their factors, delays and
    priorities.
    """

    first_value: Integers
    assigned: Integers
    persistent: Integers
    initial: Integers
    at_trigger_time: Integers
    roots: int
    resolution: float
    trigger: int
    relation: int
    root: int
    value: int
    factor: int
    delay: int
    priority: int


class EventLanes(NamedTuple):
    """What each lane knows of its events: last axis lane, first axis event, root or place in the queue.

    ``reached`` is the clock at the end of a step, ``cut`` where an event ends it; ``low`` and ``high``
    enclose a change of a trigger while it is searched.
    """

    triggered: Integers
    high_trigger: Integers
    held: Integers
    high_held: Integers
    points: Integers
    mode: Integers
    point: Integers
    side: Integers
    stall: Integers
    tries: Integers
    struck: Integers
    due: Integers
    flagged: Integers
    executed: Integers
    storm: Integers
    sequence: Integers
    queued: Integers
    low: Floats
    high: Floats
    low_weight: Floats
    high_weight: Floats
    probe: Floats
    reached: Floats
    cut: Floats
    due_time: Floats
    low_root: Floats
    high_root: Floats
    queue_event: Integers
    queue_order: Integers
    queue_time: Floats
    queue_value: Floats


class EndpointTable(NamedTuple):
    """The endpoints asked for; ``shown`` is the first slot of their expressions at the points of a step.

    ``bernstein`` turns values at five points of a step into coefficients whose extremes enclose the curve.
    """

    kind: Integers
    threshold: Floats
    direction: Integers
    shown: int
    bernstein: Floats


class EndpointLanes(NamedTuple):
    """What each lane has gathered, shape (endpoint, lane), and all members' results."""

    gathered: Floats
    above: Integers
    results: Floats


class Watch(NamedTuple):
    """Everything the compiled loop needs to look at trajectories; addresses of absent kernels are 0."""

    events: EventTable
    event_lanes: EventLanes
    endpoints: EndpointTable
    endpoint_lanes: EndpointLanes
    condition_inside: int
    condition_now: int
    consequence_now: int
    shown_points: int
    dense: int
    step_end: int
    share: int


def watch_groups(model: OdeModel, endpoints: Sequence[Endpoint]) -> dict[str, tuple[int, ...]]:
    """Return the groups of expressions to be watched, empty if there is neither event nor endpoint."""
    groups: dict[str, tuple[int, ...]] = {}
    if model.events:
        relations = _relations(model)
        roots = (model.graph.call("sub", *model.graph.nodes[node][1]) for node in relations)
        groups["condition"] = (*(event.trigger for event in model.events), *relations, *roots)
        groups["consequence"] = _consequences(model)
    if endpoints:
        groups["shown"] = tuple(endpoint.node(model) for endpoint in endpoints)
    return groups


def _relations(model: OdeModel) -> tuple[int, ...]:
    """Return every comparison in a trigger."""
    nodes = model.graph.order([event.trigger for event in model.events])
    return tuple(node for node in nodes if model.graph.nodes[node][0] in _RELATIONS)


def _resolution(model: OdeModel) -> float:
    """Return the part of a period between two looks, if the clock alone may change a trigger to and fro."""
    graph = model.graph
    for node in _relations(model):
        slope = graph.derivative(graph.call("sub", *graph.nodes[node][1]), TIME)
        if graph.depends_on(node, TIME) and not graph.symbols(slope) <= frozenset(model.parameters):
            return _FINEST
    return 1.0


def _consequences(model: OdeModel) -> tuple[int, ...]:
    """Return new values, then their factors, then delays, then priorities of all events."""
    number = model.graph.number
    values = [node for event in model.events for _, node in event.assignments]
    factors = [node for event in model.events for node in event.factor_nodes(model.graph)]
    delays = [number(0.0) if event.delay is None else event.delay for event in model.events]
    last = number(-np.inf)
    priorities = [last if event.priority is None else event.priority for event in model.events]
    return (*values, *factors, *delays, *priorities)


def make_watch(
    model: OdeModel, endpoints: Sequence[Endpoint], kernels: ModelKernels, members: Floats
) -> Watch:
    """Return the tables of events and endpoints with empty lanes.

    Parameters
    ----------
    model, endpoints
        What is watched.
    kernels
        Of the groups of :func:`watch_groups`.
    members
        Where the endpoints' results go, shape (member, endpoint).
    """
    layout, addresses = kernels.layout, kernels.addresses
    lanes = layout.lanes
    events = _event_table(model, layout.offsets)
    most = int(np.max(np.diff(events.first_value), initial=1))
    shown = layout.offsets.get("shown_points", 0)
    return Watch(
        events,
        _event_lanes(len(model.events), events.roots, most, lanes),
        _endpoint_table(endpoints, shown),
        EndpointLanes(
            np.zeros((len(endpoints), lanes)),
            np.zeros((len(endpoints), lanes), np.int64),
            members,
        ),
        addresses.get("condition_inside", 0),
        addresses.get("condition_now", 0),
        addresses.get("consequence_now", 0),
        addresses.get("shown_points", 0),
        addresses["watch_dense"],
        layout["step_end"],
        layout["share"],
    )


def _event_table(model: OdeModel, offsets: dict[str, int]) -> EventTable:
    events = model.events
    counts = [len(event.assignments) for event in events]
    place = {name: index for index, name in enumerate(model.states)}
    assigned = [place[name] for event in events for name, _ in event.assignments]
    trigger, value = offsets.get("condition", 0), offsets.get("consequence", 0)
    factor = value + len(assigned)
    delay = factor + len(assigned)
    roots = len(_relations(model))
    return EventTable(
        first_value=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        assigned=np.array(assigned, np.int64),
        persistent=np.array([event.persistent for event in events], np.int64),
        initial=np.array([event.initial_value for event in events], np.int64),
        at_trigger_time=np.array([event.at_trigger_time for event in events], np.int64),
        roots=roots,
        resolution=_resolution(model),
        trigger=trigger,
        relation=trigger + len(events),
        root=trigger + len(events) + roots,
        value=value,
        factor=factor,
        delay=delay,
        priority=delay + len(events),
    )


def _event_lanes(events: int, roots: int, most: int, lanes: int) -> EventLanes:
    capacity = QUEUE_CAPACITY if events else 0
    shapes: dict[str, tuple[int, ...]] = {
        "triggered": (events, lanes),
        "high_trigger": (events, lanes),
        "held": (roots, lanes),
        "high_held": (roots, lanes),
        "low_root": (roots, lanes),
        "high_root": (roots, lanes),
        "queue_event": (capacity, lanes),
        "queue_order": (capacity, lanes),
        "queue_time": (capacity, lanes),
        "queue_value": (capacity, most, lanes),
    }
    arrays: dict[str, Any] = {
        name: np.zeros(shapes.get(name, (lanes,)), np.float64 if name in _REAL else np.int64)
        for name in EventLanes._fields
    }
    arrays["queue_event"][:] = -1
    return EventLanes(**arrays)


def _endpoint_table(endpoints: Sequence[Endpoint], shown: int) -> EndpointTable:
    return EndpointTable(
        kind=np.array([KINDS.index(endpoint.kind) for endpoint in endpoints], np.int64),
        threshold=np.array([endpoint.threshold for endpoint in endpoints], np.float64),
        direction=np.array([DIRECTIONS.index(endpoint.direction) for endpoint in endpoints], np.int64),
        shown=shown,
        bernstein=_bernstein(),
    )


def _bernstein() -> Floats:
    """Return the matrix from values at equally spaced points to coefficients of the Bernstein basis."""
    degree = STEP_POINTS - 1
    x = np.linspace(0.0, 1.0, STEP_POINTS)[:, None]
    power = np.arange(STEP_POINTS)[None, :]
    basis = np.array([comb(degree, i) for i in range(STEP_POINTS)]) * x**power * (1.0 - x) ** (degree - power)
    return np.ascontiguousarray(np.linalg.inv(basis))
