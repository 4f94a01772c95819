"""Regimens: what the text means, what is refused, and that nothing is lost between text and doses."""

import itertools
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloniche.errors import ExperimentError, MyelonicheError, UnitError
from myeloniche.pharmacology import Body, read_regimen, regimen_text
from myeloniche.pharmacology.regimen import ROUTES, Amount, Course, Duration, Regimen

GUIDE = (Path(__file__).parents[2] / "docs" / "regimens.md").read_text("utf-8")
ALLOWED, REFUSED = GUIDE.split("## What is refused")
PATIENT = Body("patient", "human", 70.0, 1.8)


def texts(part: str) -> list[str]:
    """Return the texts in the first column of a table."""
    return re.findall(r"^\| `([^`]+)`", part, re.M)


def days(text: str, until_day: float = math.inf) -> list[float]:
    return [dose.hours / 24 for dose in read_regimen(text).doses(until_h=24 * until_day)]


@pytest.mark.parametrize("text", texts(ALLOWED))
def test_an_example_of_the_guide_is_read_and_written_back(text):
    assert regimen_text(read_regimen(text)) == text.replace(" on day", " from day")


@pytest.mark.parametrize("text", texts(REFUSED))
def test_what_the_guide_says_is_refused(text):
    with pytest.raises(MyelonicheError, match=r"file\.yaml:3: regimen: .*got .*, expected(.|\n)*\n +\^"):
        read_regimen(text, where="file.yaml:3")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4 mg iv", [0]),
        ("4 mg iv on day 6", [6]),
        ("20 mg/kg ip q2d from day 6 to day 21", [6, 8, 10, 12, 14, 16, 18, 20]),
        ("0.1 mg/kg sc q1w x4", [0, 7, 14, 21]),
        ("4 mg iv q28d to day 56", [0, 28, 56]),
        ("1.3 mg/m2 sc d1,4,8,11 q21d x2", [0, 3, 7, 10, 21, 24, 28, 31]),
        ("20 mg oral d1,8 q21d x2 from day 6", [6, 13, 27, 34]),
        ("120 mg sc d1,8,15 q28d x1 then 120 mg sc q28d x2", [0, 7, 14, 28, 56]),
        ("5 mg oral q12h x3", [0, 0.5, 1]),
        ("1 mg iv d1,3 then 2 mg iv", [0, 2, 3]),
        ("1 mg iv q2d to day 5 then 2 mg iv", [0, 2, 4, 6]),
    ],
)
def test_days_of_doses(text, expected):
    assert days(text) == expected


def test_the_clinic_counts_doses():
    assert len(days("1.3 mg/m2 sc d1,4,8,11 q21d x8")) == 32
    assert len(days("40 mg oral d1-4,9-12,17-20 q35d x4")) == 48


def test_without_an_end_there_is_no_last_dose():
    assert len(days("4 mg iv q28d", until_day=365)) == 14
    assert read_regimen("4 mg iv q28d").finish() == math.inf


@pytest.mark.parametrize(
    ("text", "grams"), [("4 mg iv", 0.004), ("20 mg/kg ip", 1.4), ("1.3 mg/m2 sc", 0.00234)]
)
def test_a_dose_grows_with_the_body(text, grams):
    (dose,) = read_regimen(text).doses()
    assert dose.amount.mass_g(PATIENT) == pytest.approx(grams, rel=1e-12)


@pytest.mark.parametrize(("text", "what"), [("1 mg/kg ip", "weight"), ("1 mg/m2 iv", "surface")])
def test_a_body_without_its_measure_is_refused(text, what):
    (dose,) = read_regimen(text).doses()
    with pytest.raises(UnitError, match=f"for mouse, whose body {what} is not known.*Give the {what}"):
        dose.amount.mass_g(Body("mouse", "mouse"))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1.30 mg/m² i.v. d1, 4, 8, 11 q21d x8", "1.3 mg/m2 iv d1,4,8,11 q21d x8"),
        ("5µg/kg PO x3 q12h", "5 ug/kg oral q12h x3"),
        ("2 mg iv from day 3 q2d to day 9 over 30min", "2 mg iv over 30 min q2d from day 3 to day 9"),
        ("2 mg iv d1-2,5-7 q2w", "2 mg iv d1,2,5-7 q2w"),
    ],
)
def test_other_spellings_are_written_in_one_way(text, written):
    assert regimen_text(read_regimen(text)) == written


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("", "got the end, expected a dose", 0),
        ("iv 4 mg", "got 'iv', expected a dose such as '1.3 mg/m2' first", 0),
        ("4 mg iw", "got 'iw', expected a route .* Did you mean 'iv'", 5),
        ("4 mg iv sc", "got a second route, expected one of it", 8),
        ("4 mg iv from 6", "got '6', expected 'from day 6' or so. Day 0 is the start", 13),
        ("4 mg iv q2d from day", "got the end, expected a number of the day", 20),
        ("4 mg iv d4-1", "got days 4-1, expected a run that ends after it starts", 8),
        ("4 mg iv d4,1 q21d", "got days 4,1, expected rising days", 0),
        ("4 mg iv d0 q21d", "got days 0, expected rising days from 1 up", 0),
        ("4 mg iv q0d", "got doses every 0", 0),
        ("4 mg iv q2d x0", "got x0, expected a number of cycles from 1 up", 0),
        ("4 mg iv over 15", "got the end, expected a unit of time", 15),
        ("0 mg iv", "got a dose of 0 mg, expected more than 0", 0),
        ("3 uM ip", "got '3 uM', expected a dose such as '20 mg/kg'.*'add' in a dish", 0),
        ("3 iv", "expected a known unit instead of 'iv'", 0),
    ],
)
def test_an_error_says_what_was_got_and_where(text, message, column):
    with pytest.raises(MyelonicheError, match=message) as caught:
        read_regimen(text)
    *_, shown, caret = str(caught.value).splitlines()
    assert shown == f"    {text}"
    assert caret.index("^") == column + 4


def test_a_course_before_the_last_one_is_over_is_refused():
    regimen = read_regimen("1 mg iv q7d x4 then 2 mg iv on day 20")
    with pytest.raises(
        ExperimentError, match=r"from day 20, expected none before day 28.*they would overlap"
    ):
        list(regimen.doses())


numbers = st.floats(1e-6, 1e4)
units = st.sampled_from(["mg", "ug", "mg/kg", "ug/kg", "mg/m2"])
intervals = st.one_of(
    st.builds(Duration, st.integers(1, 60).map(float), st.just("d")),
    st.builds(Duration, st.integers(1, 8).map(float), st.just("w")),
    st.builds(Duration, st.sampled_from([6.0, 8.0, 12.0, 36.0]), st.just("h")),
)


@st.composite
def ended_courses(draw) -> Course:
    every = draw(st.none() | intervals)
    longest = 60 if every is None else max(1, math.ceil(every.hours / 24))
    listed = draw(st.sets(st.integers(1, longest), min_size=1, max_size=12))
    ends = draw(st.sampled_from(["x", "to"])) if every is not None else ""
    return Course(
        Amount(draw(numbers), draw(units)),
        draw(st.sampled_from(ROUTES)),
        days=tuple(sorted(listed)),
        every=every,
        count=draw(st.integers(1, 20)) if ends == "x" else None,
        end_day=float(draw(st.integers(0, 200))) if ends == "to" else None,
    )


unhurried = settings(deadline=None)
regimens = st.lists(ended_courses(), min_size=1, max_size=3).map(lambda each: Regimen(tuple(each)))


@unhurried
@given(regimens)
def test_text_gives_back_the_regimen(regimen):
    assert read_regimen(regimen_text(regimen)) == regimen


@unhurried
@given(regimens)
def test_doses_come_in_the_order_of_time_and_end(regimen):
    times = [dose.hours for dose in regimen.doses()]
    assert all(before < after for before, after in itertools.pairwise(times))
    assert all(time < regimen.finish() or time == 0 for time in times)


@unhurried
@given(ended_courses())
def test_the_number_of_doses_is_days_times_cycles(course):
    if course.cycles is None:
        return
    doses = list(Regimen((course,)).doses())
    assert len(doses) == len(course.days) * course.cycles


@unhurried
@given(ended_courses(), st.floats(0, 400))
def test_the_total_dose_is_the_sum_of_what_was_given_until_then(course, until_day):
    regimen = Regimen((course,))
    early = [dose for dose in regimen.doses() if dose.hours <= 24 * until_day]
    given_by_then = list(regimen.doses(until_h=24 * until_day))
    assert given_by_then == early
    total = sum(dose.amount.mass_g(PATIENT) for dose in given_by_then)
    assert total == pytest.approx(len(early) * course.amount.mass_g(PATIENT))


@unhurried
@given(ended_courses(), st.floats(0, 1000))
def test_a_later_begin_moves_every_dose(course, begin_h):
    if course.end_day is not None:
        return
    first = [dose.hours for dose in Regimen((course,)).doses()]
    later = [dose.hours for dose in Regimen((course,)).doses(begin_h)]
    assert later == pytest.approx([hours + begin_h for hours in first])
