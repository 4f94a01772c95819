"""The rules on numbers made by hand, with their edges."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloniche.errors import UnknownNameError
from myeloniche.findings.rulebook import Evidence, Rulebook, load_rulebook
from myeloniche.findings.rules import LARGEST_SHORTFALL, Judgement


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load_rulebook()


def compared(rulebook: Rulebook, rule: str, treated: float, comparator: float = 1.0) -> Judgement:
    return rulebook.judge(rule, Evidence({"treated": treated, "comparator": comparator}))


def left(rulebook: Rulebook, rule: str, treated: float, induced: float, rest: float = 1.0) -> Judgement:
    return rulebook.judge(rule, Evidence({"treated": treated, "induced": induced, "rest": rest}))


@pytest.mark.parametrize(
    ("rule", "treated", "agree"),
    [
        ("up", 1.25, True),
        ("up", 1.2499, False),
        ("down", 0.8, True),
        ("down", 0.8001, False),
        ("much higher", 2.0, True),
        ("much higher", 1.999, False),
        ("unchanged", 1.1, True),
        ("unchanged", 0.9, True),
        ("unchanged", 1.101, False),
        ("unchanged", 0.899, False),
        ("nearly unchanged", 1.15, True),
        ("nearly unchanged", 0.849, False),
    ],
)
def test_a_fold_change_is_judged_at_its_edge(
    rulebook: Rulebook, rule: str, treated: float, agree: bool
) -> None:
    assert compared(rulebook, rule, treated).agree is agree


@pytest.mark.parametrize("rule", ["up", "down", "much higher", "unchanged", "nearly unchanged"])
@pytest.mark.parametrize("treated", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_agrees_with_nothing(
    rulebook: Rulebook, rule: str, treated: float
) -> None:
    assert not compared(rulebook, rule, treated).agree


def test_something_against_nothing_is_up_without_bound(rulebook: Rulebook) -> None:
    verdict = compared(rulebook, "up", 0.3, 0.0)

    assert verdict.agree
    assert math.isinf(verdict.number)


def test_nothing_against_nothing_is_no_ratio(rulebook: Rulebook) -> None:
    verdict = compared(rulebook, "unchanged", 0.0, 0.0)

    assert math.isnan(verdict.number)
    assert not verdict.agree


@pytest.mark.parametrize(
    ("rule", "doses", "agree"),
    [
        ("dose-dependent down", (1.0, 0.7, 0.5), True),
        ("dose-dependent down", (1.0, 0.5, 0.51), True),  # 2 % back is within the slack
        ("dose-dependent down", (1.0, 0.5, 0.52), False),
        ("dose-dependent down", (1.0, 0.9, 0.81), False),  # ordered, but too little at the top
        ("dose-dependent down", (1.0, 0.4, 0.7), False),  # far enough, but not ordered
        ("dose-dependent up", (1.0, 1.1, 1.3), True),
        ("dose-dependent up", (0.0, 0.1, 0.2), True),
        ("dose-dependent up", (1.0, 1.4, 1.3), False),
        ("dose-dependent up", (1.0, math.nan, 1.3), False),
    ],
)
def test_a_graded_response_needs_size_and_order(
    rulebook: Rulebook, rule: str, doses: tuple[float, ...], agree: bool
) -> None:
    assert rulebook.judge(rule, Evidence(doses=doses)).agree is agree


@pytest.mark.parametrize(
    ("times_h", "course", "agree"),
    [
        ((0, 0.5, 2), (1.0, 0.6, 0.8), True),
        ((0, 0.5, 2), (1.0, 0.61, 1.0), False),  # not low enough
        ((0, 0.5, 2), (1.0, 0.2, 0.79), False),  # not back
        ((0, 1.5, 2), (1.0, 0.2, 1.0), False),  # too late
        ((0, 0.5, 3.5), (1.0, 0.2, 1.0), False),  # back too late
        ((0, 0.5, 2), (1.0, math.nan, 1.0), False),
    ],
)
def test_a_transient_loss_falls_in_time_and_comes_back_in_time(
    rulebook: Rulebook, times_h: tuple[float, ...], course: tuple[float, ...], agree: bool
) -> None:
    evidence = Evidence({"comparator": 1.0}, times_h=times_h, course=course)

    assert rulebook.judge("transient down", evidence).agree is agree


@pytest.mark.parametrize(
    ("rule", "treated", "induced", "agree"),
    [
        ("induction abolished", 1.4, 3.0, True),
        ("induction abolished", 1.41, 3.0, False),
        ("induction abolished", 0.5, 3.0, True),  # below rest is abolished, too
        ("induction suppressed", 2.0, 3.0, True),
        ("induction suppressed", 2.01, 3.0, False),
        ("loss abolished", 0.91, 0.5, True),
        ("loss abolished", 0.89, 0.5, False),
    ],
)
def test_what_is_left_of_an_induction_is_measured_from_rest(
    rulebook: Rulebook, rule: str, treated: float, induced: float, agree: bool
) -> None:
    assert left(rulebook, rule, treated, induced).agree is agree


@pytest.mark.parametrize(
    ("rule", "induced"), [("induction abolished", 1.2), ("induction abolished", 0.5), ("loss abolished", 0.9)]
)
def test_nothing_can_be_abolished_that_was_not_there(rulebook: Rulebook, rule: str, induced: float) -> None:
    verdict = left(rulebook, rule, 1.0, induced)

    assert not verdict.agree
    assert "too little to take away" in verdict.why


@pytest.mark.parametrize(("treated", "agree"), [(1.9, True), (1.31, True), (1.91, False), (1.29, False)])
def test_a_partial_loss_lies_between_a_tenth_and_seven_tenths(
    rulebook: Rulebook, treated: float, agree: bool
) -> None:
    assert left(rulebook, "partial down", treated, 2.0).agree is agree


def test_a_support_that_is_not_there_cannot_be_lost_in_part(rulebook: Rulebook) -> None:
    assert not left(rulebook, "partial down", 0.75, 0.5).agree


@pytest.mark.parametrize(("treated", "agree"), [(0.75, True), (0.74, False), (1.2, True)])
def test_restored_means_half_of_the_loss(rulebook: Rulebook, treated: float, agree: bool) -> None:
    evidence = Evidence({"treated": treated, "lost": 0.5, "rest": 1.0})

    assert rulebook.judge("restored", evidence).agree is agree


def test_an_unknown_rule_is_refused_with_the_nearest(rulebook: Rulebook) -> None:
    with pytest.raises(UnknownNameError, match="induction abolished"):
        rulebook.judge("induction abolishd", Evidence())


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(rule=st.sampled_from(["up", "down", "much higher", "unchanged"]), treated=NUMBERS, comparator=NUMBERS)
def test_what_agrees_falls_short_of_nothing(rule: str, treated: float, comparator: float) -> None:
    judgement = compared(load_rulebook(), rule, treated, comparator)
    assert judgement.agree == (judgement.shortfall == 0.0)
    assert 0.0 <= judgement.shortfall <= LARGEST_SHORTFALL


@given(
    rule=st.sampled_from(["induction abolished", "restored", "partial down"]),
    levels=st.tuples(*[st.floats(0.01, 100.0)] * 3),
)
def test_what_agrees_on_a_share_falls_short_of_nothing(rule: str, levels: tuple[float, ...]) -> None:
    treated, other, rest = levels
    roles = {"treated": treated, "induced": other, "lost": other, "rest": rest}
    judgement = load_rulebook().judge(rule, Evidence(roles))
    assert judgement.agree == (judgement.shortfall == 0.0)
    assert judgement.shortfall <= LARGEST_SHORTFALL


@pytest.mark.parametrize("doses", [(1.0, 0.9, 0.7), (1.0, 1.1, 0.7), (1.0, 0.9, 0.85), (1.0, 0.7, math.nan)])
def test_a_graded_response_falls_short_by_its_steps_and_its_top(
    rulebook: Rulebook, doses: tuple[float, ...]
) -> None:
    judgement = rulebook.judge("dose-dependent down", Evidence(doses=doses))
    assert judgement.agree == (judgement.shortfall == 0.0)


def test_a_shortfall_is_the_logarithm_of_the_missing_fold(rulebook: Rulebook) -> None:
    assert compared(rulebook, "up", 1.0).shortfall == pytest.approx(math.log(1.25))
    assert left(rulebook, "induction abolished", 1.5, 2.0).shortfall == pytest.approx(0.3)
