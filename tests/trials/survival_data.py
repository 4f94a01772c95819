"""Published times to relapse, and how to make durations by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from myeloniche.trials.analysis.cohort import Durations

_TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
_PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
FREIREICH = [
    (arm, float(word.rstrip("+")), not word.endswith("+"))
    for arm, text in (("6-MP", _TREATED), ("placebo", _PLACEBO))
    for word in text.split()
]


def durations(rows: Sequence[tuple[str, float, bool]]) -> Durations:
    """Return durations of (arm, time, event)."""
    arms, days, events = zip(*rows, strict=True)
    return Durations("pfs", np.array(days), np.array(events), np.array(arms), np.arange(len(rows)), 0)
