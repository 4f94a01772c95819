"""Failures say when and where, tolerances that do not suit are named, and a sample may be checked."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import BLOW_UP, HILL, ROBERTSON, model_of

from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.simulation import ensemble, simulate
from myeloniche.engine.timeline import Member, Period
from myeloniche.errors import ModelError


def test_a_blow_up_is_blamed_on_its_state_at_its_time() -> None:
    model = model_of("model m()\n z' = -z; y' = k*y^2\n y = 1; k = 1; z = 1\nend")
    found = simulate(model, [Member({"k": k}, times=np.array([2.0])) for k in (0.1, 1.0, 4.0)])
    assert found.status[0] == "ok"
    assert np.isnan(found.failures.times[0])
    assert found.failures.states == ("", "y", "y")
    np.testing.assert_allclose(found.failures.times[1:], [1.0, 0.25], rtol=1e-6)


def test_a_rate_that_is_no_number_is_blamed_on_its_state() -> None:
    model = model_of("model m()\n a' = -a; b' = sqrt(c - 2)\n a = 1; b = 0; c = 1\nend")
    found = simulate(model, [Member(times=np.array([1.0]))])
    assert found.status == ["non-finite"]
    assert found.failures.states == ("b",)
    assert found.failures.times[0] == 0.0


def test_a_member_that_finds_no_rest_names_the_state_that_moves() -> None:
    model = model_of("model m()\n a' = 1 - a; b' = 1\n a = 0; b = 0\nend")
    timeline = (Period(50.0, until_rest=True), Period(1.0))
    found = simulate(model, [Member(timeline=timeline, times=np.array([1.0]))])
    assert found.status == ["no rest"]
    assert found.failures.states == ("b",)


def test_a_step_limit_tells_how_far_the_member_came() -> None:
    found = simulate(model_of(HILL), [Member(times=np.array([500.0]))], max_steps=30)
    assert found.status == ["step limit"]
    assert 0.0 < found.failures.times[0] < 500.0
    assert found.failures.states[0] in ("M", "P", "R")


def test_a_tolerance_above_a_states_scale_is_named() -> None:
    member = Member(times=np.array([0.0, 40.0]))
    coarse = simulate(model_of(ROBERTSON), [member], atol=1e-4)
    assert len(coarse.hints) == 1
    assert "'b'" in coarse.hints[0]
    assert simulate(model_of(ROBERTSON), [member], atol=1e-10).hints == ()


def test_a_checked_sample_tells_the_error() -> None:
    members = [Member({"v": v}, times=np.linspace(0.0, 24.0, 9)) for v in np.linspace(1.0, 4.0, 40)]
    loose = simulate(model_of(HILL), members, rtol=1e-4, atol=1e-7, check_fraction=0.1).check
    tight = simulate(model_of(HILL), members, rtol=1e-8, atol=1e-11, check_fraction=0.1).check
    assert loose is not None
    assert tight is not None
    assert loose.members == (0, 13, 26, 39)
    assert loose.disagreeing == ()
    assert loose.member in loose.members
    assert loose.output in ("M", "P", "R")
    assert 1e-9 < loose.largest < 1e-3
    assert tight.largest < 1e-2 * loose.largest


def test_endpoints_are_checked_too() -> None:
    endpoints = [Endpoint("area", "M", name="auc")]
    v = np.linspace(1.0, 4.0, 40)
    data = ensemble(model_of(HILL), {"v": v}, [24.0], endpoints=endpoints, check_fraction=0.1, rtol=1e-5)
    assert data.attrs["checked_members"] == 4
    assert 0.0 < data.attrs["largest_relative_difference"] < 1e-4


def test_a_check_does_not_change_a_bit() -> None:
    members = [Member({"v": v}, times=np.linspace(0.0, 24.0, 9)) for v in (1.0, 2.0)]
    plain = simulate(model_of(HILL), members)
    checked = simulate(model_of(HILL), members, check_fraction=1.0)
    assert plain.check is None
    assert plain.values.tobytes() == checked.values.tobytes()


def test_a_member_that_fails_both_times_does_not_disagree() -> None:
    member = Member(times=np.array([2.0]))
    found = simulate(model_of(BLOW_UP), [member], check_fraction=1.0)
    assert found.check is not None
    assert found.check.disagreeing == ()


def test_a_fraction_above_one_is_refused() -> None:
    with pytest.raises(ModelError, match=r"check_fraction 1\.5"):
        simulate(model_of(HILL), [Member(times=np.array([1.0]))], check_fraction=1.5)


def test_a_dataset_tells_when_members_failed_and_at_which_state() -> None:
    found = ensemble(model_of(BLOW_UP), {"k": [0.1, 1.0]}, [2.0])
    assert found["status"].values.tolist()[0] == "ok"
    assert found["worst_state"].values.tolist() == ["", "y"]
    np.testing.assert_allclose(found["failed_at"].values, [np.nan, 1.0], rtol=1e-6)


def test_an_output_with_the_name_of_a_label_is_refused() -> None:
    model = model_of("model m()\n status' = -k*status\n status = 1; k = 1\nend")
    with pytest.raises(ModelError, match="got an output 'status', but a dataset has a label of that name"):
        ensemble(model, {"k": [1.0, 2.0]}, [1.0])
