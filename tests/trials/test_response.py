"""Responses per arm, with intervals that others have published."""

from __future__ import annotations

import pyarrow as pa
import pytest

from myeloniche.errors import UnknownNameError
from myeloniche.findings.wilson import wilson_interval
from myeloniche.trials.analysis.response import response_table, share_of


def patients(*responses: str | None, arm: str = "a", status: str = "ok") -> pa.Table:
    count = len(responses)
    return pa.table({"arm": [arm] * count, "status": [status] * count, "best_response": responses})


def test_the_wilson_interval_is_the_published_one() -> None:
    # Newcombe RG, Stat Med 1998;17:857-872, table I: 81 of 263 and 0 of 20
    assert (share_of(81, 263).low, share_of(81, 263).high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (share_of(0, 20).low, share_of(0, 20).high) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert (share_of(7, 9).low, share_of(7, 9).high) == pytest.approx(wilson_interval(7, 9, confidence=0.95))
    assert (share_of(0, 0).low, share_of(0, 0).high) == (0, 1)


def test_deeper_responses_count_as_shallower_ones() -> None:
    (row,) = response_table(patients("sCR", "CR", "VGPR", "PR", "MR", "SD", "PD", "PD"))

    assert row.best == {"CR": 2, "VGPR": 1, "PR": 1, "MR": 1, "SD": 1, "PD": 2}
    assert (row.complete.count, row.very_good.count, row.overall.count, row.overall.total) == (2, 3, 4, 8)


def test_a_failed_patient_stays_in_the_denominator() -> None:
    table = pa.concat_tables([patients("CR", "PD"), patients("CR", None, status="too many steps")])
    (row,) = response_table(table)

    assert (row.patients, row.failed, row.complete.count, row.overall.total) == (4, 2, 1, 4)


def test_an_unknown_response_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown best response 'VGRP'\. Did you mean 'VGPR'"):
        response_table(patients("VGRP"))


def test_side_effects_and_causes_are_counted(cohort) -> None:
    rows = response_table(cohort)

    assert sum(row.patients for row in rows) == 200
    for row in rows:
        assert row.neuropathy[1].count >= row.neuropathy[2].count >= row.neuropathy[3].count > 0
        assert 0.6 < row.dose_intensity < 1
        assert set(row.relapses) <= {"PSMB5 up", "resistant clone", "stroma"}
