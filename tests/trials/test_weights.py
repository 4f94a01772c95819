"""Weights meet published means and shares, and are the nearest to equal ones that do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloniche.errors import ExperimentError, MyelonicheError, TableError
from myeloniche.trials import read_population
from myeloniche.trials.patients.weights import Target, balance, effective_size

TABLE = read_population("relapsed_refractory").draw(512, 5)


@settings(max_examples=15, deadline=None)
@given(st.floats(58, 68), st.floats(0.05, 0.5), st.floats(0.2, 0.8))
def test_means_shares_and_medians_are_met(mean, light, above) -> None:
    targets = [
        Target("age_y", mean),
        Target("immunoglobulin", light, level="light chain"),
        Target("prior_lines", above, above=1),
    ]
    weights = balance(TABLE, targets)
    assert weights.sum() == pytest.approx(1)
    assert np.all(weights > 0)
    for target in targets:
        assert weights @ target.column(TABLE) == pytest.approx(target.value, rel=1e-5)
    assert 1 < effective_size(weights) <= TABLE.num_rows + 1e-6


def test_what_is_met_already_leaves_weights_equal() -> None:
    age = Target("age_y", 0.0).column(TABLE).mean()
    weights = balance(TABLE, [Target("age_y", float(age))])
    assert weights == pytest.approx(np.full(TABLE.num_rows, 1 / TABLE.num_rows), rel=1e-6)
    assert balance(TABLE, [])[0] == pytest.approx(1 / TABLE.num_rows)


def test_two_levels_get_the_weights_of_the_closed_form() -> None:
    weights = balance(TABLE, [Target("immunoglobulin", 0.5, level="IgG")])
    chosen = Target("immunoglobulin", 0.5, level="IgG").column(TABLE) == 1
    assert weights[chosen] == pytest.approx(0.5 / chosen.sum(), rel=1e-6)
    assert weights[~chosen] == pytest.approx(0.5 / (~chosen).sum(), rel=1e-6)


@pytest.mark.parametrize(("targets", "error", "match"), [
    ([Target("age_y", 120)], ExperimentError, "less than 8"),
    ([Target("immunoglobulin", 0.5, level="IgM")], ExperimentError, "share of immunoglobulin IgM"),
    ([Target("age_y", 60), Target("age_y", 65)], ExperimentError, "no weights of 512 patients meet together"),
    ([Target("immunoglobulin", 0.5)], TableError, "it is text"),
    ([Target("agee", 1), Target("shoe", 1)], MyelonicheError, "2 problems"),
])  # fmt: skip
def test_targets_out_of_reach_are_refused(targets, error, match) -> None:
    with pytest.raises(error, match=match):
        balance(TABLE, targets)
