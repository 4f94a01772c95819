"""The slow plain twin of the compiled simulator: SciPy's integrators on the graph as NumPy evaluates it.

It follows the same rules of periods, changes and outputs (see :mod:`myeloniche.engine.timeline`), one member
after the other, and is the oracle against which the kernels are tested. Events are located on the dense
output of every step (see :mod:`myeloniche.engine.reference_events`); in a period until rest, they sleep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference_equations import Method, ReferenceEquations, ReferenceSettings
from myeloniche.engine.reference_events import EventLog, follow
from myeloniche.engine.timeline import REST_TOLERANCE, Change, Member, Segment, check_members, segments
from myeloniche.errors import IntegrationError

__all__ = ["simulate_reference"]

Array = NDArray[np.float64]


def simulate_reference(
    model: OdeModel,
    members: Sequence[Member],
    outputs: Sequence[str] | None = None,
    *,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    method: Method = "LSODA",
    rest_tolerance: float = REST_TOLERANCE,
    rest_atol: float = 1e-9,
) -> list[dict[str, Array]]:
    """Return the trajectories of some members, slowly and in the plainest way.

    Parameters
    ----------
    model
        The equations.
    members
        What to simulate.
    outputs
        States, parameters or observables; all states if not given.
    rtol, atol
        Relative and absolute tolerance of every step.
    method
        The SciPy integrator; models with events always take LSODA.
    rest_tolerance
        Largest relative change per unit of time of a state at rest.
    rest_atol
        What is added to a state's magnitude when its rest is judged; the ``atol`` of the compiled simulator.

    Returns
    -------
    For each member, an array of shape (time,) per output in the model's units; NaN throughout for a member
    that found no rest.

    Raises
    ------
    UnknownNameError
        If a member or an output names what the model does not have.
    IntegrationError
        If SciPy cannot integrate a member.
    """
    check_members(model, members)
    names = tuple(model.states if outputs is None else outputs)
    equations = ReferenceEquations.of(model, names)
    settings = ReferenceSettings(rtol, atol, method, rest_tolerance, rest_atol)
    return [dict(zip(names, _run(equations, member, settings), strict=True)) for member in members]


def _run(equations: ReferenceEquations, member: Member, settings: ReferenceSettings) -> Array:
    """Return what a member shows, shape (output, time)."""
    parameters, state = equations.start(member)
    shown: list[Array] = []
    log = EventLog.of(equations.model)
    for segment in segments(member):
        for change in segment.changes:
            _apply(change, equations.model, parameters, state)
        if segment.until_rest:
            rested = _to_rest(equations, segment, parameters, state, settings)
            if rested is None:
                return np.full((len(_no_output(equations, parameters, state)), member.times.size), np.nan)
            state = rested
            continue
        times = np.minimum(member.times[segment.outputs], segment.stop)
        if equations.model.events:
            states = follow(equations, log, segment, parameters, state, settings, times)
        else:
            states = _integrate(equations, segment, parameters, state, settings, times)
        shown += [equations.observe(time, y, parameters) for time, y in zip(times, states[:-1], strict=True)]
        state = states[-1]
    width = len(_no_output(equations, parameters, state))
    return np.array(shown, dtype=np.float64).reshape(-1, width).T


def _no_output(equations: ReferenceEquations, parameters: Mapping[str, float], state: Array) -> Array:
    return equations.observe(0.0, state, parameters)


def _apply(change: Change, model: OdeModel, parameters: dict[str, float], state: Array) -> None:
    """Change a parameter or a state in place."""
    if change.target in parameters:
        parameters[change.target] = _changed(parameters[change.target], change)
    else:
        index = model.states.index(change.target)
        state[index] = _changed(float(state[index]), change)


def _changed(value: float, change: Change) -> float:
    if change.action == "set":
        return change.value
    return value + change.value if change.action == "add" else value * change.value


def _integrate(
    equations: ReferenceEquations,
    segment: Segment,
    parameters: Mapping[str, float],
    state: Array,
    settings: ReferenceSettings,
    times: Array,
) -> list[Array]:
    """Return the state at each output time, and last the state at the segment's end."""
    if segment.duration == 0.0 or not state.size:
        return [state.copy() for _ in range(times.size + 1)]
    solution = solve_ivp(
        lambda t, y: equations.derivative(t, y, parameters),
        (segment.start, segment.stop),
        state,
        method=settings.method,
        jac=lambda t, y: equations.jacobian(t, y, parameters),
        t_eval=np.unique(np.append(times, segment.stop)),
        rtol=settings.rtol,
        atol=settings.atol,
    )
    _demand_success(solution)
    rows = np.searchsorted(solution.t, np.append(times, segment.stop))
    return [solution.y[:, row].copy() for row in rows]


def _to_rest(
    equations: ReferenceEquations,
    segment: Segment,
    parameters: Mapping[str, float],
    state: Array,
    settings: ReferenceSettings,
) -> Array | None:
    """Return the state at rest with the clock stopped, or None if it does not rest in time."""

    def unrest(_: float, y: Array) -> float:
        slopes = equations.derivative(segment.start, y, parameters)
        allowed = settings.rest_tolerance * (np.abs(y) + settings.rest_atol)
        return float(np.max(np.abs(slopes) - allowed, initial=-1.0))

    unrest.terminal = True  # type: ignore[attr-defined]
    if unrest(0.0, state) <= 0.0:
        return state
    if segment.duration == 0.0:
        return None
    solution = solve_ivp(
        lambda _, y: equations.derivative(segment.start, y, parameters),
        (0.0, segment.duration),
        state,
        # Strongly damped, so that noise of stiff parts does not keep the state from its rest.
        method="Radau",
        jac=lambda _, y: equations.jacobian(segment.start, y, parameters),
        events=unrest,
        rtol=settings.rtol,
        atol=settings.atol,
    )
    _demand_success(solution)
    return solution.y[:, -1].copy() if solution.status == 1 else None


def _demand_success(solution: Any) -> None:
    if not solution.success or not np.all(np.isfinite(solution.y)):
        raise IntegrationError(
            f"SciPy gave up at t = {solution.t[-1] if solution.t.size else 0.0:g}: {solution.message}"
        )
