"""One file per simulator, all with the same doors: ``version()`` and ``load()``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["SIMULATORS", "adapter"]

SIMULATORS = ("myeloniche", "libRoadRunner", "COPASI", "AMICI", "diffrax")


def adapter(name: str) -> Any:
    """Return the module of a simulator; what it needs is imported no sooner than it is used."""
    return import_module(f"{__name__}.{name.lower()}")
