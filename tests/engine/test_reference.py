"""The slow twin against closed forms."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import IntegrationError, UnknownNameError

CHAIN = "J: A -> B; a*A; K: B -> ; b*B; A = 2; B = 0.5; a = 1.5; b = 0.4; total := A + B"
CLEARANCE = "J: -> C; k; K: C -> ; d*C; C = 0; k = 3; d = 0.5"


@pytest.fixture(scope="module")
def chain() -> OdeModel:
    return read_antimony(CHAIN)


@pytest.fixture(scope="module")
def clearance() -> OdeModel:
    return read_antimony(CLEARANCE)


def closed_form(times: np.ndarray, a: float, b: float) -> tuple[np.ndarray, np.ndarray]:
    first = 2.0 * np.exp(-a * times)
    second = 0.5 * np.exp(-b * times) + 2.0 * a / (b - a) * (np.exp(-a * times) - np.exp(-b * times))
    return first, second


@pytest.mark.parametrize("method", ["LSODA", "BDF", "Radau"])
def test_a_linear_chain_follows_its_closed_form(
    chain: OdeModel, method: Literal["LSODA", "BDF", "Radau"]
) -> None:
    times = np.linspace(0.0, 5.0, 11)
    members = [Member(times=times), Member({"a": 0.7, "b": 2.0}, times=times)]
    found = simulate_reference(chain, members, ["A", "B", "total", "a"], method=method)
    for course, (a, b) in zip(found, [(1.5, 0.4), (0.7, 2.0)], strict=True):
        first, second = closed_form(times, a, b)
        np.testing.assert_allclose(course["A"], first, rtol=1e-6)
        np.testing.assert_allclose(course["B"], second, rtol=1e-6)
        np.testing.assert_allclose(course["total"], first + second, rtol=1e-6)
        np.testing.assert_array_equal(course["a"], a)


def test_initial_values_override_the_models(chain: OdeModel) -> None:
    found = simulate_reference(chain, [Member(initial={"A": 0.0, "B": 7.0}, times=np.array([0.0, 1.0]))])[0]
    np.testing.assert_allclose(found["B"], 7.0 * np.exp(-0.4 * np.array([0.0, 1.0])), rtol=1e-7)


def test_an_output_at_a_dose_shows_the_state_before_it(clearance: OdeModel) -> None:
    stop = Change("k", "set", 0.0)
    timeline = (Period(1.0, (stop, Change("C", "add", 2.0))), Period(1.0, (Change("C", "scale", 10.0),)))
    times = np.array([0.0, 1.0, 2.0])
    found = simulate_reference(clearance, [Member(timeline=timeline, times=times)])[0]
    decay = np.exp(-0.5)
    np.testing.assert_allclose(found["C"], [2.0, 2.0 * decay, 20.0 * decay**2], rtol=1e-7)


def test_changes_of_a_parameter_act_on_its_current_value(clearance: OdeModel) -> None:
    twice = (Change("d", "scale", 3.0), Change("d", "add", 0.5))
    timeline = (Period(0.5, twice), Period(0.5, twice))
    found = simulate_reference(clearance, [Member(timeline=timeline, times=np.array([0.5, 1.0]))], ["d"])[0]
    np.testing.assert_allclose(found["d"], [2.0, 6.5])


def test_after_rest_the_clock_starts_at_zero() -> None:
    model = read_antimony("J: -> C; piecewise(3, time < 1, 0); K: C -> ; d*C; C = 0; d = 0.5")
    timeline = (Period(1e4, until_rest=True), Period(1.0), Period(1.0))
    found = simulate_reference(model, [Member(timeline=timeline, times=np.array([0.0, 1.0, 2.0]))])[0]
    np.testing.assert_allclose(found["C"], [6.0, 6.0, 6.0 * np.exp(-0.5)], rtol=1e-5)


def test_rest_is_found_where_a_state_has_none_left(chain: OdeModel) -> None:
    member = Member(timeline=(Period(1e4, until_rest=True),), times=np.array([0.0]))
    found = simulate_reference(chain, [member])[0]
    np.testing.assert_allclose([found["A"][0], found["B"][0]], 0.0, atol=1e-9)


def test_a_state_already_at_rest_stays(clearance: OdeModel) -> None:
    member = Member(initial={"C": 6.0}, timeline=(Period(0.0, until_rest=True),), times=np.array([0.0]))
    assert simulate_reference(clearance, [member])[0]["C"] == [6.0]


def test_without_rest_every_output_is_nan(clearance: OdeModel) -> None:
    timeline = (Period(0.1, until_rest=True), Period(1.0))
    found = simulate_reference(clearance, [Member(timeline=timeline, times=np.array([0.0, 1.0]))])[0]
    assert found["C"].shape == (2,)
    assert np.isnan(found["C"]).all()


def test_two_half_doses_equal_one_dose(clearance: OdeModel) -> None:
    half, whole = Change("C", "add", 1.0), Change("C", "add", 2.0)
    times = np.array([0.0, 1.0])
    members = [Member(timeline=(Period(1.0, doses),), times=times) for doses in ((half, half), (whole,))]
    first, second = simulate_reference(clearance, members)
    np.testing.assert_allclose(first["C"], second["C"], rtol=1e-10)


def test_a_member_without_outputs_gives_empty_courses(clearance: OdeModel) -> None:
    assert simulate_reference(clearance, [Member(timeline=(Period(1.0),))])[0]["C"].shape == (0,)


def test_an_unknown_output_is_refused(clearance: OdeModel) -> None:
    with pytest.raises(UnknownNameError, match="unknown model quantity 'CC'"):
        simulate_reference(clearance, [Member()], ["CC"])


def test_a_course_that_ends_in_infinity_is_an_error() -> None:
    model = read_antimony("J: -> C; C^2; C = 1")
    with pytest.raises(IntegrationError, match="SciPy gave up at t = "):
        simulate_reference(model, [Member(times=np.array([0.0, 2.0]))], method="BDF")
