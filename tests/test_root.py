"""Importing the package costs nothing."""

import subprocess
import sys


def test_the_root_imports_nothing_heavy():
    heavy = "('numpy', 'numba', 'scipy', 'pydantic', 'yaml')"
    code = f"import sys, myeloniche; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
