"""What one simulator does for one model, as it is handed to another process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.sbml_peers.collection import Case, State

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """A model and its members, for one simulator.

    Attributes
    ----------
    simulator
        Name of the simulator.
    path, cache
        The SBML file, and the folder for what the simulator compiles.
    parameters, states, values, end
        As :class:`~benchmarks.sbml_peers.collection.Case` has them.
    core
        Number of the processor to stay on.
    """

    simulator: str
    path: Path
    cache: Path
    parameters: tuple[str, ...]
    states: tuple[State, ...]
    values: NDArray[np.float64]
    end: float
    core: int

    @classmethod
    def of(cls, case: Case, simulator: str, path: Path, cache: Path, core: int) -> Task:
        """Return the task of a case."""
        return cls(simulator, path, cache, case.parameters, case.states, case.values, case.end, core)
