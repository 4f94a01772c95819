"""What every simulator is asked for."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["AbstractSimulator", "Outcome", "Stopwatch"]

Floats = NDArray[np.float64]


class Outcome(NamedTuple):
    """What members gave.

    Attributes
    ----------
    states
        Trajectories, shape (member, time, state), NaN for failed members.
    seconds
        CPU time they took [s].
    solving
        What of it went into integrating by the simulator's own count, if it has one [s].
    """

    states: Floats
    seconds: float
    solving: float = float("nan")


class AbstractSimulator(ABC):
    """A model loaded by one simulator.

    Attributes
    ----------
    at_once
        Whether many members in one call are integrated otherwise than one after the other.
    """

    at_once: bool = False

    @abstractmethod
    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        """Integrate members from their initial state.

        Parameters
        ----------
        values
            Values of the perturbed parameters, shape (member, parameter).
        end, points
            Last output time in the model's unit; output times are evenly spaced from 0.
        rtol, atol
            Tolerances.

        Returns
        -------
        The trajectories and the CPU time from setting the values until the simulator has the results. What
        a binding takes to hand them to Python number by number is left out.
        """


class Stopwatch:
    """Sums the CPU time spent inside ``with``, of all threads of this process [s]."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = time.process_time()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds += time.process_time() - self._start
