"""The whole niche with all drugs: the compiled engine against tight SciPy runs, state by state."""

from __future__ import annotations

import numpy as np
import pytest
from dishes import (
    BLOCKED,
    COCULTURE,
    STARVED_TNF,
    above,
    after_rest,
    disagreement,
    member,
    pointwise_disagreement,
    shown,
)
from numpy.typing import NDArray

from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.timeline import Period
from myeloniche.lab.culture import Culture
from myeloniche.lab.laboratory import Laboratory

Floats = NDArray[np.float64]

# ten times stricter than what the engine promises at rtol 1e-8; measured: 2e-8
LIMIT = 1e-6
HOURS_STARVED_TNF = np.concatenate([np.linspace(0.0, 12.0, 7), 12.0 + np.linspace(0.0, 4.0, 49)[1:]])
TIMELINES = [
    pytest.param(STARVED_TNF, HOURS_STARVED_TNF, id="starved RPMI8226 with TNF"),
    pytest.param(COCULTURE, np.linspace(0.0, 24.0, 25), id="coculture for 24 h", marks=pytest.mark.long),
    pytest.param(BLOCKED, np.linspace(0.0, 48.0, 25), id="LLZ1640-2 5 uM for 48 h", marks=pytest.mark.long),
]


def agrees(laboratory: Laboratory, dish: Culture, hours: Floats, *, rtol: float, method: str) -> None:
    """Assert that engine and reference show the same from the same rest on, with what they disagree in."""
    start = after_rest(laboratory, member(laboratory, dish, hours))
    found = shown(laboratory, start, rtol=1e-8, atol=1e-12)
    (expected,) = simulate_reference(
        laboratory.niche.model, [start], rtol=rtol, atol=rtol * 1e-4, method=method
    )
    assert set(expected) == set(laboratory.niche.model.states)
    assert above(disagreement(found, expected), LIMIT) == {}
    assert above(pointwise_disagreement(found, expected), LIMIT) == {}


@pytest.mark.parametrize(("dish", "hours"), TIMELINES)
def test_every_state_is_that_of_a_tight_multistep_run(laboratory, dish, hours) -> None:
    agrees(laboratory, dish, hours, rtol=1e-10, method="LSODA")


@pytest.mark.long
@pytest.mark.parametrize(("dish", "hours"), TIMELINES)
def test_every_state_is_that_of_a_tight_runge_kutta_run(laboratory, dish, hours) -> None:
    agrees(laboratory, dish, hours, rtol=1e-11, method="Radau")


@pytest.mark.long
@pytest.mark.parametrize("cell", ["RPMI8226", "BMSC", "RAW264.7"])
def test_the_rest_is_that_of_the_slow_twin(laboratory, cell) -> None:
    rest = member(laboratory, Culture((cell,)), [0.0])
    assert isinstance(rest.timeline[0], Period)
    found = shown(laboratory, rest)
    (expected,) = simulate_reference(laboratory.niche.model, [rest], rtol=1e-8, atol=1e-12)
    # both stop once nothing moves by more than 1e-6 per hour; the slowest states have weeks to go then
    assert above(disagreement(found, expected), 1e-3) == {}


@pytest.mark.parametrize(("dish", "hours"), TIMELINES)
def test_everyday_tolerances_are_good_to_four_digits(laboratory, dish, hours) -> None:
    start = after_rest(laboratory, member(laboratory, dish, hours))
    everyday = shown(laboratory, start, rtol=1e-6, atol=1e-9)
    assert above(disagreement(everyday, shown(laboratory, start, rtol=1e-10, atol=1e-14)), 1e-4) == {}
