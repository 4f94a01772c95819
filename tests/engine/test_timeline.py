"""Where periods, changes and output times fall on the clock."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.timeline import Change, Member, Period, check_members, segments
from myeloniche.errors import ExperimentError, MyelonicheError


def test_an_output_at_a_boundary_belongs_to_the_period_that_ends_there() -> None:
    member = Member(timeline=(Period(2.0), Period(3.0)), times=np.array([0.0, 2.0, 2.5, 5.0]))
    first, second = segments(member)
    assert (first.outputs, second.outputs) == (slice(0, 2), slice(2, 4))
    assert (second.start, second.stop) == (2.0, 5.0)


def test_a_period_until_rest_leaves_the_clock_alone() -> None:
    timeline = (Period(100.0, until_rest=True), Period(1.0))
    rest, timed = segments(Member(timeline=timeline, times=np.array([0.0, 1.0])))
    assert (rest.start, rest.stop, rest.duration) == (0.0, 0.0, 100.0)
    assert rest.outputs == slice(0, 0)
    assert (timed.start, timed.outputs) == (0.0, slice(0, 2))


def test_rest_alone_is_shown_at_time_zero() -> None:
    *_, last = segments(Member(timeline=(Period(100.0, until_rest=True),), times=np.array([0.0])))
    assert (last.duration, last.outputs) == (0.0, slice(0, 1))


def test_rounding_of_summed_durations_moves_no_output() -> None:
    timeline = (Period(0.1), Period(0.2), Period(0.3))
    found = segments(Member(timeline=timeline, times=np.array([0.1, 0.30000000000000004, 0.6])))
    assert [segment.outputs for segment in found] == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_without_periods_time_runs_to_the_last_output() -> None:
    (only,) = segments(Member(times=np.array([0.0, 7.0])))
    assert (only.stop, only.outputs) == (7.0, slice(0, 2))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1.0, 0.5], "descending"),
        ([-1.0, 0.5], "negative"),
        ([0.0, np.nan], "not finite"),
        ([0.0, 4.0], "output time of 4, expected none after the timeline's end at 3"),
        ([[0.0], [1.0]], "expected one axis"),
    ],
)
def test_impossible_output_times_are_refused(times: list[float], message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        Member(timeline=(Period(3.0),), times=np.array(times))


@pytest.mark.parametrize("duration", [-1.0, np.inf, np.nan])
def test_an_impossible_duration_is_refused(duration: float) -> None:
    with pytest.raises(ExperimentError, match="expected a finite number >= 0"):
        Period(duration)


def test_an_impossible_change_is_refused() -> None:
    with pytest.raises(ExperimentError, match="got action 'double', expected 'set', 'add' or 'scale'"):
        Change("k", "double", 2.0)  # type: ignore[arg-type]
    with pytest.raises(ExperimentError, match="got value nan, expected a finite number"):
        Change("k", "set", float("nan"))


def test_the_times_of_a_member_cannot_be_changed() -> None:
    member = Member(times=np.array([0.0, 1.0]))
    with pytest.raises(ValueError, match="read-only"):
        member.times[0] = 5.0


def test_names_that_cannot_be_set_are_all_reported() -> None:
    model = read_antimony("S -> ; kdeg*S; kdeg = 1; S = 1; total := 2*S")
    member = Member(
        parameters={"kdegg": 1.0}, initial={"T": 2.0}, timeline=(Period(1.0, (Change("total", "set", 1.0),)),)
    )
    with pytest.raises(MyelonicheError, match=r"(?s)3 problems.*'kdegg'.*'kdeg'.*state 'T'.*'total'"):
        check_members(model, [Member(), member])
