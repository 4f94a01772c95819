"""One random stream per patient and purpose, so that no patient depends on who else is simulated."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Purpose", "stream"]


class Purpose(IntEnum):
    """What random numbers are for; each purpose has its own stream."""

    REDRAW = 0
    ALLOCATION = 1
    ASSAY = 2
    LEAVING = 3


def stream(seed: int, purpose: Purpose, number: int) -> np.random.Generator:
    """Return the stream of a patient, or of a block of patients, for one purpose."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), number)))
