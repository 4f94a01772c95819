"""Survival against numbers that are in the textbooks, and against another library where it is there."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from survival_data import FREIREICH, durations

from myeloniche.errors import ExperimentError, TableError, UnknownNameError
from myeloniche.trials.analysis.cohort import arms_of, durations_of
from myeloniche.trials.analysis.survival import compare, compare_arms, kaplan_meier
from myeloniche.trials.protocol.design import ARMS


@pytest.fixture
def leukaemia():
    """6-mercaptopurine beside placebo: Freireich EJ et al., Blood 1963;21:699-716."""
    return durations(FREIREICH)


def test_the_curve_is_that_of_the_textbook(leukaemia) -> None:
    mine = leukaemia.arms == "6-MP"
    curve = kaplan_meier(leukaemia.days[mine], leukaemia.events[mine])

    shares = [curve.share_at(day) for day in (0, 5.9, 6, 7, 10, 13, 16, 22, 23, 35)]
    expected = [1, 1, 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448, 0.448]
    assert shares == pytest.approx(expected, abs=5e-4)
    assert (curve.patients, curve.events, curve.median) == (21, 9, 23)
    assert curve.at_risk([0, 6, 7, 10, 23, 36]) == [21, 21, 17, 15, 6, 0]


def test_the_interval_of_the_curve_is_log_log(leukaemia) -> None:
    # published for S(10) of the 6-MP arm with this transformation: 0.752941 (0.503200, 0.889362)
    mine = leukaemia.arms == "6-MP"
    curve = kaplan_meier(leukaemia.days[mine], leukaemia.events[mine])
    place = int(np.searchsorted(curve.days, 10))

    assert (curve.low[place], curve.high[place]) == pytest.approx((0.503200, 0.889362), abs=2e-6)


def test_the_median_has_its_interval_and_may_not_be_reached(leukaemia) -> None:
    placebo = leukaemia.arms == "placebo"
    curve = kaplan_meier(leukaemia.days[placebo], leukaemia.events[placebo])
    assert (curve.median, curve.median_low, curve.median_high) == (8, 4, 11)

    rarely = kaplan_meier(np.arange(1.0, 11.0), np.arange(10) < 3)
    assert np.isnan(rarely.median)
    never = kaplan_meier(np.arange(1.0, 11.0), np.zeros(10, bool))
    assert np.isnan(never.median)
    assert never.share_at(10) == 1


def test_log_rank_and_hazard_ratio_are_those_of_the_textbook(leukaemia) -> None:
    (found,) = compare_arms(leukaemia, reference="6-MP")

    assert (found.group, found.reference) == ("placebo", "6-MP")
    assert found.chi_square == pytest.approx(16.79, abs=5e-3)
    assert found.log_rank_p == pytest.approx(4.17e-5, rel=2e-3)
    assert np.log(found.hazard.ratio) == pytest.approx(1.572, abs=5e-4)
    assert (found.hazard.low, found.hazard.high) == pytest.approx((2.147, 10.81), abs=5e-3)


def test_a_reference_turns_the_ratio_around(leukaemia) -> None:
    (one,) = compare_arms(leukaemia, reference="6-MP")
    (other,) = compare_arms(leukaemia, reference="placebo")

    assert one.hazard.ratio * other.hazard.ratio == pytest.approx(1, rel=1e-6)
    assert one.log_rank_p == pytest.approx(other.log_rank_p)


def test_strata_change_the_test_and_one_stratum_does_not(leukaemia) -> None:
    (plain,) = compare_arms(leukaemia)
    (same,) = compare_arms(leukaemia, strata=np.array(["all"] * len(leukaemia)))
    (split,) = compare_arms(leukaemia, strata=np.array(["a", "b", "b"] * 14))

    assert same.chi_square == pytest.approx(plain.chi_square)
    assert split.chi_square != pytest.approx(plain.chi_square, rel=1e-3)


def test_an_arm_without_an_event_has_no_ratio_but_a_reason() -> None:
    found = compare(
        durations([("a", 3.0, True), ("a", 4.0, True), ("b", 9.0, False), ("b", 8.0, False)]),
        np.array([False, False, True, True]),
        names=("b", "a"),
    )
    assert (found.hazard.ratio, found.hazard.reason) == (0, "no event in b")
    assert np.isnan(found.hazard.high)
    assert 0 < found.log_rank_p < 1


def test_groups_whose_events_come_one_after_the_other_have_a_reason() -> None:
    rows = [("a", float(day), True) for day in range(1, 9)] + [
        ("b", float(day), True) for day in range(9, 17)
    ]
    late = np.arange(16) >= 8
    found = compare(durations(rows), late, names=("b", "a"))

    assert (found.hazard.ratio, found.hazard.reason) == (0, "all events of one group come first")
    assert compare(durations(rows), ~late, names=("a", "b")).hazard.ratio == np.inf
    assert found.log_rank_p < 1e-3


def test_without_any_event_nothing_is_defined() -> None:
    found = compare(
        durations([("a", 3.0, False), ("b", 4.0, False)]), np.array([True, False]), names=("a", "b")
    )

    assert np.isnan([found.hazard.ratio, found.log_rank_p, found.chi_square]).all()
    assert found.hazard.reason == "no event"


def test_an_empty_group_is_refused(leukaemia) -> None:
    with pytest.raises(ExperimentError, match="high: got no patients with a time to pfs"):
        compare(leukaemia, np.zeros(42, bool), names=("high", "rest"))
    with pytest.raises(ExperimentError, match="no patients with a time"):
        kaplan_meier(np.array([]), np.array([], bool))


def test_unknown_names_and_bad_times_are_refused(cohort) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown endpoint 'pf'\. Did you mean 'pfs'"):
        durations_of(cohort, "pf")
    with pytest.raises(UnknownNameError, match="unknown column of the patient table 'pfs_days'"):
        durations_of(cohort.drop_columns(["pfs_days"]))
    with pytest.raises(UnknownNameError, match="unknown arm 'dexa'"):
        compare_arms(durations_of(cohort), reference="dexa")
    place = cohort.column_names.index("pfs_days")
    negative = cohort.set_column(place, "pfs_days", [[-1.0] * cohort.num_rows])
    with pytest.raises(TableError, match="pfs_days of row 0 is -1, expected a time of at least 0 days"):
        durations_of(negative)


def test_patients_who_never_responded_are_left_out_and_counted(cohort) -> None:
    found = durations_of(cohort, "dor")

    responders = sum(best in ("CR", "VGPR", "PR") for best in cohort["best_response"].to_pylist())
    assert (len(found), found.left_out) == (responders, cohort.num_rows - responders)


@pytest.mark.parametrize("seed", range(5))
def test_another_library_agrees(seed) -> None:
    lifelines = pytest.importorskip("lifelines", reason="it wants an older pandas: not part of the extras")
    from lifelines.statistics import logrank_test

    rng = np.random.default_rng(seed)
    days, events = np.ceil(rng.weibull(1.2, 200) * 20), rng.random(200) < 0.7
    chosen = rng.random(200) < 0.4
    rows = [("x" if mine else "y", day, event) for mine, day, event in zip(chosen, days, events, strict=True)]
    found = compare(durations(rows), chosen, names=("x", "y"))
    curve = kaplan_meier(days, events)

    other = lifelines.KaplanMeierFitter().fit(days, events)
    assert curve.survival == pytest.approx(other.survival_function_at_times(curve.days).to_numpy())
    test = logrank_test(days[chosen], days[~chosen], events[chosen], events[~chosen])
    assert found.log_rank_p == pytest.approx(test.p_value, rel=1e-9)
    import pandas

    frame = pandas.DataFrame({"days": days, "event": events, "chosen": chosen.astype(float)})
    cox = lifelines.CoxPHFitter().fit(frame, "days", "event")
    assert found.hazard.ratio == pytest.approx(float(cox.hazard_ratios_["chosen"]), rel=1e-5)


def test_of_very_many_patients_seen_at_visits_the_median_is_sure() -> None:
    rng = np.random.default_rng(2)
    days = 21.0 * np.ceil(rng.exponential(290.0, 50_000) / 21.0)
    found = kaplan_meier(days, np.ones(days.size, bool))

    assert found.median == 210.0
    assert (found.median_low, found.median_high) == (210.0, 210.0)


def test_the_first_arm_of_the_trial_is_the_reference_whoever_comes_first() -> None:
    table = pa.table(
        {
            "arm": ["both", "alone", "both", "alone"],
            "pfs_days": [30.0, 10.0, 40.0, 20.0],
            "pfs_event": [True] * 4,
        }
    )
    assert arms_of(table) == ("both", "alone")

    told = table.replace_schema_metadata({ARMS: b'["alone", "nobody", "both"]'})
    (compared,) = compare_arms(durations_of(told))

    assert arms_of(told) == ("alone", "both")
    assert (compared.reference, compared.group) == ("alone", "both")
    assert durations_of(told).seen_by(15.0).names == ("alone", "both")
