"""Markers, the cut-off rule, curves and their combination."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from myeloniche.errors import ExperimentError, TableError
from myeloniche.trials.analysis.biomarkers import (
    CutOffs,
    best_cut_offs,
    combined_scores,
    early_progression,
    judge_rule,
    mann_whitney,
    quantile_cut_offs,
    roc,
    single_against_combined,
    training_half,
)


def test_who_is_censored_early_is_unknown() -> None:
    table = pa.table(
        {"pfs_days": [100.0, 100.0, 200.0, 200.0, None], "pfs_event": [True, False, True, False, None]}
    )
    early, known = early_progression(table)

    assert early.tolist() == [True, False, False, False, False]
    assert known.tolist() == [True, False, True, True, False]


def test_mann_whitney_is_the_published_one() -> None:
    # Siegel S, Nonparametric statistics, 1956, the maze of rats: 78 64 75 45 82 beside 110 70 53 51
    table = pa.table(
        {
            "pfs_days": [1.0] * 5 + [999.0] * 4,
            "pfs_event": [True] * 9,
            "score": [78.0, 64, 75, 45, 82, 110, 70, 53, 51],
        }
    )
    found = mann_whitney(table, "score")

    assert (found.early, found.late, found.median_early, found.median_late) == (5, 4, 75, 61.5)
    assert min(found.u, 20 - found.u) == 9
    assert found.p == pytest.approx(2 * 0.452, abs=1.5e-3)


def test_a_marker_that_matters_is_told_from_one_that_does_not(cohort) -> None:
    assert mann_whitney(cohort, "ATF3").p < 1e-3
    assert mann_whitney(cohort, "ATF3").median_early < mann_whitney(cohort, "ATF3").median_late
    assert mann_whitney(cohort, "CDK5").p > 0.05


def test_the_rule_needs_every_marker_high() -> None:
    table = pa.table({"ATF3": [2.0, 2.0, 0.5], "ATF4": [0.2, 0.1, 0.2]})

    assert CutOffs({"ATF3": 1.0, "ATF4": 0.135}, "published").high(table).tolist() == [True, False, False]


def test_quantile_cut_offs_are_the_quantiles(cohort) -> None:
    rule = quantile_cut_offs(cohort, {"ATF3": 0.5})

    assert rule.high(cohort).mean() == 0.5
    assert rule.origin == "quantiles 50% of ATF3 in 200 patients"


def test_cut_offs_of_one_half_hold_in_the_other(cohort) -> None:
    half = training_half(cohort, seed=3)
    rule = best_cut_offs(cohort.filter(pa.array(half)))
    judged = judge_rule(cohort.filter(pa.array(~half)), rule)

    assert half.sum() == 100
    assert judged.comparison.log_rank_p < 0.05
    assert judged.high.median > judged.rest.median
    assert judged.comparison.hazard.ratio < 1
    assert judged.high.patients + judged.rest.patients == 100


def test_a_rule_under_which_the_high_have_no_event_is_found() -> None:
    high = np.arange(60) < 20
    table = pa.table(
        {
            "arm": ["a"] * 60,
            "pfs_days": np.where(high, 700.0, 100.0 + np.arange(60)),
            "pfs_event": pa.array(~high),
            "ATF3": np.where(high, 2.0, 0.5 + np.arange(60) / 200),
            "ATF4": np.where(high, 2.0, 1.0 - np.arange(60) / 200),
        }
    )
    rule = best_cut_offs(table)

    assert rule.high(table).tolist() == high.tolist()


def test_no_other_cut_off_on_the_grid_is_better(cohort) -> None:
    rule = best_cut_offs(cohort, steps=4)
    best = judge_rule(cohort, rule).comparison.chi_square
    shares = np.linspace(0, 1, 6)[1:-1]

    others = [quantile_cut_offs(cohort, {"ATF3": one, "ATF4": two}) for one in shares for two in shares]
    assert max(judge_rule(cohort, other).comparison.chi_square for other in others) == pytest.approx(best)


def test_the_curve_of_a_score_is_the_one_counted_by_hand() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.55, 0.4])
    early = np.array([True, True, False, True, False, False])
    found = roc("by hand", scores, early)

    assert found.area == pytest.approx(8 / 9)
    assert found.false_positives == pytest.approx(np.array([0, 0, 0, 0, 1, 1, 2, 3]) / 3)
    assert found.true_positives == pytest.approx(np.array([0, 0, 1, 2, 2, 3, 3, 3]) / 3)
    trapezoid = np.trapezoid(found.true_positives, found.false_positives)
    assert trapezoid == pytest.approx(found.area)


def test_the_bootstrap_interval_is_near_that_of_hanley_and_mcneil() -> None:
    rng = np.random.default_rng(1)
    early = np.arange(200) < 80
    found = roc("normal", rng.normal(early * 1.0, 1.0), early, seed=2)
    area = found.area
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + 79 * (first - area**2) + 119 * (second - area**2)
    half = 1.96 * np.sqrt(variance / (80 * 120))

    assert (found.low, found.high) == pytest.approx((area - half, area + half), abs=0.015)


def test_the_combination_beats_each_marker(cohort) -> None:
    curves, gain = single_against_combined(cohort, ("ATF3", "ATF4", "CDK5"))

    assert [curve.label for curve in curves] == ["ATF3", "ATF4", "CDK5", "combined"]
    assert curves[-1].area > max(curve.area for curve in curves[:-1])
    assert curves[2].low < 0.5 < curves[0].low
    assert gain.single in ("ATF3", "ATF4")
    assert gain.area == pytest.approx(curves[-1].area - gain.single_area)
    assert gain.low < gain.area < gain.high


def test_cross_validation_promises_nothing_of_noise() -> None:
    rng = np.random.default_rng(5)
    names = [f"noise{number}" for number in range(20)]
    table = pa.table({name: rng.lognormal(size=120) for name in names})
    early = np.arange(120) < 60
    fitted = roc("noise", combined_scores(table, names, early), early)

    assert fitted.area < 0.62


def test_a_seed_gives_the_same_bits(cohort) -> None:
    (one, first), (two, second) = (
        single_against_combined(cohort, ("ATF3", "ATF4"), seed=4) for _ in range(2)
    )

    assert [(roc.area, roc.low, roc.high) for roc in one] == [(roc.area, roc.low, roc.high) for roc in two]
    assert first == second


def test_what_cannot_be_analysed_is_refused(cohort) -> None:
    with pytest.raises(ExperimentError, match=r"got 0 patients with a PFS under 0\.001 months"):
        mann_whitney(cohort, "ATF3", months=0.001)
    with pytest.raises(ExperimentError, match="got 1 markers to combine"):
        single_against_combined(cohort, ("ATF3",))
    with pytest.raises(ExperimentError, match="in the smaller group, expected at least 5"):
        combined_scores(cohort, ("ATF3",), np.arange(200) < 3)
    empty = cohort.set_column(3, "ATF3", [[None] * 200]).cast(cohort.schema)
    with pytest.raises(TableError, match="marker 'ATF3' is empty"):
        mann_whitney(empty, "ATF3")
    zero = cohort.set_column(3, "ATF3", [[0.0] * 200])
    with pytest.raises(TableError, match="marker 'ATF3' has a value of 0, expected more than 0"):
        combined_scores(zero, ("ATF3",), np.arange(200) < 100)
