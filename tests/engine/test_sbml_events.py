"""Events of SBML, told by the slow twin, against what can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.reference_events import draw
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import IntegrationError


def course(text: str, name: str, times: Sequence[float]) -> np.ndarray:
    """Return one quantity of an Antimony model at some times."""
    member = Member(times=np.array(times, dtype=np.float64))
    return simulate_reference(read_antimony(text), [member], [name])[0][name]


def test_a_parameter_that_an_event_sets_is_a_state() -> None:
    model = read_antimony("E: at time >= 2: k = k + 1; k = 3; fixed = 1")
    assert model.states == ("k",)
    assert model.parameters == ("fixed",)


def test_an_output_at_the_time_of_an_event_shows_the_state_after_it() -> None:
    text = "E: at time >= 2: k = k + 1; k = 3"
    assert course(text, "k", [0, 1.9, 2, 5]).tolist() == [3, 3, 4, 4]


def test_a_trigger_by_greater_than_fires_just_after() -> None:
    assert course("E: at time > 2: k = 4; k = 3", "k", [2, 2.000001]).tolist() == [3, 4]


def test_a_state_that_falls_below_a_level_is_refilled_there() -> None:
    text = "A' = -A; A = 8; E: at A < 2: A = 8"
    period = np.log(4.0)
    found = course(text, "A", [0.5 * period, period + 0.5, 2 * period + 0.5, 3 * period + 0.5])
    expected = [4.0, *[8.0 * np.exp(-0.5)] * 3]
    np.testing.assert_allclose(found, expected, rtol=1e-8)


def test_a_delayed_event_is_executed_later() -> None:
    text = "E: at 1.5 after time >= 2: k = 4; k = 3"
    assert course(text, "k", [2, 3.4, 3.5]).tolist() == [3, 3, 4]


def test_values_are_those_of_the_time_of_firing() -> None:
    text = "E: at 1 after time >= 2: k = time; k = 0"
    assert course(text, "k", [3.5]) == pytest.approx(2.0, rel=1e-12)


def test_values_may_be_those_of_the_time_of_execution() -> None:
    text = "E: at 1 after time >= 2, fromTrigger=false: k = time; k = 0"
    assert course(text, "k", [3.5]) == pytest.approx(3.0, rel=1e-12)


def test_assignments_of_one_event_do_not_see_each_other() -> None:
    text = "E: at time >= 1: a = b, b = a; a = 1; b = 2"
    assert [course(text, name, [2])[0] for name in ("a", "b")] == [2, 1]


def test_an_event_may_fire_at_the_first_instant() -> None:
    text = "E: at time >= 0, t0=false: k = 4; k = 3"
    assert course(text, "k", [0, 1]).tolist() == [4, 4]


def test_a_trigger_true_from_the_start_does_not_fire_by_default() -> None:
    assert course("E: at time >= 0: k = 4; k = 3", "k", [0, 1]).tolist() == [3, 3]


def test_a_fleeting_event_whose_trigger_is_false_again_is_forgotten() -> None:
    pulse = "(time >= 2) && (time < 2.5)"
    assert course(f"E: at 1 after {pulse}, persistent=false: k = 4; k = 3", "k", [5]) == [3]
    assert course(f"E: at 1 after {pulse}, persistent=true: k = 4; k = 3", "k", [5]) == [4]


PRIORITIES = (
    "First: at time >= 1, priority=2, fromTrigger=false: k = 2*k; ",
    "Second: at time >= 1, priority=1, fromTrigger=false: k = k + 1; ",
)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["as written", "reversed"])
def test_priorities_decide_whatever_the_order_in_the_file(order: tuple[int, int]) -> None:
    events = "".join(PRIORITIES[index] for index in order)
    assert course(f"{events} k = 3", "k", [2]) == [7]


def test_a_priority_may_be_a_formula_of_the_state() -> None:
    text = """First: at time >= 1, priority=p, fromTrigger=false: k = 2*k
        Second: at time >= 1, priority=10 - p, fromTrigger=false: k = k + 1; k = 3; p = 4"""
    assert course(text, "k", [2]) == [8]


def test_an_event_may_fire_another_at_the_same_time() -> None:
    text = "A: at time >= 1: x = 1; B: at x > 0.5: y = time; x = 0; y = 0"
    assert course(text, "y", [3]) == pytest.approx(1.0, rel=1e-12)


def test_an_execution_may_take_away_the_ground_of_a_fleeting_one() -> None:
    text = """A: at time >= 1, priority=2: x = 1
        B: at (time >= 1) && (x < 0.5), priority=1, persistent=false: y = 1; x = 0; y = 0"""
    assert course(text, "y", [3]) == [0]


def test_equal_priorities_are_drawn_the_same_in_every_run() -> None:
    text = """A: at time >= 1, priority=1, fromTrigger=false: k = 2*k
        B: at time >= 1, priority=1, fromTrigger=false: k = k + 1; k = 3"""
    first = course(text, "k", [2])
    assert first in (7, 8)
    assert course(text, "k", [2]) == first


def test_draws_are_even() -> None:
    heads = sum(draw(count) % 2 for count in range(1000))
    assert 450 < heads < 550


def test_events_that_fire_each_other_without_end_are_an_error() -> None:
    text = "A: at x > 0.5: x = 0; B: at x < 0.5: x = 1; C: at time >= 1: x = 1; x = 0"
    with pytest.raises(IntegrationError, match="event storm at t = 1"):
        course(text, "x", [2])


def test_a_delay_below_zero_is_an_error() -> None:
    with pytest.raises(IntegrationError, match="event 'E' has the delay -1"):
        course("E: at -k after time >= 1: x = 1; x = 0; k = 1", "x", [2])


def test_an_equality_holds_where_a_state_passes() -> None:
    text = "A' = 1; A = 0; E: at A == 0.7: k = time; k = 0"
    assert course(text, "k", [2]) == pytest.approx(0.7, rel=1e-9)


def test_a_short_pulse_of_the_clock_is_not_stepped_over() -> None:
    text = "A' = -0.001*A; A = 1; E: at (time >= 70) && (time < 70.0001): k = 1; k = 0"
    assert course(text, "k", [100]) == [1]


def test_an_oscillating_trigger_fires_every_time() -> None:
    text = "E: at sin(time) > 0.5: n = n + 1; n = 0"
    assert course(text, "n", [0, 1, 7, 70]).tolist() == [0, 1, 2, 12]


def test_a_change_of_the_timeline_may_fire_an_event() -> None:
    model = read_antimony("A' = -A; A = 1; E: at k > 0.5: A = 5; k = 0")
    timeline = (Period(1.0), Period(1.0, (Change("k", "set", 1.0),)))
    member = Member(timeline=timeline, times=np.array([1.0, 2.0]))
    found = simulate_reference(model, [member])[0]["A"]
    np.testing.assert_allclose(found, [np.exp(-1.0), 5.0 * np.exp(-1.0)], rtol=1e-8)


def test_an_event_without_a_trigger_never_happens() -> None:
    sbml = antimony_to_sbml("E: at time >= 1: k = 4; k = 3")
    start, stop = sbml.index("<trigger"), sbml.index("</trigger>") + len("</trigger>")
    assert read_sbml(sbml[:start] + sbml[stop:]).events == ()
