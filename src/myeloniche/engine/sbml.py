"""SBML Level 2 and 3 core models become ordinary differential equations, or are refused.

A state's number is the value that its SBML id has in formulas: a concentration, or an amount where the
species has only substance units. Only where a compartment changes its size is a concentration no state: its
amount is, as ``id.amount``, and the concentration is an observable that follows. What an initial assignment
fixes for good (a parameter, a constant species) is no parameter of the result but an observable that follows
from other parameters, so that a change of these reaches everything that rests on them. What an event sets is
a state, with the rate 0 if nothing else moves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from myeloniche.engine.ode_model import Event, OdeModel, Process, rates_of_states
from myeloniche.engine.sbml_document import free_clock_name, open_document
from myeloniche.engine.sbml_rates import Rates
from myeloniche.engine.sbml_source import EventText, Source, amount_of
from myeloniche.engine.sbml_units import time_unit, unit_texts

__all__ = ["SbmlModel", "read_sbml", "read_sbml_model"]


@dataclass(frozen=True)
class SbmlModel:
    """The equations of an SBML model, and how its species may be shown.

    Attributes
    ----------
    equations
        The equations.
    amounts, concentrations
        Node of the amount of every species, and of its concentration where its compartment has a size.
    renamed
        Names in the equations of what has another id in the file.
    """

    equations: OdeModel
    amounts: Mapping[str, int]
    concentrations: Mapping[str, int]
    renamed: Mapping[str, str]


def read_sbml(path_or_text: str | Path) -> OdeModel:
    """Return the equations of an SBML model.

    Parameters
    ----------
    path_or_text
        Path of an SBML file, or SBML text, which is recognised by its first character ``<``.

    Returns
    -------
    The model, in the model's own units.

    Raises
    ------
    ModelError
        If the file is missing, is no valid SBML or leaves a value open.
    UnsupportedError
        If it holds what is not honoured (algebraic rules, delayed values, fast reactions, reactions without
        a rate, packages other than ``comp`` that are required and used), with the id of each such element.
    """
    return read_sbml_model(path_or_text).equations


def read_sbml_model(path_or_text: str | Path, *, clock_start: float = 0.0) -> SbmlModel:
    """Return the equations of an SBML model together with amounts and concentrations of its species.

    Parameters
    ----------
    path_or_text
        As for :func:`read_sbml`.
    clock_start
        What the model's time is where the clock of the equations is 0; the state then is the initial one.

    Raises
    ------
    ModelError, UnsupportedError
        As for :func:`read_sbml`.
    """
    document, where = open_document(path_or_text)
    renamed = free_clock_name(document)
    source = Source.of(document.getModel(), where, clock_start)
    source.stop_on_problems()
    rates = Rates.of(source)
    asked = rates.asked(_roots(source, rates))
    start = source.resolve({**source.at_start(), **asked})
    source.stop_on_problems()
    fixed = {name: start[name] for name in source.fixed()}
    running = source.resolve({**source.formulas, **fixed, **asked})
    source.stop_on_problems()
    equations = _model(source, rates, start, running)
    amounts, concentrations = _by_species(source, running)
    return SbmlModel(equations, amounts, concentrations, renamed)


def _roots(source: Source, rates: Rates) -> Iterable[int]:
    """Return every formula that may ask for a rate of change."""
    yield from (*source.formulas.values(), *source.initial.values())
    for state, name in source.states().items():
        rule = rates.rule(state, name)
        if rule is not None:
            yield rule
    for factors in rates.factors.values():
        yield from factors.values()
    for event in source.events:
        optional = (node for node in (event.delay, event.priority) if node is not None)
        yield from (event.trigger, *event.assignments.values(), *optional)


def _model(source: Source, rates: Rates, start: Mapping[str, int], running: Mapping[str, int]) -> OdeModel:
    states, parameters = source.states(), source.parameters()
    processes = tuple(_processes(source, rates, start, running))
    derivatives = rates_of_states(source.graph, processes)
    for state, name in states.items():
        rule = rates.rule(state, name)
        if rule is not None:
            derivatives[state] = source.graph.substitute(rule, running)
    zero = source.graph.number(0.0)
    shown = dict.fromkeys((*source.fixed(), *source.formulas, *source.coefficients))
    observables = {name: running[name] for name in shown}
    units = unit_texts(source.model)
    values = {name: source.value(name) for name in parameters}
    model = OdeModel(
        name=source.model.getId() or source.model.getName() or Path(source.where).stem,
        time_unit=time_unit(source.model),
        graph=source.graph,
        states=tuple(states),
        initial=tuple(start[state] for state in states),
        parameters=parameters,
        values=tuple(float("nan") if value is None else value for value in values.values()),
        rates=tuple(derivatives.get(state, zero) for state in states),
        observables=observables,
        units={name: units[name] for name in (*states, *parameters, *observables) if name in units},
        processes=processes,
        events=tuple(_event(source, event, running) for event in source.events),
    )
    _demand_values(source, model, values)
    return model


def _processes(
    source: Source, rates: Rates, start: Mapping[str, int], running: Mapping[str, int]
) -> Iterable[Process]:
    graph, states = source.graph, source.states()
    for name, factors in rates.factors.items():
        net = rates.coefficients[name]
        touched = {amount_of(species) if species in source.amounts else species for species in net}
        nominal = {state: _nominal(source, start, net[states[state]]) for state in factors}
        yield Process(
            id=name,
            rate=running[name],
            stoichiometry=tuple(nominal.items()),
            modifiers=tuple(sorted((graph.symbols(running[name]) & states.keys()) - touched)),
            factors=tuple(graph.substitute(factor, running) for factor in factors.values()),
        )


def _nominal(source: Source, start: Mapping[str, int], coefficient: int) -> float:
    node = source.graph.substitute(coefficient, start)
    values = {name: source.value(name) or 0.0 for name in source.graph.symbols(node)}
    return float(source.graph.evaluate([node], values)[0])


def _event(source: Source, event: EventText, running: Mapping[str, int]) -> Event:
    element, trigger = event.element, event.element.getTrigger()
    # A new size of the same event comes after the new concentration, which is one in the old size.
    assignments, factors = dict[str, int](), dict[str, int]()
    for name, value in event.assignments.items():
        state = amount_of(name) if name in source.amounts else name
        assignments[state] = source.graph.substitute(value, running)
        if name in source.amounts:
            factors[state] = source.graph.substitute(source.amounts[name], running)
    return Event(
        id=event.id,
        trigger=source.graph.substitute(event.trigger, running),
        assignments=tuple(assignments.items()),
        delay=None if event.delay is None else source.graph.substitute(event.delay, running),
        priority=None if event.priority is None else source.graph.substitute(event.priority, running),
        persistent=trigger.getPersistent(),
        initial_value=trigger.getInitialValue(),
        at_trigger_time=element.getUseValuesFromTriggerTime(),
        factors=factors,
    )


def _by_species(source: Source, running: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the nodes of amount and of concentration of every species."""
    graph, amounts, concentrations = source.graph, dict[str, int](), dict[str, int]()
    for species in source.model.getListOfSpecies():
        name, compartment = species.getId(), species.getCompartment()
        size, number = running.get(compartment, graph.symbol(compartment)), graph.symbol(name)
        number = running.get(name, number)
        if source.size_of(species) is None:
            amounts[name], concentrations[name] = number, graph.call("div", number, size)
        else:
            amounts[name], concentrations[name] = graph.call("mul", number, size), number
        if name in source.amounts:
            amounts[name] = graph.symbol(amount_of(name))
    return amounts, concentrations


def _demand_values(source: Source, model: OdeModel, values: Mapping[str, float | None]) -> None:
    """Refuse a model in which a parameter without a value is used."""
    graph = model.graph
    of_events = (node for event in model.events for node in event.nodes())
    roots = [*model.initial, *model.rates, *model.observables.values(), *of_events]
    used = frozenset[str]().union(*(graph.symbols(node) for node in roots))
    for name, value in values.items():
        if value is None and name in used:
            source.complain(f"parameter {name!r} is used but has no value; add one")
    source.stop_on_problems()
