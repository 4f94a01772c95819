"""Response and progression on curves made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from myeloniche.trials.clinic.imwg import assess, load_criteria

SERUM, URINE = load_criteria()["m_protein"], load_criteria()["flc"]


def judged(values, criteria=SERUM):
    return assess([21.0 * visit for visit in range(len(values))], values, criteria)


@pytest.mark.parametrize(("values", "best", "response", "progression"), [
    ([40, 38, 39, 37], "SD", math.nan, math.nan),
    ([40, 29, 29, 29], "MR", math.nan, math.nan),
    ([40, 20, 20, 20], "PR", 21, math.nan),
    ([40, 30, 20, 15, 15], "PR", 42, math.nan),
    ([40, 20, 4, 4, 4], "VGPR", 21, math.nan),
    ([40, 20, 0.2, 0.2], "CR", 21, math.nan),
    ([10, 5, 7, 7], "MR", math.nan, math.nan),  # one visit alone confirms nothing
    ([40, 20, 0.2, 10, 10], "PR", 21, 63),
    ([40, 51, 52], "PD", math.nan, 21),
    ([40, 20, 20, 26, 26], "PR", 21, 63),
    ([40, 20, 20, 26, 20, 20], "PR", 21, math.nan),  # not confirmed
    ([10, 2, 2, 4, 6.9, 6.9], "PR", 21, math.nan),  # up by less than 5 g/L
    ([10, 2, 2, 4, 7, 7], "PR", 21, 84),
    ([60, 56, 66, 66], "SD", math.nan, math.nan),  # up by 18 %
    ([80, 60, 60, 76, 76], "MR", math.nan, 63),  # from 50 g/L on by 10 g/L and a quarter
    ([40], "", math.nan, math.nan),
    ([40, 20], "", math.nan, math.nan),
])  # fmt: skip
def test_serum_protein(values, best, response, progression) -> None:
    found = judged(values)
    assert found.best == best
    np.testing.assert_equal([found.response_day, found.progression_day], [response, progression])


@pytest.mark.parametrize(("values", "best", "progression"), [
    ([600, 300, 300], "PR", math.nan),
    ([600, 60, 60], "VGPR", math.nan),
    ([600, 20, 20], "CR", math.nan),
    ([600, 60, 60, 150, 150], "VGPR", math.nan),  # up by less than 100 mg/L
    ([600, 60, 60, 161, 161], "VGPR", 63),
])  # fmt: skip
def test_light_chains(values, best, progression) -> None:
    found = judged(values, URINE)
    assert found.best == best
    np.testing.assert_equal(found.progression_day, progression)


def test_no_response_counts_behind_progression() -> None:
    assert judged([40, 38, 38, 60, 60, 2, 2, 2]).best == "SD"


def test_progression_is_measured_from_the_lowest_value() -> None:
    slow = [40.0, *np.linspace(20, 31, 12)]
    assert judged(slow).progression_day == 21.0 * next(i for i, value in enumerate(slow) if i and value >= 25)
