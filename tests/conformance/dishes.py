"""Dishes of the laboratory as members of an ensemble, for tests that look at every state of the niche."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.lab.animal import Animal
from myeloniche.lab.culture import Culture, coculture, culture
from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm

Floats = NDArray[np.float64]

STARVED_TNF = culture("RPMI8226").starve("1% FBS", "12 h").add("TNF", "10 ng/mL").wait("4 h")
COCULTURE = coculture("RPMI8226", "BMSC").wait("24 h")
BLOCKED = culture("RPMI8226").add("LLZ1640-2", "5 uM").wait("48 h")

SMALLEST_SCALE = 1e-9
"""What never exceeds this, in its own unit (nM, 1, kcell/mL), counts as absent."""


def member(laboratory: Laboratory, dish: Culture | Animal, hours: ArrayLike) -> Member:
    """Return a dish, or the bone of an animal, as the engine gets it, with output at some hours."""
    plan = plan_arm(dish.experiment().arms[0], laboratory)
    clock = np.asarray(hours, dtype=np.float64)
    return member_of(plan, [Clock(clock, clock)])


def after_rest(laboratory: Laboratory, rested: Member) -> Member:
    """Return the same member from its rest on, with the resting state written out as initial values."""
    model = laboratory.niche.model
    rest, *periods = rested.timeline
    resting = replace(rested, timeline=(rest,), times=np.zeros(1))
    state = {name: float(values[0]) for name, values in shown(laboratory, resting).items()}
    held = {change.target: change.value for change in rest.changes if change.target in model.parameters}
    return replace(rested, parameters={**rested.parameters, **held}, initial=state, timeline=tuple(periods))


def shown(
    laboratory: Laboratory, member: Member, *, rtol: float = 1e-9, atol: float = 1e-12
) -> dict[str, Floats]:
    """Return every state of one member, each of shape (time,), as the compiled engine finds it."""
    found = simulate(laboratory.niche.model, [member], rtol=rtol, atol=atol, workers=1, throw=True)
    return found.of(0)[1]


def disagreement(found: Mapping[str, Floats], expected: Mapping[str, Floats]) -> dict[str, float]:
    """Return for each state the largest error over time, relative to the state's largest value."""
    return {
        name: float(np.max(np.abs(found[name] - values))) / _scale(values)
        for name, values in expected.items()
    }


def pointwise_disagreement(found: Mapping[str, Floats], expected: Mapping[str, Floats]) -> dict[str, float]:
    """Return for each state the largest error relative to its value then.

    Where the value is below 1e-6 of the state's largest, it does not count.
    """
    result: dict[str, float] = {}
    for name, values in expected.items():
        present = np.abs(values) > 1e-6 * _scale(values)
        errors = np.abs(found[name] - values)[present] / np.abs(values[present])
        result[name] = float(np.max(errors, initial=0.0))
    return result


def above(disagreements: Mapping[str, float], limit: float) -> dict[str, float]:
    """Return what is not within a limit; NaN is not."""
    return {name: value for name, value in disagreements.items() if not value <= limit}


def total(states: Mapping[str, Floats], names: Sequence[str]) -> Floats:
    """Return the sum of some states, shape (time,)."""
    return np.sum([states[name] for name in names], axis=0)


def _scale(values: Floats) -> float:
    return max(float(np.max(np.abs(values))), SMALLEST_SCALE)
