"""A cohort of the stand-in trial."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def cohort():
    """Return the patient table of 200 patients."""
    from stand_in import StandIn, simulate

    return simulate(StandIn(size=200), 0, 200).patients
