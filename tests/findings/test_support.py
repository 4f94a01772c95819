"""Scoring parameter sets: the nominal one agrees as in a scoring, and a broken one does not."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.errors import TableError
from myeloniche.findings.score import score
from myeloniche.findings.support import score_sets

ONLY = ("T18", "T26", "T28", "T31")


def test_the_nominal_set_agrees_as_the_scoreboard_says() -> None:
    board, support = score(ONLY), score_sets([{}, {}], ONLY)
    expected = [result.verdict == "agree" for result in board.results]
    assert support.agree.tolist() == [expected, expected]
    ratios = [entry.ratio for result in board.results for entry in result.readouts]
    np.testing.assert_allclose(support.ratios, [ratios, ratios], rtol=1e-12)
    assert support.share[ONLY[0]] == 1.0


def test_a_set_without_tak1_loses_what_rests_on_it() -> None:
    support = score_sets([{}, {"MM.tak1_by_complex": 0.0}], ("T28",))
    assert support.agree[:, 0].tolist() == [True, False]
    assert support.shortfalls[0, 0] == 0.0 < support.shortfalls[1, 0]
    low, middle, high = support.quantiles("T28")[0]
    assert low <= middle <= high


def test_no_set_at_all_is_refused() -> None:
    with pytest.raises(TableError, match="got no parameter set"):
        score_sets([])
