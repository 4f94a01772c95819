"""How much memory and disk a trial will take, from some of its patients."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from myeloniche.trials.running.work import Results

__all__ = ["Estimate", "estimate"]

PROBED = 8
"""Patients that are simulated for an estimate."""
# of the tables' bytes: as tables, encoded, and above all as rows of Python while they are made (measured)
_COPIES = 45
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
        each = f"{self.process_mb:,.0f} MB and {max(self.part_mb, 1):,.0f} MB for a part of the patients"
        count = f"{self.processes} processes of " if self.processes > 1 else ""
        disk = f"up to {max(self.disk_mb, 1):,.0f} MB"
        return f"memory: about {self.total_mb:,.0f} MB ({count}{each}); disk: {disk}"


def estimate(some: Results, *, chunk: int, size: int, workers: int) -> Estimate:
    """Return what a run will take at most.

    Parameters
    ----------
    some
        The results of some patients, simulated in this process.
    chunk, size
        Patients of a part, and of the trial.
    workers
        Processes that simulate.
    """
    row_mb = (some.patients.nbytes + some.visits.nbytes) / some.patients.num_rows / _MEGA
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
