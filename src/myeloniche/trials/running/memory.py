"""How much memory and disk a trial will take, from some of its patients."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from myeloniche.trials.running.parts import Slices, encoded
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
        What the results take.
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
        disk = f"about {max(self.disk_mb, 1):,.0f} MB"
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
    disk_mb = _disk_mb(some, size, len(Slices(size, chunk)))
    return Estimate(_peak_mb(), row_mb * min(chunk, size) * _COPIES, processes, disk_mb)


def _disk_mb(some: Results, size: int, parts: int) -> float:
    """Return what parts take: each its first patient with what names of columns take, and then the others."""
    import pyarrow.compute

    probed = some.patients.num_rows
    own = pyarrow.compute.equal(some.visits["patient"], some.patients["patient"][0])
    first = len(encoded(some.patients.slice(0, 1))) + len(encoded(some.visits.filter(own)))
    each = (len(encoded(some.patients)) + len(encoded(some.visits)) - first) / max(probed - 1, 1)
    return float(parts * first + (size - parts) * each) / _MEGA


def _peak_mb() -> float:
    """Return the most memory that this process has had.

    Linux hands the usage of a parent on to its children, so its own count of this process is read there.
    """
    counted = Path("/proc/self/status")
    if counted.exists():
        lines = (line.split() for line in counted.read_text("utf-8").splitlines())
        peak = next((float(words[1]) for words in lines if words and words[0] == "VmHWM:"), float("nan"))
        return peak * _KIBI / _MEGA
    try:
        import resource
    except ImportError:  # pragma: no cover  not on Windows
        return float("nan")
    unit = 1 if sys.platform == "darwin" else _KIBI
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / _MEGA
