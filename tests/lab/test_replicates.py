"""Repeats, their spread, and the tests of the papers."""

import numpy as np
import pytest

from myeloniche.errors import ExperimentError
from myeloniche.lab import Replicates
from myeloniche.lab.replicates import spread_factors
from myeloniche.lab.significance import one_way_anova, student_t_test

NAMES = ("MM.b", "MM.a", "BMSC.c")


def test_no_spread_changes_nothing():
    assert spread_factors(Replicates(3), NAMES) == [{}, {}, {}]


def test_the_same_seed_gives_the_same_factors():
    chosen = Replicates(3, 0.1, seed=5)
    assert spread_factors(chosen, NAMES) == spread_factors(chosen, NAMES[::-1])
    assert spread_factors(chosen, NAMES) != spread_factors(Replicates(3, 0.1, seed=6), NAMES)


def test_a_repeat_does_not_depend_on_how_many_there_are():
    few, many = (spread_factors(Replicates(n, 0.1, seed=5), NAMES) for n in (2, 5))
    assert many[:2] == few


def test_a_generator_of_the_caller_is_used():
    chosen = Replicates(2, 0.1, seed=5)
    mine = spread_factors(chosen, NAMES, rng=np.random.default_rng(5))
    assert mine == spread_factors(chosen, NAMES)


def test_factors_have_mean_one_and_the_spread_asked_for():
    factors = spread_factors(Replicates(4000, 0.3), ["MM.a"])
    values = np.array([factor["MM.a"] for factor in factors])
    assert values.mean() == pytest.approx(1, abs=0.02)
    assert values.std() == pytest.approx(0.3, abs=0.02)


def test_student_agrees_with_the_textbook():
    outcome = student_t_test(np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 6]))
    assert outcome.statistic == pytest.approx(-2 / np.sqrt(5 / 3 / 2))
    assert outcome.p_value == pytest.approx(0.0710, abs=1e-4)


def test_anova_of_two_groups_is_the_square_of_t():
    groups = (np.array([1.0, 2, 3, 4]), np.array([3.0, 4, 5, 7]))
    assert one_way_anova(groups).statistic == pytest.approx(student_t_test(*groups).statistic ** 2)


def test_groups_that_do_not_vary_give_no_p_value():
    assert np.isnan(student_t_test(np.ones(3), np.ones(3)).p_value)


def test_too_few_arms_or_repeats_are_refused():
    with pytest.raises(ExperimentError, match="expected at least two"):
        one_way_anova([np.ones(3)])
    with pytest.raises(ExperimentError, match="got 1 repeats"):
        student_t_test(np.ones(1), np.ones(3))
