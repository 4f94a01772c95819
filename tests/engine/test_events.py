"""Events in the compiled integrator: closed forms, the slow twin, and independence of company."""

from __future__ import annotations

import numpy as np
import pytest
from event_models import BOUNCING_BALL, with_events
from numpy.typing import NDArray

from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.engine.trajectories import Trajectories

Floats = NDArray[np.float64]

OSCILLATOR = """model oscillator()
  x' = a*(b - x); n' = 0
  full := x >= 1
  more := n + 1
  empty := 0.1 + 0.01*n
  x = 0; n = 0; a = 0.7; b = 1.5
end"""
DOSING = """model dosing()
  y' = -k*y; next' = 0
  due := time >= next
  dosed := y + dose
  later := next + every
  y = 0; next = 1; k = 0.3; dose = 2; every = 2.5
end"""
TWO_AT_ONCE = """model two()
  x' = 0; y' = 1; z' = 0
  reached := y >= 2
  doubled := 2*x
  increased := x + 1
  high := 10
  low := 1 + 0*x
  x = 3; y = 0; z = 0
end"""
DELAYED = """model delayed()
  s' = cos(w*time); x' = 0; y' = 0
  positive := s > 0.5
  seen := s
  more := y + 1
  wait := d
  s = 0; x = 0; y = 0; w = 1; d = 0.6
end"""


@pytest.fixture(scope="module")
def ball() -> OdeModel:
    return with_events(BOUNCING_BALL, {"trigger": "hit", "set": {"v": "back", "h": "ground"}})


@pytest.fixture(scope="module")
def oscillator() -> OdeModel:
    return with_events(OSCILLATOR, {"trigger": "full", "set": {"x": "empty", "n": "more"}})


def tight(model: OdeModel, members: list[Member], **settings: object) -> Trajectories:
    found = simulate(model, members, rtol=1e-9, atol=1e-12, **settings)  # type: ignore[arg-type]
    assert set(found.status) == {"ok"}
    return found


def agree_with_the_twin(model: OdeModel, members: list[Member], tolerance: float = 1e-6) -> None:
    found = tight(model, members)
    expected = simulate_reference(model, members)
    for index in range(len(members)):
        for name, values in found.of(index)[1].items():
            reference = expected[index][name]
            np.testing.assert_allclose(values, reference, rtol=tolerance, atol=tolerance, err_msg=name)


# --- closed forms


def test_a_ball_bounces_when_and_as_high_as_mechanics_says(ball: OdeModel) -> None:
    fall = np.sqrt(2.0 * 5.0 / 9.81)
    speed = 0.8 * 9.81 * fall
    # apex after each of the first three bounces
    first, second = fall + 2.0 * speed / 9.81, fall + 2.0 * speed / 9.81 * (1.0 + 0.8)
    apexes = np.array([fall + speed / 9.81, first + 0.8 * speed / 9.81, second + 0.64 * speed / 9.81])
    found = tight(ball, [Member(times=apexes)])
    np.testing.assert_allclose(found.values[:, 0], 5.0 * 0.64 ** np.arange(1, 4), rtol=1e-7)
    np.testing.assert_allclose(found.values[:, 1], 0.0, atol=1e-6)


def test_doses_at_times_that_are_states_superpose() -> None:
    model = with_events(DOSING, {"trigger": "due", "set": {"y": "dosed", "next": "later"}})
    times = np.linspace(0.0, 20.0, 200)
    found = tight(model, [Member(times=times)])
    given = 1.0 + 2.5 * np.arange(8)
    exact = sum(np.where(times >= t, 2.0 * np.exp(-0.3 * (times - t)), 0.0) for t in given)
    np.testing.assert_allclose(found.values[:, 0], exact, rtol=1e-7, atol=1e-9)


def test_an_output_at_the_time_of_an_event_shows_the_state_after_it() -> None:
    model = with_events(DOSING, {"trigger": "due", "set": {"y": "dosed", "next": "later"}})
    found = tight(model, [Member(times=np.array([0.0, 1.0, 3.5]))])
    np.testing.assert_allclose(found.values[:, 0], [0.0, 2.0, 2.0 + 2.0 * np.exp(-0.75)], rtol=1e-7)


def test_an_oscillator_is_reset_at_its_threshold(oscillator: OdeModel) -> None:
    found = tight(oscillator, [Member({"b": 1.5}, times=np.array([20.0]))])
    # from x0 to 1 takes log((b - x0)/(b - 1))/a
    clock, count, level = 0.0, 0, 0.0
    while clock + np.log((1.5 - level) / 0.5) / 0.7 < 20.0:
        clock += np.log((1.5 - level) / 0.5) / 0.7
        level = 0.1 + 0.01 * count
        count += 1
    assert found.values[0, 1] == count
    assert found.values[0, 0] == pytest.approx(1.5 - (1.5 - level) * np.exp(-0.7 * (20.0 - clock)), rel=1e-6)


# --- rules of SBML


@pytest.mark.parametrize(("first", "second", "end"), [("high", "low", 7.0), ("low", "high", 8.0)])
def test_of_two_events_at_once_the_larger_priority_goes_first(first: str, second: str, end: float) -> None:
    events = [
        {"trigger": "reached", "set": {"x": "doubled"}, "priority": first, "at_trigger_time": False},
        {"trigger": "reached", "set": {"x": "increased"}, "priority": second, "at_trigger_time": False},
    ]
    for model in (with_events(TWO_AT_ONCE, *events), with_events(TWO_AT_ONCE, *reversed(events))):
        assert tight(model, [Member(times=np.array([3.0]))]).values[0, 0] == end


def test_values_of_the_trigger_time_do_not_see_what_comes_first() -> None:
    events = [
        {"trigger": "reached", "set": {"x": "doubled"}, "priority": "high"},
        {"trigger": "reached", "set": {"x": "increased"}, "priority": "low"},
    ]
    model = with_events(TWO_AT_ONCE, *events)
    assert tight(model, [Member(times=np.array([3.0]))]).values[0, 0] == 4.0


@pytest.mark.parametrize(("initial", "expected"), [(True, 3.0), (False, 6.0)])
def test_a_trigger_true_from_the_start_fires_only_if_it_counts_as_false_before(
    initial: bool, expected: float
) -> None:
    event = {"trigger": "reached", "set": {"x": "doubled"}, "initial_value": initial}
    model = with_events(TWO_AT_ONCE, event)
    found = tight(model, [Member(initial={"y": 5.0}, times=np.array([0.0, 1.0]))])
    np.testing.assert_array_equal(found.values[:, 0], [expected, expected])


@pytest.mark.parametrize("persistent", [True, False])
@pytest.mark.parametrize("at_trigger_time", [True, False])
def test_a_delayed_event_is_dropped_only_if_it_does_not_persist(
    persistent: bool, at_trigger_time: bool
) -> None:
    event = {
        "trigger": "positive",
        "set": {"x": "seen", "y": "more"},
        "delay": "wait",
        "persistent": persistent,
        "at_trigger_time": at_trigger_time,
    }
    model = with_events(DELAYED, event)
    members = [Member({"d": delay}, times=np.linspace(0.0, 20.0, 81)) for delay in (0.6, 2.5)]
    found = tight(model, members)
    # s = sin t exceeds one half from asin(1/2) for 2.09 units of time, four times before 20
    dropped = not persistent
    assert found.of(0)[1]["y"][-1] == 4
    assert found.of(1)[1]["y"][-1] == (0 if dropped else 3)
    agree_with_the_twin(model, members)


def test_a_dose_of_the_timeline_may_fire_an_event(oscillator: OdeModel) -> None:
    timeline = (Period(0.5), Period(1.0, (Change("x", "set", 1.2),)))
    found = tight(oscillator, [Member(timeline=timeline, times=np.array([0.5, 0.5 + 1e-9]))])
    np.testing.assert_allclose(found.of(0)[1]["n"], [0.0, 1.0])


def test_events_sleep_until_the_clock_runs() -> None:
    event = {"trigger": "full", "set": {"x": "empty", "n": "more"}, "initial_value": False}
    model = with_events(OSCILLATOR, event)
    timeline = (Period(1e3, until_rest=True), Period(1.0))
    found = tight(model, [Member({"b": 1.1}, timeline=timeline, times=np.array([0.0, 0.5]))])
    np.testing.assert_allclose(found.of(0)[1]["n"], [1.0, 1.0])
    np.testing.assert_allclose(found.of(0)[1]["x"][0], 0.1, rtol=1e-6)


def test_events_that_fire_each_other_for_ever_are_a_storm() -> None:
    text = "model storm()\n x' = 0; t' = 1\n on := t >= 1 + 0*x\n up := (t >= 1) && (x <= 0)\n"
    text += " down := (t >= 1) && (x > 0)\n one := 1 + 0*x\n zero := 0*x\n x = 0; t = 0\nend"
    events = [{"trigger": "up", "set": {"x": "one"}}, {"trigger": "down", "set": {"x": "zero"}}]
    model = with_events(text, *events)
    found = simulate(model, [Member(times=np.array([2.0])), Member(times=np.array([0.5]))])
    assert found.status == ["event storm", "ok"]
    assert found.failures.times[0] == pytest.approx(1.0)


def test_a_condition_that_holds_for_a_moment_within_a_long_step_is_seen() -> None:
    text = (
        "model m()\n x' = 1; n' = 0\n brief := (x > 3.001) && (x < 3.002)\n more := n + 1\n x = 0; n = 0\nend"
    )
    model = with_events(text, {"trigger": "brief", "set": {"n": "more"}})
    found = simulate(model, [Member(times=np.array([3.0, 3.0015, 10.0]))])
    np.testing.assert_array_equal(found.of(0)[1]["n"], [0.0, 1.0, 1.0])


def test_a_wave_of_the_clock_fires_at_every_turn_though_no_state_moves() -> None:
    text = "model m()\n n' = 0\n up := sin(10*time) > 0.5\n more := n + 1\n n = 0\nend"
    model = with_events(text, {"trigger": "up", "set": {"n": "more"}})
    found = simulate(model, [Member(times=np.array([20.0]))])
    assert found.values[0, 0] == 1 + np.floor((20.0 - np.arcsin(0.5) / 10.0) / (0.2 * np.pi))


# --- the slow twin


def test_all_kinds_of_models_agree_with_the_slow_twin(ball: OdeModel, oscillator: OdeModel) -> None:
    agree_with_the_twin(ball, [Member({"e": e}, times=np.linspace(0.0, 5.0, 60)) for e in (0.9, 0.8, 0.75)])
    members = [Member({"a": a}, times=np.linspace(0.0, 30.0, 97)) for a in (0.5, 0.9, 3.0)]
    agree_with_the_twin(oscillator, members)


# --- independence of company


def test_company_order_and_workers_do_not_change_a_bit(oscillator: OdeModel) -> None:
    rng = np.random.default_rng(3)
    members = [Member({"a": a}, times=np.linspace(0.0, 30.0, 20)) for a in rng.uniform(0.3, 4.0, 30)]
    together = simulate(oscillator, members, workers=1)
    threads = simulate(oscillator, members, workers=3)
    assert together.values.tobytes() == threads.values.tobytes()
    order = rng.permutation(30)
    shuffled = simulate(oscillator, [members[index] for index in order], workers=1)
    for place, index in enumerate(order):
        alone = simulate(oscillator, [members[index]], workers=1)
        for name in oscillator.states:
            bits = together.of(int(index))[1][name].tobytes()
            assert shuffled.of(place)[1][name].tobytes() == bits == alone.of(0)[1][name].tobytes()
