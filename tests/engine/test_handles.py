"""Handles: they change nothing at 1, and only what they name otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.handles import with_handles
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import ModelError

TIMES = np.linspace(0.0, 3.0, 7)
CASCADE = """
    compartment cell = 2; species K in cell, S in cell, P in cell
    active := K/(1 + K)
    make: -> K; cell*k0; lose: K -> ; cell*d*K
    convert: S -> P; cell*k1*active*S; revert: P -> S; cell*k2*P*(1 + P*S)
    total := S + P; q' = P - q; q = 0.1
    K = 0.5; S = 2; P = 0; k0 = 0.3; d = 0.2; k1 = 1.5; k2 = 0.4"""


@pytest.fixture(scope="module")
def model() -> OdeModel:
    return with_handles(read_antimony(CASCADE))


def run(model: OdeModel, parameters: Mapping[str, float] | None = None) -> dict[str, np.ndarray]:
    member = Member(parameters or {}, times=TIMES)
    return simulate_reference(model, [member], model.names)[0]


def test_handles_at_one_change_nothing(model: OdeModel) -> None:
    plain = run(read_antimony(CASCADE))
    handled = run(model)
    for name, course in plain.items():
        np.testing.assert_allclose(handled[name], course, rtol=1e-8, atol=1e-10)


def test_every_process_and_state_gets_its_handles(model: OdeModel) -> None:
    handles = {name for name in model.parameters if "." in name}
    assert handles == {
        *(f"process.{name}" for name in ("make", "lose", "convert", "revert")),
        *(f"{kind}.{name}" for kind in ("activity", "hold") for name in ("K", "S", "P", "q")),
    }
    assert all(model.nominal[name] == 1.0 and model.units[name] == "1" for name in handles)


def test_a_process_handle_scales_that_process_and_its_shown_rate(model: OdeModel) -> None:
    found = run(model, {"process.make": 0.0})
    np.testing.assert_allclose(found["K"], 0.5 * np.exp(-0.2 * TIMES), rtol=1e-7)
    np.testing.assert_array_equal(found["make"], 0.0)


def test_an_activity_handle_acts_through_an_expanded_rule(model: OdeModel) -> None:
    found = run(model, {"activity.K": 0.0})
    np.testing.assert_allclose(found["P"], 0.0, atol=1e-12)
    np.testing.assert_allclose(found["K"], run(model)["K"], rtol=1e-8)
    np.testing.assert_allclose(found["active"], run(model)["active"], rtol=1e-8)


def test_an_activity_handle_leaves_processes_of_the_state_itself_alone(model: OdeModel) -> None:
    found, untouched = run(model, {"activity.S": 0.0, "activity.P": 0.0}), run(model)
    np.testing.assert_allclose(found["S"], untouched["S"], rtol=1e-8)


def test_a_held_state_stays_where_it_is(model: OdeModel) -> None:
    found = run(model, {"hold.K": 0.0, "hold.q": 0.0})
    np.testing.assert_array_equal(found["K"], 0.5)
    np.testing.assert_array_equal(found["q"], 0.1)


def test_a_state_can_be_set_held_and_let_go(model: OdeModel) -> None:
    timeline = (
        Period(1.0),
        Period(1.0, (Change("K", "set", 2.0), Change("hold.K", "set", 0.0))),
        Period(1.0, (Change("hold.K", "set", 1.0),)),
    )
    found = simulate_reference(model, [Member(timeline=timeline, times=np.array([1.5, 2.0, 3.0]))])[0]
    np.testing.assert_allclose(found["K"], [2.0, 2.0, 1.5 + 0.5 * np.exp(-0.2)], rtol=1e-7)


def test_handles_are_given_once(model: OdeModel) -> None:
    with pytest.raises(ModelError, match="has handles already"):
        with_handles(model)
