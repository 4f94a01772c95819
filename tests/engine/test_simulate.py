"""Simulations as users call them: timelines, outputs, failures, and results that never depend on company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from small_models import BLOW_UP, HILL, ONE_COMPARTMENT, model_of

from myeloniche.engine import observation
from myeloniche.engine.handles import with_handles
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.simulation import ensemble, simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import IntegrationError, ModelError, UnknownNameError

Floats = NDArray[np.float64]
TIMES = np.linspace(0.0, 24.0, 13)


@pytest.fixture(scope="module")
def hill() -> OdeModel:
    return with_handles(model_of(HILL))


@pytest.fixture(scope="module")
def drug() -> OdeModel:
    return model_of(ONE_COMPARTMENT)


def varied_members(count: int) -> list[Member]:
    """Return members that differ in parameters, times and timelines, so that lanes drift apart."""
    rng = np.random.default_rng(11)
    members = []
    for index in range(count):
        values = {"v": 2.0 * rng.lognormal(0.0, 0.4), "n": 2.0 + rng.random(), "kd": rng.uniform(0.3, 2.0)}
        timeline = (
            Period(100.0, (Change("depth", "set", 0.0),), until_rest=True),
            Period(6.0, (Change("depth", "set", 0.5), Change("P", "add", float(index % 3)))),
            Period(4.0 + index % 5, (Change("process.decay_P", "scale", 0.5), Change("M", "scale", 2.0))),
            Period(20.0, (Change("hold.R", "set", 0.0),) if index % 4 == 0 else ()),
        )
        members.append(Member(values, {"M": 0.2}, timeline, np.linspace(0.0, 20.0 + index % 7, 9)))
    return members


def same_bits(left: Floats, right: Floats) -> bool:
    return left.tobytes() == right.tobytes()


# --- against the slow twin


def test_members_with_timelines_agree_with_the_slow_twin(hill: OdeModel) -> None:
    members = varied_members(6)
    outputs = ("M", "P", "R", "total", "light", "process.decay_P", "transcription")
    found = simulate(hill, members, outputs=outputs, rtol=1e-8, atol=1e-11)
    assert found.status == ["ok"] * 6
    expected = simulate_reference(hill, members, outputs)
    for index, member in enumerate(members):
        times, values = found.of(index)
        np.testing.assert_array_equal(times, member.times)
        for name in outputs:
            np.testing.assert_allclose(values[name], expected[index][name], rtol=1e-5, err_msg=name)


# --- closed forms


def test_repeated_doses_superpose_in_a_linear_model(drug: OdeModel) -> None:
    dose = (Change("Drug", "add", 2.5),)
    timeline = tuple(Period(6.0, dose) for _ in range(10))
    times = np.linspace(0.1, 60.0, 500)
    found = simulate(drug, [Member(timeline=timeline, times=times)], rtol=1e-8, atol=1e-12)
    since = times[:, None] - 6.0 * np.arange(10)
    # at the very time of a dose the output is the state before it
    exact = 2.5 * np.where(since > 1e-9, np.exp(-0.3 * since), 0.0).sum(axis=1)
    np.testing.assert_allclose(found.values[:, 0], exact, rtol=1e-6)


def test_the_output_at_a_dose_shows_the_state_before_it_and_at_time_zero_after_it(drug: OdeModel) -> None:
    timeline = (Period(5.0, (Change("Drug", "set", 1.0),)), Period(5.0, (Change("Drug", "set", 7.0),)))
    found = simulate(drug, [Member(timeline=timeline, times=np.array([0.0, 5.0, 10.0]))], rtol=1e-9)
    expected = [1.0, np.exp(-1.5), 7.0 * np.exp(-1.5)]
    np.testing.assert_allclose(found.values[:, 0], expected, rtol=1e-7)


def test_scaled_and_set_parameters_last_until_changed_again(drug: OdeModel) -> None:
    timeline = (
        Period(2.0),
        Period(2.0, (Change("k", "scale", 3.0),)),
        Period(2.0, (Change("k", "set", 0.1),)),
    )
    member = Member(initial={"Drug": 4.0}, timeline=timeline, times=np.array([2.0, 4.0, 6.0]))
    found = simulate(drug, [member], outputs=["Drug", "k"], rtol=1e-9)
    exposure = np.array([0.6, 0.6 + 1.8, 0.6 + 1.8 + 0.2])
    np.testing.assert_allclose(found.values[:, 0], 4.0 * np.exp(-exposure), rtol=1e-7)
    np.testing.assert_allclose(found.values[:, 1], [0.3, 0.9, 0.1], rtol=1e-15)


def test_a_held_state_does_not_move_while_others_do(hill: OdeModel) -> None:
    timeline = (Period(24.0, (Change("hold.P", "set", 0.0),)),)
    _, values = simulate(hill, [Member(timeline=timeline, times=TIMES)]).of(0)
    assert np.all(values["P"] == 0.5)
    assert np.ptp(values["M"]) > 0.1


def test_initial_expressions_follow_the_members_parameters(hill: OdeModel) -> None:
    members = [Member({"basal": 0.2}, times=TIMES), Member({"basal": 0.2}, {"R": 0.9}, times=TIMES)]
    found = simulate(hill, members)
    assert [found.of(index)[1]["R"][0] for index in (0, 1)] == [0.2, 0.9]


def test_periods_of_no_duration_only_change_things(drug: OdeModel) -> None:
    add = (Change("Drug", "add", 1.0),)
    timeline = (Period(0.0, add), Period(0.0, add), Period(1.0, (*add, Change("k", "set", 0.0))))
    found = simulate(drug, [Member(timeline=timeline, times=np.array([0.0, 1.0]))])
    # time 0 belongs to the first timed period
    np.testing.assert_array_equal(found.values[:, 0], [1.0, 3.0])


def test_no_change_at_a_boundary_is_no_reason_to_begin_anew(drug: OdeModel) -> None:
    start = Change("Drug", "set", 1.0)
    many = Member(timeline=(Period(1.0, (start,)), *[Period(1.0)] * 9), times=np.array([10.0]))
    found = simulate(drug, [many, Member(timeline=(Period(10.0, (start,)),), times=np.array([10.0]))])
    assert found.statistics.steps[0] <= found.statistics.steps[1] + 9
    np.testing.assert_allclose(found.values[0], found.values[1], rtol=1e-6)


# --- periods until rest


def test_a_period_until_rest_ends_at_the_steady_state_with_the_clock_stopped() -> None:
    model = model_of("model m()\n y' = a - b*y + 0*time\n clock := time\n y = 5; a = 3; b = 2\nend")
    timeline = (Period(1e3, until_rest=True), Period(4.0))
    member = Member(timeline=timeline, times=np.array([0.0, 4.0]))
    found = simulate(model, [member], outputs=["y", "clock"], atol=1e-12)
    np.testing.assert_allclose(found.values, [[1.5, 0.0], [1.5, 4.0]], rtol=1e-6)


def test_a_state_at_rest_needs_no_step() -> None:
    model = model_of("model m()\n y' = 1 - y\n y = 1\nend")
    member = Member(timeline=(Period(0.0, until_rest=True), Period(1.0)), times=np.array([1.0]))
    assert simulate(model, [member]).status == ["ok"]


def test_what_never_rests_is_given_up_with_a_status() -> None:
    model = model_of("model m()\n x' = -y\n y' = x\n x = 1; y = 0\nend")
    member = Member(timeline=(Period(50.0, until_rest=True), Period(1.0)), times=np.array([1.0]))
    found = simulate(model, [member])
    assert found.status == ["no rest"]
    assert np.isnan(found.values).all()


def test_time_dependent_rates_stand_still_while_waiting_for_rest() -> None:
    model = model_of("model m()\n y' = sin(time) - y\n y = 3\nend")
    timeline = (Period(np.pi / 2), Period(1e3, until_rest=True), Period(1.0))
    member = Member(timeline=timeline, times=np.array([np.pi / 2, np.pi / 2 + 1e-9]))
    found = simulate(model, [member], rtol=1e-9)
    np.testing.assert_allclose(found.values[1], 1.0, rtol=1e-5)


# --- independence of company


@pytest.mark.parametrize("settings", [{"workers": 2}, {"workers": 3}])
def test_the_number_of_workers_does_not_change_a_bit(hill: OdeModel, settings: dict[str, Any]) -> None:
    members = varied_members(40)
    assert same_bits(simulate(hill, members, **settings).values, simulate(hill, members, workers=1).values)


def test_threads_do_not_change_a_bit_of_what_follows_from_states(
    hill: OdeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observation, "_ROWS_AT_ONCE", 1000)
    times = np.linspace(0.0, 24.0, 100)
    outputs = ("total", "light", "process.decay_P", "transcription", "kd", "M")
    timeline = (Period(10.0), Period(14.0, (Change("kd", "scale", 2.0),)))
    settings = {"timeline": timeline, "outputs": outputs}
    columns = {"v": np.linspace(1.0, 3.0, 60), "n": np.linspace(1.5, 3.0, 60)}
    one, three = (ensemble(hill, columns, times, workers=workers, **settings) for workers in (1, 3))
    assert all(same_bits(one[name].values, three[name].values) for name in outputs)


def test_the_order_of_members_does_not_change_a_bit(hill: OdeModel) -> None:
    members = varied_members(30)
    order = np.random.default_rng(5).permutation(30)
    straight = simulate(hill, members, workers=1)
    shuffled = simulate(hill, [members[index] for index in order], workers=1)
    for place, index in enumerate(order):
        for name in hill.states:
            assert same_bits(shuffled.of(place)[1][name], straight.of(int(index))[1][name])
    np.testing.assert_array_equal(shuffled.statistics.steps, straight.statistics.steps[order])


def test_neighbours_do_not_change_a_bit(hill: OdeModel) -> None:
    members = varied_members(9)
    together = simulate(hill, members, workers=1)
    for index, member in enumerate(members):
        alone = simulate(hill, [member], workers=1)
        assert same_bits(alone.values, np.column_stack(list(together.of(index)[1].values())))


def test_a_failing_member_leaves_its_neighbours_untouched() -> None:
    model = model_of(BLOW_UP)
    times = np.array([0.5, 0.9])
    healthy = [Member({"k": 0.1 * index}, times=times) for index in range(1, 8)]
    alone = simulate(model, healthy, workers=1)
    poles = [Member({"k": 5.0}, times=times), Member({"k": float("nan")}, times=times)]
    mixed = simulate(model, [*healthy[:3], *poles, *healthy[3:]], workers=1)
    assert mixed.status[3] in ("step too small", "non-finite")
    assert mixed.status[4] == "non-finite"
    assert np.isnan(mixed.values[6:10]).all()
    assert same_bits(np.delete(mixed.values, slice(6, 10), axis=0), alone.values)


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_the_width_of_the_vectors_does_not_matter(hill: OdeModel, lanes: int) -> None:
    members = varied_members(11)
    values = simulate(hill, members, lanes=lanes, rtol=1e-8).values
    np.testing.assert_allclose(values, simulate(hill, members, rtol=1e-8).values, rtol=1e-9)


# --- what comes out


def test_the_dataset_carries_units_status_and_common_times() -> None:
    text = "model m()\n unit hour = 3600 second\n species A; J: A -> ; k*A\n A = 1; k = 1\n k has hour\nend"
    found = simulate(model_of(text), [Member({"k": k}, times=TIMES) for k in (0.1, 0.2)], outputs=["A", "k"])
    assert found.dataset["A"].dims == ("member", "time")
    assert found.dataset["status"].values.tolist() == ["ok", "ok"]
    np.testing.assert_array_equal(found.dataset["k"].values, np.repeat([[0.1], [0.2]], TIMES.size, axis=1))
    assert found.dataset["k"].attrs["units"]


def test_different_times_have_no_common_dataset(drug: OdeModel) -> None:
    found = simulate(drug, [Member(times=np.array([1.0])), Member(times=np.array([2.0]))])
    with pytest.raises(ModelError, match=r"different output times; give all the same, or take them one by"):
        _ = found.dataset


def test_columns_give_what_members_give(hill: OdeModel) -> None:
    v = np.linspace(1.0, 3.0, 20)
    start = np.linspace(0.0, 1.0, 20)
    timeline = (Period(10.0), Period(14.0, (Change("P", "add", 1.0), Change("kd", "scale", 2.0))))
    columns = ensemble(hill, {"v": v, "n": 3.0}, TIMES, initial={"M": start}, timeline=timeline)
    pairs = zip(v, start, strict=True)
    members = [Member({"v": a, "n": 3.0}, {"M": b}, timeline, TIMES) for a, b in pairs]
    rows = simulate(hill, members).dataset
    assert all(same_bits(columns[name].values, rows[name].values) for name in hill.states)


def test_columns_of_different_lengths_are_refused(drug: OdeModel) -> None:
    with pytest.raises(ModelError, match=r"got columns of shapes k \(3,\), Drug \(2,\), expected one length"):
        ensemble(drug, {"k": np.ones(3)}, TIMES, initial={"Drug": np.ones(2)})


def test_an_ensemble_without_columns_is_refused(drug: OdeModel) -> None:
    with pytest.raises(ModelError, match="give at least one parameter as an array"):
        ensemble(drug, {"k": 1.0}, TIMES)


def test_failed_members_can_be_an_error() -> None:
    members = [Member(times=np.array([0.5])), Member(times=np.array([2.0]))]
    with pytest.raises(IntegrationError, match=r"\(1 x '.*'\), the first are 1 \(t = 1, state 'y'\)"):
        simulate(model_of(BLOW_UP), members, throw=True)


def test_tolerances_may_be_given_by_state(hill: OdeModel) -> None:
    coarse = simulate(hill, [Member(times=TIMES)], rtol=1e-12, atol={"M": 1e-2, "P": 1e-2, "R": 1e-2})
    fine = simulate(hill, [Member(times=TIMES)], rtol=1e-12)
    assert coarse.statistics.steps[0] < fine.statistics.steps[0]
    with pytest.raises(UnknownNameError, match="unknown state 'MM'"):
        simulate(hill, [Member(times=TIMES)], atol={"MM": 1.0})


def test_a_tolerance_of_zero_is_refused(drug: OdeModel) -> None:
    with pytest.raises(ModelError, match="expected positive numbers"):
        simulate(drug, [Member(times=TIMES)], rtol=0.0)


def test_progress_ends_with_everything_done(drug: OdeModel) -> None:
    seen: list[tuple[int, int]] = []
    simulate(drug, [Member(times=TIMES)] * 50, workers=1, progress=lambda *count: seen.append(count))
    assert seen[-1] == (50, 50)


def test_an_interruption_stops_all_workers(hill: OdeModel) -> None:
    def interrupt(_: int, __: int) -> None:
        raise KeyboardInterrupt

    for workers in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            simulate(hill, varied_members(40), workers=workers, progress=interrupt)


def test_a_model_without_states_shows_its_observables() -> None:
    model = model_of("model m()\n y := 2*time + k\n k = 1\nend")
    found = simulate(model, [Member({"k": 3.0}, times=TIMES)], outputs=["y"])
    np.testing.assert_allclose(found.values[:, 0], 2.0 * TIMES + 3.0)


def test_no_members_give_no_rows(drug: OdeModel) -> None:
    assert simulate(drug, []).values.shape == (0, 1)


def test_an_unknown_output_is_named(drug: OdeModel) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown model quantity 'Drag'.*'Drug'"):
        simulate(drug, [Member(times=TIMES)], outputs=["Drag"])


# --- equations that jump by themselves


def pulse_exposure(times: Floats, start: float, length: float) -> Floats:
    return np.clip(times - start, 0.0, length)


def test_a_short_pulse_is_not_stepped_over() -> None:
    text = """model m()
      y' = piecewise(5, time >= start && time - start < span, 0)
      y = 0; start = 700; span = 0.25
    end"""
    times = np.array([0.0, 699.0, 700.0, 700.1, 700.25, 701.0, 1000.0])
    members = [Member({"start": start}, times=times) for start in (700.0, 700.05, 999.0)]
    found = simulate(model_of(text), members)
    for index, start in enumerate((700.0, 700.05, 999.0)):
        expected = 5.0 * pulse_exposure(times, start, 0.25)
        np.testing.assert_allclose(found.of(index)[1]["y"], expected, rtol=1e-5, atol=1e-8)
    columns = ensemble(model_of(text), {"start": np.array([700.0, 700.05, 999.0])}, times)
    assert same_bits(columns["y"].values, found.dataset["y"].values)


def test_a_jump_of_the_equations_and_a_dose_may_coincide() -> None:
    text = "model m()\n y' = piecewise(-y, time < 3, 2)\n y = 1\nend"
    timeline = (Period(3.0), Period(2.0, (Change("y", "add", 4.0),)))
    found = simulate(model_of(text), [Member(timeline=timeline, times=np.array([3.0, 5.0]))], rtol=1e-8)
    np.testing.assert_allclose(found.values[:, 0], [np.exp(-3.0), np.exp(-3.0) + 8.0], rtol=1e-6)
