"""How much memory and disk a trial will take, from one of its patients."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from myeloniche.trials.work import Results

__all__ = ["Estimate", "estimate"]

# the tables, their rows while they are made, the encoded files, and one part that waits to be written
_COPIES = 8
_KIBI = 1024
_MEGA = 1e6


@dataclass(frozen=True)
class Estimate:
    """Memory of a run [MB].

    Attributes
    ----------
    process_mb
        What one process takes without patients: Python, libraries, the compiled model.
    part_mb
        What the patients of one part add.
    processes
        How many there are, this one included.
    disk_mb
        What the results take at most.
    """

    process_mb: float
    part_mb: float
    processes: int
    disk_mb: float

    @property
    def total_mb(self) -> float:
        """All of it."""
        return self.processes * (self.process_mb + self.part_mb)

    def __str__(self) -> str:
        return (
            f"memory: about {self.total_mb:,.0f} MB ({self.processes} x {self.process_mb:,.0f} MB and "
            f"{self.part_mb:,.0f} MB for a part of patients); disk: at most {self.disk_mb:,.0f} MB"
        )


def estimate(one: Results, *, chunk: int, size: int, workers: int) -> Estimate:
    """Return what a run will take.

    Parameters
    ----------
    one
        The results of one patient, simulated in this process.
    chunk, size
        Patients of a part, and of the trial.
    workers
        Processes that simulate.
    """
    row_mb = (one.patients.nbytes + one.visits.nbytes) / _MEGA
    processes = workers if workers == 1 else workers + 1
    return Estimate(_peak_mb(), row_mb * chunk * _COPIES, processes, row_mb * size)


def _peak_mb() -> float:
    """Return the most memory that this process has had."""
    try:
        import resource
    except ImportError:  # pragma: no cover  not on Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else _KIBI
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MEGA
