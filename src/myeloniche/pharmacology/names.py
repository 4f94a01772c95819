"""How names are compared: ``TNF-alpha``, ``TNFα`` and ``tnf alpha`` are one name."""

from __future__ import annotations

import re

__all__ = ["folded"]

_GREEK = {
    "α": "a",
    "β": "b",
    "γ": "g",
    "δ": "d",
    "κ": "k",
    "alpha": "a",
    "beta": "b",
    "gamma": "g",
    "delta": "d",
    "kappa": "k",
}


def folded(name: str) -> str:
    """Return a name without case, Greek letters, spaces, hyphens, underscores and dots."""
    plain = name.casefold()
    for greek, latin in _GREEK.items():
        plain = plain.replace(greek, latin)
    return re.sub(r"[\s\-_.]", "", plain)
