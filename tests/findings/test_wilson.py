"""Wilson's interval against SciPy."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from myeloniche.findings.wilson import wilson_interval


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (7, 7), (3, 7), (49, 55), (1, 1), (500, 1000)])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_interval_is_that_of_scipy(successes: int, trials: int, confidence: float) -> None:
    expected = binomtest(successes, trials).proportion_ci(confidence_level=confidence, method="wilson")

    low, high = wilson_interval(successes, trials, confidence=confidence)

    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_no_trials_say_nothing() -> None:
    assert wilson_interval(0, 0, confidence=0.95) == (0.0, 1.0)
