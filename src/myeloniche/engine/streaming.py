"""Ensembles too large for the memory: a chunk of members at a time, from the integrator to disk."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.checking import sample_of
from myeloniche.engine.table import Table
from myeloniche.engine.trajectories import Progress, Run, run_batch
from myeloniche.engine.trajectory_store import Destination, TrajectoryStore, begin_store

__all__ = ["stream"]


def stream(
    run: Run,
    table: Table,
    destination: Destination,
    *,
    check_fraction: float = 0.0,
    progress: Progress | None = None,
) -> TrajectoryStore:
    """Write what the members of a table show to a store, and return the store when it is complete.

    Parameters
    ----------
    run, table
        What is asked, and of which members.
    destination
        The store. What an interrupted run of the same ensemble left there is kept.
    check_fraction
        Part of the members, 0 to 1, to repeat at a tenth of the tolerances; what came of it is noted in the
        store's attributes.
    progress
        Called now and then with the number of members done and their total.

    Raises
    ------
    ModelError
        If there is something else at the store's place.

    Notes
    -----
    One chunk is written while the next one is integrated, so two of them are in memory.
    """
    sample = sample_of(len(table), check_fraction)
    store = begin_store(run, table, destination)
    missing = store.missing()
    done = len(table) - sum(members.stop - members.start for members in missing)
    report = progress or _silent
    report(done, len(table))
    with ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for members in missing:
            batch = table.batch(run.model, run.watched, members)
            found = run_batch(run, batch, progress=_part_of(report, done, len(table)))
            if written is not None:
                written.result()
            written = writer.submit(store.write, members, found)
            done += len(found)
        if written is not None:
            written.result()
    if sample.size:
        store.note(_check(run, table, sample, store.chunk))
    return store


def _silent(_: int, __: int) -> None:
    return None


def _part_of(report: Progress, before: int, total: int) -> Progress:
    return lambda done, _: report(before + done, total)


def _check(run: Run, table: Table, sample: NDArray[np.int64], at_once: int) -> dict[str, float]:
    """Return what repeating some members at a tenth of the tolerances showed, a chunk of them at a time."""
    largest = 0.0
    for first in range(0, sample.size, at_once):
        members = sample[first : first + at_once]
        found = run_batch(run, table.batch(run.model, run.watched, members), check_fraction=1.0)
        largest = max(largest, found.check.largest if found.check else 0.0)
    return {"largest_relative_difference": largest, "checked_members": int(sample.size)}
