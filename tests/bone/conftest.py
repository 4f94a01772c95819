"""One laboratory for all tests of bone and animals."""

import pytest

from myeloniche.lab import Laboratory, open_laboratory


@pytest.fixture(scope="session")
def laboratory() -> Laboratory:
    return open_laboratory()
