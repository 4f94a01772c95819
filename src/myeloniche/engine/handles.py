"""Handles: parameters of nominal value 1 through which anything in a model can be perturbed.

======================  ====================================================================================
``process.<process>``   multiplies the rate of a process
``activity.<state>``    multiplies a state in the rates of those processes in which it only takes part as a
                        modifier: what it does, not what it is
``hold.<state>``        multiplies the derivative of a state; 0 clamps it
======================  ====================================================================================

A perturbation is then a change of a parameter's value, and no model has to be compiled again. A state that is
reactant or product of a process is not scaled in that process. Observables show states as they are; the rate
of a process shows its handles, but a formula that uses a process' id keeps the rate without them.
"""

from __future__ import annotations

from dataclasses import replace

from myeloniche.engine.expression import ExpressionGraph
from myeloniche.engine.ode_model import OdeModel, Process, rates_of_states
from myeloniche.errors import ModelError

__all__ = ["HANDLES", "activity_handle", "hold_handle", "process_handle", "with_handles"]

HANDLES = ("process", "activity", "hold")


def process_handle(process: str) -> str:
    """Return the name of the parameter that multiplies a process' rate."""
    return f"process.{process}"


def activity_handle(state: str) -> str:
    """Return the name of the parameter that multiplies what a state does as a modifier."""
    return f"activity.{state}"


def hold_handle(state: str) -> str:
    """Return the name of the parameter that multiplies a state's derivative."""
    return f"hold.{state}"


def with_handles(model: OdeModel) -> OdeModel:
    """Return a model with a handle on every process and state, all at 1, which changes nothing.

    Raises
    ------
    ModelError
        If the model has handles already.
    """
    handles = (
        *(process_handle(process.id) for process in model.processes),
        *(activity_handle(state) for state in model.states),
        *(hold_handle(state) for state in model.states),
    )
    if set(handles) & set(model.parameters):
        raise ModelError(f"model {model.name!r} has handles already; use it as it is")
    processes = tuple(_handled(model.graph, process) for process in model.processes)
    changed = {process.id: process.rate for process in processes}
    return replace(
        model,
        parameters=(*model.parameters, *handles),
        values=(*model.values, *(1.0 for _ in handles)),
        rates=_held_rates(model, processes),
        observables={name: changed.get(name, node) for name, node in model.observables.items()},
        units={**model.units, **dict.fromkeys(handles, "1")},
        processes=processes,
    )


def _handled(graph: ExpressionGraph, process: Process) -> Process:
    scaled = {
        state: graph.call("mul", graph.symbol(activity_handle(state)), graph.symbol(state))
        for state in process.modifiers
    }
    rate = graph.substitute(process.rate, scaled)
    return replace(process, rate=graph.call("mul", graph.symbol(process_handle(process.id)), rate))


def _held_rates(model: OdeModel, processes: tuple[Process, ...]) -> tuple[int, ...]:
    graph = model.graph
    summed = rates_of_states(graph, processes)
    rates = [summed.get(state, own) for state, own in zip(model.states, model.rates, strict=True)]
    holds = [graph.symbol(hold_handle(state)) for state in model.states]
    return tuple(graph.call("mul", hold, rate) for hold, rate in zip(holds, rates, strict=True))
