"""The one form every model takes before it is compiled: ordinary differential equations as expressions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from myeloniche.engine.expression import TIME, ExpressionGraph
from myeloniche.errors import ModelError, MyelonicheError, UnknownNameError, raise_all

__all__ = ["Event", "OdeModel", "Process", "rates_of_states"]


@dataclass(frozen=True)
class Process:
    """One reaction: a rate, and what it does to the states.

    Attributes
    ----------
    id
        Name of the process.
    rate
        Node of its rate in substance per time, in states, parameters and time.
    stoichiometry
        Net nominal coefficient of each state that it changes.
    modifiers
        States that occur in the rate but are neither reactant nor product, sorted.
    factors
        For each state of ``stoichiometry``, the node by which the rate is multiplied in the state's
        derivative: coefficient times conversion factor, over compartment size for a concentration.
    """

    id: str
    rate: int
    stoichiometry: tuple[tuple[str, float], ...] = ()
    modifiers: tuple[str, ...] = ()
    factors: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if len(self.factors) != len(self.stoichiometry):
            raise ModelError(
                f"process {self.id!r}: got {len(self.factors)} factors for {len(self.stoichiometry)} states; "
                "give one factor per state of the stoichiometry"
            )


@dataclass(frozen=True)
class Event:
    """Something that happens to the states when a condition turns true.

    Attributes
    ----------
    id
        Name of the event; made up where the source has none.
    trigger
        Node of the condition; the event fires each time it turns from false to true.
    assignments
        Each state that is set, and the node of its new value. Values of one event do not see each other.
    delay
        Node of the time from firing to execution, in the model's time unit; None for at once.
    priority
        Node by which executions due at the same time are ordered, largest first; None for no place in order.
    persistent
        Whether a fired event is executed though its condition is false again before.
    initial_value
        The condition's value before the first instant: False lets the event fire at once.
    at_trigger_time
        Whether new values are those of the time of firing rather than those of execution.
    factors
        Node by which the new value of a state is multiplied, always that of the time just before execution;
        so a concentration becomes an amount in a compartment that changes its size.
    """

    id: str
    trigger: int
    assignments: tuple[tuple[str, int], ...]
    delay: int | None = None
    priority: int | None = None
    persistent: bool = True
    initial_value: bool = True
    at_trigger_time: bool = True
    factors: Mapping[str, int] = field(default_factory=dict)

    def nodes(self) -> tuple[int, ...]:
        """Return all nodes of the event: condition, new values, factors, and delay and priority if any."""
        optional = (node for node in (self.delay, self.priority) if node is not None)
        return (self.trigger, *(node for _, node in self.assignments), *self.factors.values(), *optional)

    def factor_nodes(self, graph: ExpressionGraph) -> tuple[int, ...]:
        """Return the node by which each new value is multiplied, 1 where there is none."""
        return tuple(self.factors.get(name, graph.number(1.0)) for name, _ in self.assignments)


@dataclass(frozen=True)
class OdeModel:
    """States, their derivatives and what may be observed, as nodes of one expression graph.

    Attributes
    ----------
    name
        Name of the model.
    time_unit
        Unit of the clock, as text; empty if the source names none.
    graph
        The graph in which all nodes below live.
    states
        Names of the states.
    initial
        Node of each state's initial value, in parameters only.
    parameters
        Names of the parameters; constant compartments and constant species are among them.
    values
        Nominal value of each parameter.
    rates
        Node of each state's derivative, in states, parameters and time.
    observables
        Nodes of everything else that has a name: assignment rules, quantities fixed by an initial
        assignment and the rates of processes, in states, parameters and time.
    units
        Unit of states, parameters and observables, as text, where the source names one.
    processes
        The reactions of which the rates are made; a state in none of them has a rate of its own.
    events
        What happens to states when a condition turns true. An event sets nothing but states, so whatever
        one sets is a state, with the rate 0 if nothing else moves it.

    Raises
    ------
    ModelError
        If lengths disagree, a name is used twice or an expression uses an unknown name.
    """

    name: str
    time_unit: str
    graph: ExpressionGraph = field(compare=False, repr=False)
    states: tuple[str, ...]
    initial: tuple[int, ...] = field(repr=False)
    parameters: tuple[str, ...]
    values: tuple[float, ...] = field(repr=False)
    rates: tuple[int, ...] = field(repr=False)
    observables: Mapping[str, int] = field(default_factory=dict, repr=False)
    units: Mapping[str, str] = field(default_factory=dict, repr=False)
    processes: tuple[Process, ...] = field(default=(), repr=False)
    events: tuple[Event, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        problems: list[MyelonicheError] = [*_length_problems(self), *_name_problems(self)]
        if not problems:
            problems = list(_symbol_problems(self))
        raise_all(problems, title=f"model {self.name!r}")

    @property
    def nominal(self) -> dict[str, float]:
        """Nominal value by parameter name."""
        return dict(zip(self.parameters, self.values, strict=True))

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that can be an output: states, parameters and observables."""
        return (*self.states, *self.parameters, *self.observables)

    def node(self, name: str) -> int:
        """Return the node of a state, parameter or observable.

        Raises
        ------
        UnknownNameError
            If the model has nothing of that name.
        """
        if name in self.observables:
            return self.observables[name]
        if name in self.states or name in self.parameters:
            return self.graph.symbol(name)
        raise UnknownNameError("model quantity", name, self.names, where=self.name)

    def with_values(self, values: Mapping[str, float]) -> OdeModel:
        """Return the model with other nominal values of some parameters.

        Raises
        ------
        UnknownNameError
            If a name is no parameter.
        """
        known = self.nominal
        unknown = [
            UnknownNameError("parameter", name, known, where=self.name)
            for name in values
            if name not in known
        ]
        raise_all(unknown, title=f"model {self.name!r}")
        known.update({name: float(value) for name, value in values.items()})
        return replace(self, values=tuple(known.values()))

    def structure_fingerprint(self) -> str:
        """Return a hash of names and equations, the same for all nominal values, units and model names."""
        digest = self.graph.digest
        parts = [
            *(
                f"state {n} {digest(i)} {digest(r)}"
                for n, i, r in zip(self.states, self.initial, self.rates, strict=True)
            ),
            *(f"parameter {name}" for name in self.parameters),
            *(f"observable {name} {digest(node)}" for name, node in sorted(self.observables.items())),
            *(f"process {p.id} {digest(p.rate)} {p.stoichiometry} {p.modifiers}" for p in self.processes),
            *(_event_text(event, digest) for event in self.events),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def fingerprint(self) -> str:
        """Return a hash of the whole content, the same in every process and for every numbering of nodes."""
        parts = [
            self.structure_fingerprint(),
            f"{self.name} [{self.time_unit}]",
            *(f"{name} {value.hex()}" for name, value in self.nominal.items()),
            *(f"{name} [{unit}]" for name, unit in sorted(self.units.items())),
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def rates_of_states(graph: ExpressionGraph, processes: Iterable[Process]) -> dict[str, int]:
    """Return the derivative of every state that some process changes: the sum of factor times rate."""
    terms: dict[str, list[int]] = {}
    for process in processes:
        for (state, _), factor in zip(process.stoichiometry, process.factors, strict=True):
            terms.setdefault(state, []).append(graph.call("mul", factor, process.rate))
    return {state: graph.fold("add", parts) for state, parts in terms.items()}


def _event_text(event: Event, digest: Callable[[int], str]) -> str:
    optional = ["-" if node is None else digest(node) for node in (event.delay, event.priority)]
    values = [f"{name}={digest(node)}" for name, node in event.assignments]
    values += [f"{name}*={digest(node)}" for name, node in sorted(event.factors.items())]
    flags = (event.persistent, event.initial_value, event.at_trigger_time)
    return " ".join(["event", event.id, digest(event.trigger), *optional, *map(str, flags), *values])


def _length_problems(model: OdeModel) -> Iterable[ModelError]:
    for what, got, of, expected in (
        ("initial values", model.initial, "states", model.states),
        ("rates", model.rates, "states", model.states),
        ("values", model.values, "parameters", model.parameters),
    ):
        if len(got) != len(expected):
            yield ModelError(f"got {len(got)} {what} for {len(expected)} {of}; give one for each")


def _name_problems(model: OdeModel) -> Iterable[ModelError]:
    for name, count in Counter(model.names).items():
        if count > 1:
            yield ModelError(f"the name {name!r} is used {count} times; rename all but one")
    if TIME in model.names:
        yield ModelError(f"the name {TIME!r} is the model's clock; rename the quantity")


def _symbol_problems(model: OdeModel) -> Iterable[MyelonicheError]:
    parameters = frozenset(model.parameters)
    everything = parameters.union(model.states, (TIME,))
    uses = [
        *(
            (f"initial value of {n!r}", node, parameters)
            for n, node in zip(model.states, model.initial, strict=True)
        ),
        *((f"rate of {n!r}", node, everything) for n, node in zip(model.states, model.rates, strict=True)),
        *((f"observable {n!r}", node, everything) for n, node in model.observables.items()),
        *((f"process {process.id!r}", process.rate, everything) for process in model.processes),
        *((f"event {event.id!r}", node, everything) for event in model.events for node in event.nodes()),
    ]
    for where, node, known in uses:
        for name in sorted(model.graph.symbols(node) - known):
            yield UnknownNameError("symbol", name, known, where=where)
    for event in model.events:
        for name in (name for name, _ in event.assignments if name not in model.states):
            yield UnknownNameError("state", name, model.states, where=f"event {event.id!r}")
