"""Statistics of the anchors against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from myeloniche.errors import TableError
from myeloniche.findings.anchors import statistics
from myeloniche.findings.anchors.target import read_target
from myeloniche.findings.anchors.tolerance import read_tolerance


def test_a_peak_between_samples_is_that_of_the_parabola() -> None:
    times = [0.0, 1.0, 3.0, 4.0]
    values = [-((time - 1.7) ** 2) for time in times]

    assert statistics.turning_time(times, values, peak=True) == pytest.approx(1.7)
    assert statistics.turning_time(times, [-value for value in values], peak=False) == pytest.approx(1.7)


def test_a_peak_at_the_end_of_the_window_is_there() -> None:
    assert statistics.turning_time([0.0, 1.0, 2.0], [1.0, 2.0, 3.0], peak=True) == 2.0


def test_a_failed_course_has_no_peak() -> None:
    assert math.isnan(statistics.turning_time([0.0, 1.0], [1.0, math.nan], peak=True))


def test_a_return_is_read_by_straight_lines_after_the_lowest_value() -> None:
    assert statistics.return_time([0, 1, 2, 3], [1.0, 0.2, 0.7, 0.9], share=0.8) == pytest.approx(2.5)


def test_what_does_not_come_back_returns_never() -> None:
    assert statistics.return_time([0, 1, 2], [1.0, 0.2, 0.7], share=0.8) == math.inf


@pytest.mark.parametrize(
    ("survival", "dose"),
    [
        ([0.9, 0.75, 0.25], math.sqrt(10)),  # half way on the logarithmic axis from 1 to 10
        ([0.9, 0.5, 0.25], 1.0),
        ([0.4, 0.3, 0.2], 0.0),  # below the series
        ([0.9, 0.8, 0.7], math.inf),  # above it
        ([0.9, 0.8, 0.5], 10.0),
    ],
)
def test_the_half_maximal_dose_is_interpolated_log_linearly(survival: list[float], dose: float) -> None:
    assert statistics.half_maximal_dose([0.1, 1.0, 10.0], survival) == pytest.approx(dose)


def test_a_failed_dose_gives_no_half_maximal_dose() -> None:
    assert math.isnan(statistics.half_maximal_dose([0.1, 1.0], [0.9, math.nan]))


def test_root_mean_square_and_median() -> None:
    assert statistics.root_mean_square([3.0, -4.0, 0.0, 0.0]) == 2.5
    assert statistics.median([5.0, 1.0, 2.0]) == 2.0
    assert statistics.median([5.0, 1.0, 2.0, math.inf]) == 3.5
    assert math.isnan(statistics.median([1.0, math.nan]))


@pytest.mark.parametrize(
    ("values", "falling"),
    [([3.0, 2.0, 1.0], True), ([3.0, 3.0, 1.0], False), ([1.0, 2.0], False), ([2.0, math.nan], False)],
)
def test_an_order_falls_at_every_step(values: list[float], falling: bool) -> None:
    assert statistics.falls(values) is falling


@pytest.mark.parametrize(
    ("text", "wanted", "inside", "outside"),
    [
        ("15 %", 2.0, (1.71, 2.29), (1.69, 2.31)),
        ("factor 2", 2.0, (1.0, 4.0), (0.99, 4.01)),
        ("15 to 30", None, (15.0, 30.0), (14.9, 30.1)),
        ("at least 0.8", None, (0.8, 9.0), (0.79, math.nan)),
        ("below 0.1", None, (0.1, 0.0), (0.11, math.inf)),
        ("order", None, (1.0, 1.0), (0.0, math.nan)),
    ],
)
def test_a_tolerance_is_a_closed_range(
    text: str, wanted: float | None, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    tolerance = read_tolerance(text)

    assert all(tolerance.holds(value, wanted) for value in inside)
    assert not any(tolerance.holds(value, wanted) for value in outside)


def test_without_a_tolerance_or_a_wanted_number_nothing_is_said() -> None:
    assert read_tolerance("").holds(1.0, 1.0) is None
    assert read_tolerance("factor 3").holds(1.0, None) is None


def test_an_unknown_tolerance_is_refused() -> None:
    with pytest.raises(TableError, match=r"a.yaml:3: got tolerance 'about', expected '15 %'"):
        read_tolerance("about", where="a.yaml:3")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"statistic": "mode"}, "got statistic 'mode'"),
        ({"target": [1, 2, 3]}, "got 3 numbers, expected 1 or 2"),
        ({"collour": "red"}, "lacks no more; expected words among"),
        ({"statistic": "ratio"}, "lacks to;"),
    ],
)
def test_a_target_that_cannot_be_read_is_refused(change: dict[str, object], message: str) -> None:
    row = {"name": "n", "statistic": "value", "readout": "MYC", "arm": "a", "at": "1 2 h", **change}

    with pytest.raises(TableError, match=message):
        read_target(row, "a.yaml:3")


def test_an_area_is_that_of_the_trapezoids() -> None:
    assert statistics.area([0.0, 1.0, 3.0], [2.0, 4.0, 0.0]) == pytest.approx(3.0 + 4.0)


def test_a_half_life_is_that_of_an_exponential() -> None:
    times = [0.0, 1.0, 4.0, 6.0]
    values = [5 * 0.5 ** (time / 3) for time in times]

    assert statistics.half_life(times, values) == pytest.approx(3.0)
    assert statistics.half_life(times, [1.0, 2.0, 3.0, 4.0]) == math.inf
    assert math.isnan(statistics.half_life(times, [1.0, 0.5, 0.0, 0.0]))


def test_phases_are_told_apart_by_taking_the_later_one_off() -> None:
    times = [0.0, 0.5, 1.0]
    later = [20.0, 30.0, 40.0]
    both = [8 * 0.5**time + 2 * 0.5 ** (time / 10) for time in times]

    left = statistics.stripped(times, both, later, [2 * 0.5 ** (time / 10) for time in later])

    assert statistics.half_life(times, left) == pytest.approx(1.0)
