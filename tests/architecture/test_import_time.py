"""What importing the package must not load; checked by name, as times depend on the machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "antimony",
    "distributed",
    "libsbml",
    "llvmlite",
    "matplotlib",
    "numba",
    "pandas",
    "pint",
    "pyarrow",
    "scipy",
    "statsmodels",
    "xarray",
    "zarr",
)


@pytest.mark.parametrize("module", ["myeloniche", "myeloniche.cli", "myeloniche.engine", "myeloniche.units"])
def test_importing_loads_nothing_heavy(module) -> None:
    program = f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
