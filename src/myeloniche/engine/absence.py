"""Leaving out of a model what is absent, so that it costs nothing: exact, for zero stays zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from myeloniche.engine.ode_model import OdeModel, Process
from myeloniche.errors import ModelError, UnknownNameError, raise_all

__all__ = ["stay_zero", "without"]


def without(model: OdeModel, *, zero: Iterable[str], unseen: Iterable[str] = ()) -> OdeModel:
    """Return the model without states that are zero for good, and without what only they let act.

    Parameters
    ----------
    model
        The whole model.
    zero
        States that are zero and stay so, such as the populations of a cell type that is not in the dish.
    unseen
        States that the rest of the model does not see as long as those are zero, such as the inside of
        these cells.

    Returns
    -------
    A model with the same trajectories of all other states. Observables that need a left-out state are left
    out too, and all parameters stay.

    Raises
    ------
    UnknownNameError
        If the model has no state of a name.
    ModelError
        If a state does not stay zero, if the rest of the model sees a state that it should not, or if an
        event touches what is left out.
    """
    gone_zero, gone_unseen = frozenset(zero), frozenset(unseen)
    gone = gone_zero | gone_unseen
    known = frozenset(model.states)
    raise_all(
        [UnknownNameError("state", name, known) for name in sorted(gone - known)], title="absent states"
    )
    graph = model.graph
    nothing = dict.fromkeys(gone_zero, graph.number(0.0))
    rates = dict(zip(model.states, graph.substitute_all(model.rates, nothing), strict=True))
    _check_zero(model, {name: rates[name] for name in gone_zero})
    _check_unseen(model, {name: rate for name, rate in rates.items() if name not in gone}, gone_unseen)
    _check_events(model, gone)
    names = tuple(model.observables)
    shown = dict(zip(names, graph.substitute_all(list(model.observables.values()), nothing), strict=True))
    kept = [place for place, name in enumerate(model.states) if name not in gone]
    return replace(
        model,
        states=tuple(model.states[place] for place in kept),
        initial=tuple(model.initial[place] for place in kept),
        rates=tuple(rates[model.states[place]] for place in kept),
        observables={name: node for name, node in shown.items() if not graph.symbols(node) & gone_unseen},
        processes=_processes(model, gone, nothing),
    )


def stay_zero(model: OdeModel, states: Iterable[str]) -> bool:
    """Return whether states that are all zero stay so, whatever the parameters are."""
    names = tuple(states)
    rates = dict(zip(model.states, model.rates, strict=True))
    nothing = dict.fromkeys(names, model.graph.number(0.0))
    still = model.graph.substitute_all([rates[name] for name in names], nothing)
    return all(model.graph.value(rate) == 0.0 for rate in still)


def _processes(model: OdeModel, gone: frozenset[str], nothing: dict[str, int]) -> tuple[Process, ...]:
    kept = [
        process for process in model.processes if not any(name in gone for name, _ in process.stoichiometry)
    ]
    rates = model.graph.substitute_all([process.rate for process in kept], nothing)
    return tuple(
        replace(process, rate=rate, modifiers=tuple(name for name in process.modifiers if name not in gone))
        for process, rate in zip(kept, rates, strict=True)
        if not model.graph.symbols(rate) & gone
    )


def _check_zero(model: OdeModel, rates: dict[str, int]) -> None:
    for name, rate in rates.items():
        if model.graph.value(rate) != 0.0:
            raise ModelError(
                f"model {model.name!r}: got state {name!r} to leave out as zero, but its rate there is "
                f"{model.graph.text(rate)}, expected 0. Make what changes it proportional to it, or keep it."
            )


def _check_unseen(model: OdeModel, rates: dict[str, int], unseen: frozenset[str]) -> None:
    for name, rate in rates.items():
        seen = sorted(model.graph.symbols(rate) & unseen)
        if seen:
            raise ModelError(
                f"model {model.name!r}: got state {seen[0]!r} to leave out, but the rate of {name!r} needs "
                f"it: {model.graph.text(rate)}. Make its effect proportional to a zero state, or keep it."
            )


def _check_events(model: OdeModel, gone: frozenset[str]) -> None:
    for event in model.events:
        used = {name for name, _ in event.assignments}.union(*map(model.graph.symbols, event.nodes()))
        if used & gone:
            raise ModelError(
                f"model {model.name!r}: got state {min(used & gone)!r} to leave out, which event "
                f"{event.id!r} uses. Keep it."
            )
