"""Findings B31 to B35 on made-up cohorts: they agree where a marker decides, and not where none does."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from myeloniche.errors import ExperimentError
from myeloniche.trials.evidence.cohorts import COHORT, judge_cohorts

MARKERS = ("NAMPT", "KLF9", "CDK5", "XBP1", "ATF3", "ATF4")
ARMS = ("vein, twice weekly", "skin, twice weekly", "vein, weekly", "skin, weekly", "vein, reduced early")


def people(count: int, *, effect: float, seed: int = 3) -> pa.Table:
    """Return patients whose PFS follows both ATF factors with some strength."""
    rng = np.random.default_rng(seed)
    logs = rng.normal(0.0, 0.7, (count, len(MARKERS)))
    lower = np.minimum(logs[:, 4], logs[:, 5])
    days = 150.0 * np.exp(effect * (lower + 0.3) + rng.normal(0.0, 0.4, count))
    return pa.table(
        {
            "arm": ["bortezomib and dexamethasone"] * count,
            "status": ["ok"] * count,
            "pfs_days": days,
            "pfs_event": [True] * count,
            "dor_days": days,
            "dor_event": [True] * count,
            **{name: np.exp(column) for name, column in zip(MARKERS, logs.T, strict=True)},
        }
    )


def neuropathy(shares: dict[str, float]):
    rows = [
        {
            "arm": arm, "best_response": "SD", "response_day": 1.0, "neuropathy_day": 1.0,
            "neuropathy_grade": float(place < 100 * share), "pfs_days": 1.0, "pfs_event": True,
            "ttp_days": 1.0, "ttp_event": True, "dor_days": 1.0, "dor_event": True,
        }
        for arm, share in shares.items()
        for place in range(100)
    ]  # fmt: skip
    empty = pa.table(
        {
            "patient": pa.array([], "int64"),
            "day": pa.array([], "float64"),
            "dose_mg_m2": pa.array([], "float64"),
        }
    )
    return SimpleNamespace(
        patients=pa.Table.from_pylist(rows), visits=lambda columns: iter([empty.select(columns)])
    )


def judged(*, effect: float, cohorts: int = 12, gentle: float = 0.2) -> dict:
    shares = {arm: 0.4 if arm == ARMS[0] else gentle for arm in ARMS}
    results = {
        "narita": SimpleNamespace(patients=people(COHORT * cohorts, effect=effect)),
        "second_line": SimpleNamespace(patients=people(600, effect=effect, seed=4)),
        "route_and_schedule": neuropathy(shares),
    }
    return {one.id: one for one in judge_cohorts(results)}


def test_a_marker_that_decides_is_found() -> None:
    found = judged(effect=2.0)
    assert found["B31"].agrees
    assert found["B31"].numbers["ATF3 lower"] == 1.0
    assert found["B32"].numbers["p < 0.05"] == 1.0
    assert found["B32"].numbers["high"] > found["B32"].numbers["rest"]
    assert found["B35"].agrees


def test_without_an_effect_markers_are_not_found() -> None:
    found = judged(effect=0.0)
    assert not found["B31"].agrees
    assert not found["B35"].agrees
    assert found["B31"].numbers["ATF3 lower, p < 0.05"] < 0.3


def test_neuropathy_has_to_be_lower_in_each_gentler_arm() -> None:
    assert judged(effect=0.0, gentle=0.2)["B34"].agrees
    assert not judged(effect=0.0, gentle=0.38)["B34"].agrees


def test_fewer_patients_than_a_cohort_are_refused() -> None:
    few = {"narita": SimpleNamespace(patients=people(COHORT - 1, effect=0.0))}
    with pytest.raises(ExperimentError, match="got 56 patients, expected 57 at least"):
        judge_cohorts(few)
