"""How names are compared: ``TNF-alpha``, ``TNFα`` and ``tnf alpha`` are one name."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["folded"]

# The same few names are compared over and over.
_REMEMBERED = 4096

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


@lru_cache(maxsize=_REMEMBERED)
def folded(name: str) -> str:
    """Return a name without case, Greek letters, spaces, hyphens, underscores and dots."""
    plain = name.casefold()
    for greek, latin in _GREEK.items():
        plain = plain.replace(greek, latin)
    return re.sub(r"[\s\-_.]", "", plain)
