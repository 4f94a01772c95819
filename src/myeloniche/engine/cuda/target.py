"""What a place to run the printed kernel has to offer."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.cuda.work_layout import WorkLayout

__all__ = ["Launch", "Target"]


class Launch(Protocol):
    """A compiled kernel.

    Attributes
    ----------
    threads
        Threads that it runs with at most.
    global_words
        Doubles in global memory that it needs for the threads' work; 0 if that lies in local memory.
    """

    threads: int
    global_words: int

    def __call__(self, struct: NDArray[np.uint64], threads: int) -> None:
        """Run a number of threads on a batch and wait for them."""


class Target(Protocol):
    """A place that compiles and runs kernels.

    Attributes
    ----------
    arrays
        NumPy, or a library with the same functions for arrays there.
    """

    arrays: Any

    def compile(self, text: str, layout: WorkLayout) -> Launch:
        """Compile a source."""

    def address(self, array: Any) -> int:
        """Return the address of an array there."""

    def fetch(self, array: Any) -> NDArray[Any]:
        """Return an array as one of NumPy."""

    def members_at_once(self, bytes_of_one: int) -> int:
        """Return how many members' inputs and outputs fit in the memory there."""
