"""Names and numbers for people, and what stands over the lanes."""

from __future__ import annotations

import math

import pytest

from myeloniche.lab.experiment import Arm, Step
from myeloniche.report.lanes import annotated, last_agent, titles
from myeloniche.report.words import number, percent, pretty


def arm(name: str, *steps: tuple[str, dict[str, str]], cells: tuple[str, ...] = ("RPMI8226",)) -> Arm:
    return Arm(name, cells, tuple(Step(word, dict(arguments)) for word, arguments in steps))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (1.0, "1"), (0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1234"),
        (0.0012345, "0.00123"),
        (-0.5, "−0.5"), (math.nan, "–"), (math.inf, "∞"), (1.5e-5, "1.50·10^−5"), (100.0, "100"),
    ],
)  # fmt: skip
def test_numbers_keep_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_share_without_a_value_is_a_dash() -> None:
    assert (percent(0.123), percent(-0.5), percent(math.nan)) == ("12 %", "−50 %", "–")


def test_greek_letters_come_back() -> None:
    assert pretty("p-IkBa after LLZ 3 uM") == "p-IκBα after LLZ 3\N{NO-BREAK SPACE}µM"


def test_only_what_differs_stands_over_the_lanes() -> None:
    lines = annotated(
        [
            arm("no drug", ("wait", {"for": "48 h"})),
            arm("drug", ("add", {"drug": "LLZ1640-2", "dose": "5 uM"}), ("wait", {"for": "48 h"})),
        ],
        measured="MM",
    )

    assert [(line.label, line.marks) for line in lines] == [("LLZ1640-2 (µM)", ("−", "5"))]


def test_the_partner_of_the_cell_that_is_lysed_gets_a_line() -> None:
    arms = [arm("alone", cells=("BMSC",)), arm("with MM", cells=("RPMI8226", "BMSC"))]

    assert [(line.label, line.marks) for line in annotated(arms, measured="BMSC")] == [
        ("with RPMI8226", ("−", "+"))
    ]


def test_serum_and_genetic_steps_are_told() -> None:
    arms = [
        arm("a", ("starve", {"serum": "1% FBS", "for": "12 h"})),
        arm("b", ("knock_down", {"target": "PIM2", "by": "90%"}), ("wait", {"for": "12 h"})),
    ]

    assert [(line.label, line.marks) for line in annotated(arms, measured="MM")] == [
        ("FBS (%)", ("1", "10")),
        ("PIM2 knock-down", ("−", "90%")),
    ]


def test_a_time_course_counts_from_what_was_added_last() -> None:
    steps = (("add", {"drug": "LLZ1640-2", "dose": "3 uM"}), ("add", {"drug": "TNF", "dose": "10 ng/mL"}))

    assert last_agent(arm("a", *steps)) == "TNF"


def test_harvest_is_named_where_it_differs() -> None:
    same = [arm("a", ("wait", {"for": "48 h"})), arm("b", ("wait", {"for": "48 h"}))]
    other = [*same, arm("si", ("wait", {"for": "13 h"}))]

    assert titles(same) == ["a", "b"]
    assert titles(other) == ["a, 48 h", "b, 48 h", "si, 13 h"]
