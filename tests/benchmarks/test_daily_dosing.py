"""Daily doses of the niche: both simulators give them, and agree on what they do."""

from __future__ import annotations

import argparse

import pytest

pytest.importorskip("roadrunner")

from benchmarks.daily_dosing import WAYS, compare


@pytest.mark.long
def test_every_way_of_dosing_gives_the_same_course() -> None:
    rows = compare(argparse.Namespace(days=3, members=2, few=2, judged=2, rounds=1))

    assert [row.who for row in rows[: len(WAYS)]] == list(WAYS)
    assert [row.failed for row in rows] == [0] * len(rows)
    assert all(row.error_largest < 1e-3 for row in rows)
