"""The marker by which a patient is followed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from myeloniche.trials.analysis.marker import best_changes, relative_courses
from myeloniche.trials.clinic.imwg import LIGHT_CHAIN

PATIENTS = pa.table({"patient": [1, 2, 3, 4], "immunoglobulin": [LIGHT_CHAIN, "IgG", "IgG", "IgA"]})
VISITS = pa.table(
    {
        "patient": [2, 2, 2, 1, 1, 3],
        "day": [42.0, 0.0, 21.0, 0.0, 21.0, 0.0],
        "m_protein_g_L": [30.0, 40.0, 10.0, 2.0, 0.1, 50.0],
        "flc_mg_L": [1.0, 1.0, 1.0, 400.0, 600.0, 1.0],
    }
)


def test_the_best_change_is_that_of_the_marker_followed() -> None:
    assert best_changes(PATIENTS, VISITS) == pytest.approx([0.5, -0.75, np.nan, np.nan], nan_ok=True)


def test_a_population_without_types_is_followed_by_m_protein() -> None:
    assert best_changes(PATIENTS.select(["patient"]), VISITS)[0] == pytest.approx(0.1 / 2 - 1)


def test_visits_are_put_in_order() -> None:
    days, shares = relative_courses(PATIENTS, VISITS)[2]

    assert (days.tolist(), shares.tolist()) == ([0, 21, 42], [1, 0.25, 0.75])


def test_patients_who_were_never_seen_have_no_change() -> None:
    assert best_changes(PATIENTS, VISITS.slice(0, 0)) == pytest.approx([np.nan] * 4, nan_ok=True)
