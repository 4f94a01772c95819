"""The laboratory with every drug attached, once for all tests of this folder."""

import pytest

from myeloniche.lab.laboratory import Laboratory, open_laboratory


@pytest.fixture(scope="session")
def laboratory() -> Laboratory:
    return open_laboratory()
