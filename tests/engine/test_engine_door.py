"""The public door of the engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

import myeloniche.engine as engine


def test_every_public_name_can_be_loaded() -> None:
    assert engine.__all__ == sorted(engine.__all__)
    assert all(getattr(engine, name).__name__ == name for name in engine.__all__)


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = engine.nothing


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = "import sys, myeloniche.engine; print(sorted({'scipy', 'libsbml', 'numba'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
