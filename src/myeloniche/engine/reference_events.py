"""Events of the slow twin: located on the dense output of every step, executed one at a time.

The rules, which every integrator of the package follows:

- An event fires when its trigger turns from false to true; before the first instant of the first timed period
  the trigger counts as the event's ``initial_value``. The changes of a period may fire events too.
- A fired event is executed after its delay. If it is not persistent and its trigger is false again before, it
  is not executed.
- Of several executions due at the same time the one of highest priority goes first, the priorities being
  computed anew each time. Between equal priorities SBML wants chance to decide: here it does so by the number
  of executions so far, which is the same in every run. Those without a priority go last, in the order of
  firing. After each execution all triggers are looked at again.
- An output time at which events are executed shows the state after them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import LSODA

from myeloniche.engine.breakpoints import break_times
from myeloniche.engine.expression import TIME
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.operations import NUMERIC
from myeloniche.engine.reference_equations import ReferenceEquations, ReferenceSettings
from myeloniche.engine.timeline import Segment
from myeloniche.errors import IntegrationError

__all__ = ["EventLog", "draw", "follow"]

Array = NDArray[np.float64]

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
# With one of these a condition on the clock may change where no linear equation says.
_CURVED = frozenset(
    {"sin", "cos", "tan", "floor", "ceil", "pow", "mul", "div", "exp", "abs", "select", "sqrt"}
)
_SAMPLES = 6
_ROUNDING = 1e-12
_STORM = 10_000
# Where a state runs off to infinity, steps shrink without end.
_TINY = 1e-13
_PATIENCE = 50


@dataclass(frozen=True)
class _Execution:
    """A fired event that waits: when it is due, and its values if those of firing count."""

    due: float
    event: int
    values: tuple[float, ...] | None


@dataclass
class EventLog:
    """What is remembered of a member's events from one period to the next.

    Attributes
    ----------
    model
        The equations.
    conditions
        Nodes of all conditions in rates and triggers, and of the order of the two sides of every equality.
    equalities
        For each equality in a trigger, its node and the place of its order in ``conditions``.
    truths
        Value of each trigger when it was last looked at.
    waiting
        Fired events that are not yet executed.
    executed
        How many events were executed so far.
    """

    model: OdeModel
    conditions: tuple[int, ...]
    equalities: tuple[tuple[int, int], ...]
    truths: list[bool]
    waiting: list[_Execution] = field(default_factory=list)
    executed: int = 0

    def curved(self) -> bool:
        """Say whether a condition may depend on the clock in a way that no linear equation shows."""
        graph = self.model.graph
        timed = (node for node in graph.order(self.conditions) if graph.depends_on(node, TIME))
        return any(graph.nodes[node][0] in _CURVED for node in timed)

    @classmethod
    def of(cls, model: OdeModel) -> EventLog:
        """Return the log before the first instant."""
        graph, triggers = model.graph, [event.trigger for event in model.events]
        conditions = [n for n in graph.order([*model.rates, *triggers]) if graph.nodes[n][0] in _COMPARISONS]
        equalities = []
        for node in [n for n in graph.order(triggers) if graph.nodes[n][0] in ("eq", "ne")]:
            equalities.append((node, len(conditions)))
            conditions.append(graph.call("lt", *graph.nodes[node][1]))
        truths = [event.initial_value for event in model.events]
        return cls(model, (*conditions, *triggers), tuple(equalities), truths)


@dataclass(frozen=True)
class _Functions:
    """What is evaluated again and again, ordered once: conditions, triggers, and the parts of every event."""

    moving: NDArray[np.intp]
    resting: frozenset[str]
    curved: bool
    conditions: Any
    triggers: Any
    delays: tuple[Any, ...]
    priorities: tuple[Any, ...]
    assignments: tuple[Any, ...]
    factors: tuple[Any, ...]

    @classmethod
    def of(cls, model: OdeModel, log: EventLog) -> _Functions:
        graph, zero = model.graph, model.graph.number(0.0)

        def of_some(nodes: Sequence[int | None]) -> tuple[Any, ...]:
            return tuple(None if node is None else graph.function([node]) for node in nodes)

        return cls(
            np.array([index for index, rate in enumerate(model.rates) if rate != zero], dtype=np.intp),
            frozenset(name for name, rate in zip(model.states, model.rates, strict=True) if rate == zero),
            log.curved(),
            graph.function(log.conditions),
            graph.function([event.trigger for event in model.events]),
            of_some([event.delay for event in model.events]),
            of_some([event.priority for event in model.events]),
            tuple(graph.function([node for _, node in event.assignments]) for event in model.events),
            tuple(graph.function(event.factor_nodes(graph)) for event in model.events),
        )


@dataclass
class _Course:
    """One member in one period: the clock, the state and what follows from them."""

    equations: ReferenceEquations
    log: EventLog
    parameters: Mapping[str, float]
    settings: ReferenceSettings
    time: float
    state: Array
    functions: _Functions

    def values(self) -> dict[str, float]:
        return self.equations.values(self.time, self.state, self.parameters)

    def conditions(self, times: Any, states: Array) -> NDArray[np.bool_]:
        """Return all conditions, shape (condition,) or (condition, time)."""
        found = self.functions.conditions(self.equations.values(times, states, self.parameters))
        if np.ndim(times):
            found = [np.broadcast_to(value, np.shape(times)) for value in found]
        truths: NDArray[np.bool_] = np.array(found, dtype=np.float64) != 0.0
        return truths

    def whole(self, moving: Array) -> Array:
        """Return the state with other values of what moves, shape (state,) or (state, time)."""
        state = np.tile(self.state.reshape(-1, *[1] * (moving.ndim - 1)), (1, *moving.shape[1:]))
        state = state.reshape(self.state.size, *moving.shape[1:])
        state[self.functions.moving] = moving
        return state

    # ---- events --------------------------------------------------------------------------------------

    def happen(self, forced: Mapping[int, float] | None = None) -> None:
        """Fire and execute everything that happens now."""
        self._look(forced or {})
        if forced:
            self._look({})
        for _ in range(_STORM):
            now = self.time + _ROUNDING * abs(self.time)
            due = [execution for execution in self.log.waiting if execution.due <= now]
            if not due:
                return
            self._execute(self._first(due))
            self._look({})
        raise IntegrationError(f"event storm at t = {self.time:g}: more than {_STORM} events at one time")

    def _look(self, forced: Mapping[int, float]) -> None:
        """Look at all triggers, fire those that turned true and forget what does not persist."""
        model, log = self.equations.model, self.log
        values = self.values()
        if forced:
            now = _forced(model, [event.trigger for event in model.events], values, forced)
        else:
            now = self.functions.triggers(values)
        for index, event in enumerate(model.events):
            truth = now[index] != 0.0
            if truth and not log.truths[index]:
                self._fire(index, values)
            elif not truth and not event.persistent:
                log.waiting = [execution for execution in log.waiting if execution.event != index]
            log.truths[index] = bool(truth)

    def _fire(self, index: int, values: Mapping[str, float]) -> None:
        model = self.equations.model
        event = model.events[index]
        delay = 0.0 if event.delay is None else float(self.functions.delays[index](values)[0])
        if not delay >= 0.0:
            raise IntegrationError(
                f"event {event.id!r} has the delay {delay:g} at t = {self.time:g}, expected >= 0"
            )
        new = None
        if event.at_trigger_time:
            new = tuple(map(float, self.functions.assignments[index](values)))
        self.log.waiting.append(_Execution(self.time + delay, index, new))

    def _first(self, due: Sequence[_Execution]) -> _Execution:
        """Return the most urgent execution; among equals with a priority, one drawn by the count so far."""
        values = self.values()
        priorities = [self.functions.priorities[execution.event] for execution in due]
        urgency = [-math.inf if priority is None else float(priority(values)[0]) for priority in priorities]
        highest = max(urgency)
        equals = [execution for execution, own in zip(due, urgency, strict=True) if own == highest]
        if len(equals) == 1 or highest == -math.inf:
            return (equals or due)[0]
        return equals[draw(self.log.executed) % len(equals)]

    def _execute(self, execution: _Execution) -> None:
        model = self.equations.model
        new: Sequence[float] | None = execution.values
        if new is None:
            new = self.functions.assignments[execution.event](self.values())
        factors = self.functions.factors[execution.event](self.values())
        self.log.executed += 1
        self.log.waiting = [other for other in self.log.waiting if other is not execution]
        assignments = model.events[execution.event].assignments
        for (name, _), value, factor in zip(assignments, new, factors, strict=True):
            self.state[model.states.index(name)] = value * factor

    # ---- between events ------------------------------------------------------------------------------

    def advance(self, stop: float) -> Iterator[tuple[float, Any]]:
        """Integrate to the next change of a condition or to ``stop``, yielding the end of each step.

        Each comes with a function of the time that gives the state within the step.
        """
        if not self.functions.moving.size or stop - self.time <= 4.0 * math.ulp(stop):
            yield from self._stand(stop)
            return
        before = self.conditions(self.time, self.state)
        solver = self._solver(stop)
        stuck = 0
        while solver.status == "running":
            message = solver.step()
            stuck = stuck + 1 if solver.t - solver.t_old <= _TINY * max(abs(solver.t), math.ulp(0.0)) else 0
            if stuck > _PATIENCE:
                raise IntegrationError(f"SciPy's steps became too small at t = {solver.t:g}")
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)):
                raise IntegrationError(f"SciPy gave up at t = {solver.t:g}: {message or 'non-finite state'}")
            dense = solver.dense_output()

            def within(times: Any, dense: Any = dense) -> Array:
                return self.whole(dense(times))

            end = self._first_change(before, solver.t_old, solver.t, within)
            if end is not None:
                yield end, within
                self._stop_at(end, within(end), before)
                return
            yield solver.t, within
        self.time, self.state = stop, self.whole(solver.y)

    def _stand(self, stop: float) -> Iterator[tuple[float, Any]]:
        """Advance the clock alone, where no state moves."""
        before, edges = self.conditions(self.time, self.state), self._edges(stop)

        def within(times: Any) -> Array:
            return self.whole(np.multiply.outer(self.state[self.functions.moving], np.ones(np.shape(times))))

        for left, right in itertools.pairwise(edges):
            end = self._first_change(before, left, right, within)
            if end is not None:
                yield end, within
                self._stop_at(end, self.state, before)
                return
        yield stop, within
        self.time = stop

    def _edges(self, stop: float) -> Array:
        """Return times between which to look for changes of conditions, the known jumps closely enclosed."""
        known = self.known_jumps()
        margin = _ROUNDING * np.maximum(1.0, np.abs(known))
        edges = np.concatenate([known - margin, known + margin])
        if self.functions.curved:
            edges = np.append(edges, np.linspace(self.time, stop, 1000))
        inside = np.unique(edges[(edges > self.time) & (edges < stop)])
        return np.concatenate([[self.time], inside, [stop]])

    def known_jumps(self) -> Array:
        """Return the times at which conditions linear in time change while what rests now rests."""
        values = self.values()
        found = break_times(self.equations.model, values, resting=self.functions.resting)
        return np.sort(found[np.isfinite(found)])

    def _stop_at(self, time: float, state: Array, before: NDArray[np.bool_]) -> None:
        """Stop where a condition changed; an equality that was passed held for this one instant."""
        self.time, self.state = time, state
        after = self.conditions(time, state)
        nodes = self.equations.model.graph.nodes
        passed = {
            node: float(nodes[node][0] == "eq")
            for node, place in self.log.equalities
            if before[place] != after[place]
        }
        if passed:
            self.happen(passed)

    def _solver(self, stop: float) -> LSODA:
        square = np.ix_(self.functions.moving, self.functions.moving)
        return LSODA(
            lambda t, y: self.equations.derivative(t, self.whole(y), self.parameters)[self.functions.moving],
            self.time,
            self.state[self.functions.moving],
            stop,
            rtol=self.settings.rtol,
            atol=self.settings.atol,
            jac=lambda t, y: np.nan_to_num(
                self.equations.jacobian(t, self.whole(y), self.parameters)[square]
            ),
        )

    def _first_change(
        self, before: NDArray[np.bool_], start: float, stop: float, within: Any
    ) -> float | None:
        """Return the first time of a step at which a condition differs from what it was, to the last bit."""
        times = np.linspace(start, stop, _SAMPLES)[1:]
        changed = np.any(self.conditions(times, within(times)) != before[:, None], axis=0)
        if not np.any(changed):
            return None
        first = int(np.argmax(changed))
        low, high = (float(times[first - 1]) if first else start), float(times[first])
        while low < (middle := 0.5 * (low + high)) < high:
            if np.any(self.conditions(middle, within(middle)) != before):
                high = middle
            else:
                low = middle
        return high


def follow(
    equations: ReferenceEquations,
    log: EventLog,
    segment: Segment,
    parameters: Mapping[str, float],
    state: Array,
    settings: ReferenceSettings,
    times: Array,
) -> list[Array]:
    """Return the state at each output time of a period with events, and last the state at its end.

    Raises
    ------
    IntegrationError
        If SciPy gives up, an event has no delay from 0 up, or events fire each other without end.
    """
    functions = _Functions.of(equations.model, log)
    course = _Course(equations, log, parameters, settings, segment.start, state.copy(), functions)
    shown: list[Array] = []
    course.happen()
    shown += [course.state.copy() for time in times if time <= course.time]
    while course.time < segment.stop:
        for end, within in course.advance(_next_stop(course, segment, times)):
            until = int(np.searchsorted(times, end, side="left"))
            shown += [within(time) for time in times[len(shown) : until]]
        course.happen()
        until = int(np.searchsorted(times, course.time, side="right"))
        shown += [course.state.copy() for _ in range(len(shown), until)]
    return [*shown, course.state.copy()]


def _next_stop(course: _Course, segment: Segment, times: Array) -> float:
    """Return where the solver must stop: an execution, a jump on the clock or the end of the period."""
    now = course.time
    stops = [segment.stop]
    if course.functions.moving.size:
        known = course.known_jumps()
        stops += known[known > now][:1].tolist()
    for execution in course.log.waiting:
        near = times[np.abs(times - execution.due) <= _ROUNDING * max(1.0, abs(execution.due))]
        # Sums such as 0.1 + 0.2 miss the output time 0.3 by rounding only.
        stops.append(float(near[0]) if near.size and near[0] > now else execution.due)
    return min(stop for stop in stops if now < stop <= segment.stop)


def draw(count: int) -> int:
    """Return a number without order that depends on a count alone, by the finaliser of SplitMix64.

    References
    ----------
    Steele, G. L., Lea, D., Flood, C. H. (2014), doi:10.1145/2660193.2660195.
    """
    mask = (1 << 64) - 1
    mixed = (count + 1) * 0x9E3779B97F4A7C15 & mask
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & mask
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & mask
    return mixed ^ mixed >> 31


def _forced(
    model: OdeModel, nodes: Sequence[int], values: Mapping[str, float], forced: Mapping[int, float]
) -> list[Any]:
    """Return expressions, with the values of some of their nodes given."""
    results: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in model.graph.order(nodes):
            operation, operands = model.graph.nodes[node]
            if node in forced:
                results[node] = forced[node]
            elif operation == "number":
                results[node] = np.float64(operands[0])
            elif operation == "symbol":
                results[node] = np.float64(values[operands[0]])
            else:
                results[node] = NUMERIC[operation](*[results[operand] for operand in operands])
    return [results[node] for node in nodes]
