"""A small trial of the shipped population, read once for all tests."""

from __future__ import annotations

from pathlib import Path

import pyarrow
import pytest
from stand_in import StandIn, simulate

from myeloniche.trials import Trial, read_trial

TEXT = """\
title: A small trial
population: relapsed_refractory
size: 24
seed: 7
duration: 63 d
dropout_per_year: 0.3
arms:
  - name: bortezomib
    regimens:
      - {drug: bortezomib, regimen: "1.3 mg/m2 iv d1,4,8,11 q21d"}
    rules:
      - reduce bortezomib to 1.0 mg/m2 at grade 1 neuropathy
      - stop bortezomib at grade 3 neuropathy
  - name: observation
allocation: {ratio: [2, 1], stratify: [immunoglobulin]}
"""


@pytest.fixture(scope="session")
def trial_text() -> str:
    return TEXT


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    path = tmp_path / "trial.yaml"
    path.write_text(TEXT, "utf-8")
    return read_trial(path)


@pytest.fixture(scope="session")
def cohort() -> pyarrow.Table:
    """Return the patient table of 200 stand-in patients."""
    return simulate(StandIn(size=200), 0, 200).patients
