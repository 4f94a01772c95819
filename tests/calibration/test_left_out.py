"""Leaving findings out, and what is pinned down, on verdicts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.calibration.left_out import leave_out
from myeloniche.calibration.pinned import pinned
from myeloniche.calibration.prior import prior_of
from myeloniche.findings.support import Support
from myeloniche.niche.tables import ParameterRow


def pool(agree: list[list[int]], failed: list[int] | None = None) -> Support:
    verdicts = np.array(agree, bool)
    names = ("A1", "A2", "B1")
    numbers = verdicts.astype(float)
    lost = np.array(failed or [0] * len(agree), np.int64)
    return Support(names, verdicts, (), np.arange(3), numbers, 1 - numbers, lost)


def test_only_sets_that_agree_elsewhere_predict() -> None:
    (a, b) = leave_out(pool([[1, 1, 1], [1, 0, 0], [0, 0, 1]]), {"A": ["A1", "A2"], "B": ["B1"]}, 1.0)
    assert (a.sets, a.right, a.agree) == (2, (), 0.5)
    assert (b.sets, b.right, b.agree) == (1, ("B1",), 1.0)


def test_a_failed_set_predicts_nothing() -> None:
    (b,) = leave_out(pool([[1, 1, 1], [1, 1, 0]], [1, 0]), {"B": ["B1"]}, 1.0)
    assert (b.sets, b.right) == (1, ())


def test_no_set_left_is_said_and_not_counted() -> None:
    (b,) = leave_out(pool([[0, 1, 1]]), {"B": ["B1"], "given": ["Z9"]}, 1.0)
    assert b.sets == 0
    assert np.isnan(b.agree)


def test_the_parameter_that_decides_comes_first() -> None:
    prior = prior_of([ParameterRow(name, 1.0, "1", low=0.1, high=10.0, where=name) for name in "abc"])
    drawn = prior.values(np.random.default_rng(5).random((400, 3)))
    entries = pinned(prior, drawn, drawn[:, 1] > 2.0)
    assert entries[0].name == "b"
    assert entries[0].narrowed < 0.7 < 0.8 < entries[1].narrowed
    assert entries[0].shifted > 0.5
    assert entries[0].chance < 1e-6 < entries[1].chance


def test_where_all_are_kept_nothing_is_pinned() -> None:
    prior = prior_of([ParameterRow("a", 1.0, "1", low=0.1, high=10.0, where="a")])
    drawn = prior.values(np.random.default_rng(5).random((50, 1)))
    (entry,) = pinned(prior, drawn, np.ones(50, bool))
    assert entry.narrowed == pytest.approx(1.0)
    assert entry.chance == 1.0
