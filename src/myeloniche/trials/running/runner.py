"""Running a trial: parts of patients, anywhere, into a folder that an interrupted run can go on with."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from myeloniche.engine.manifest import differences
from myeloniche.errors import MyelonicheError
from myeloniche.trials.extras import cluster_library, parquet
from myeloniche.trials.running.cluster import DaskCluster, LocalDask
from myeloniche.trials.running.manifest import AnyTrial, Manifest, begin_manifest
from myeloniche.trials.running.memory import PROBED, estimate
from myeloniche.trials.running.parts import PartBytes, Parts, Slices, only_run
from myeloniche.trials.running.processes import LocalProcesses, ThisProcess
from myeloniche.trials.running.work import AbstractSite, Simulate, Task

__all__ = ["LOCAL_CLUSTER", "Watcher", "run_trial"]

LOCAL_CLUSTER = "local"
"""As the scheduler: a Dask cluster of this machine that lives as long as the run."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Watcher:
    """Who wants to know how a run goes.

    Attributes
    ----------
    progress
        Called with the patients that are done and their total.
    say
        Called with a sentence: the memory that is needed, and parts that are computed again.
    """

    progress: Callable[[int, int], None] | None = None
    say: Callable[[str], None] | None = None

    def done(self, patients: int, total: int) -> None:
        """Tell how many patients are done."""
        if self.progress is not None:
            self.progress(patients, total)

    def tell(self, sentence: str) -> None:
        """Say a sentence."""
        if self.say is not None:
            self.say(sentence)


def run_trial(
    trial: AnyTrial,
    out: str | Path,
    *,
    simulate: Simulate,
    workers: int | None = None,
    scheduler: str | None = None,
    chunk: int | None = None,
    watcher: Watcher | None = None,
    origin: str | Path = "",
) -> Path:
    """Simulate every patient of a trial, and return the folder of the results.

    Parameters
    ----------
    trial
        What to run; it has to be picklable, as it travels to the workers.
    out
        Folder of the results: ``patients.parquet`` and ``visits.parquet``, each a folder of parts, and
        ``manifest.json``. A run that was interrupted goes on where it was.
    simulate
        A pure function of the trial and the numbers of patients.
    workers
        Processes; all cores by default. With 1 the work is done in this process.
    scheduler
        Address of a Dask scheduler, or :data:`LOCAL_CLUSTER`.
    chunk
        Patients of a part, which is what a kill can cost. No number depends on it.
    watcher
        Who wants to know.
    origin
        File that the trial was read from; :func:`~myeloniche.trials.running.verify.verify` looks there for
        other files that it names.

    Raises
    ------
    MyelonicheError
        If the folder holds anything else, the disk is full, or workers die again and again. What is done is
        kept.
    """
    folder, watcher = Path(out), watcher or Watcher()
    parquet()  # what is not installed is said before the work
    if scheduler is not None:
        cluster_library()
    if chunk is not None and chunk < 1:
        raise MyelonicheError(f"got {chunk} patients in a part, expected at least 1. Choose another chunk.")
    with only_run(folder):
        manifest = begin_manifest(folder, trial, chunk, origin)
        parts = Parts(folder, Slices(trial.size, manifest.chunk))
        _guarded(parts, parts.mend)
        done, damaged = parts.check()
        for sentence in damaged:
            watcher.tell(f"{folder / sentence}; its patients are simulated again")
        tasks = [
            Task(part, trial, *parts.slices[part], simulate)
            for part in range(len(parts.slices))
            if part not in done
        ]
        if tasks:
            workers = min(workers or _cores(), len(tasks))
            remote = scheduler not in (None, LOCAL_CLUSTER)
            _say_memory(watcher, parts, tasks[0], 1 if remote else workers)
            _work(_site(workers, scheduler), parts, tasks, watcher, manifest)
        else:
            watcher.done(trial.size, trial.size)
    return folder


def _say_memory(watcher: Watcher, parts: Parts, task: Task, workers: int) -> None:
    some = task.simulate(task.trial, task.first, min(task.first + PROBED, task.stop), workers=1)
    slices = parts.slices
    watcher.tell(str(estimate(some, chunk=slices.chunk, size=slices.size, workers=workers)))


def _site(workers: int, scheduler: str | None) -> AbstractSite:
    if scheduler == LOCAL_CLUSTER:
        return LocalDask(workers)
    if scheduler is not None:
        return DaskCluster(scheduler)
    return ThisProcess() if workers == 1 else LocalProcesses(workers)


def _work(site: AbstractSite, parts: Parts, tasks: list[Task], watcher: Watcher, manifest: Manifest) -> None:
    total = parts.slices.size
    done = total - sum(task.stop - task.first for task in tasks)
    watcher.done(done, total)
    with closing(site.run(tasks)) as finished:
        for task, content in finished:
            _refuse_other_versions(task, content, manifest)
            _guarded(parts, partial(parts.write, task.part, content))
            done += task.stop - task.first
            watcher.done(done, total)


def _refuse_other_versions(task: Task, content: PartBytes, manifest: Manifest) -> None:
    expected = {name: manifest.decides.get(name) for name in content.made_with}
    if expected != content.made_with:
        what = differences(expected, content.made_with)
        raise MyelonicheError(
            f"{task}: its worker has other versions than this run, {what}. "
            "Install the same ones everywhere and run the same command again; what is done is kept."
        )


def _guarded(parts: Parts, write: Callable[[], None]) -> None:
    """Write, and turn a disk that cannot take it into an error that says what is kept."""
    try:
        write()
    except OSError as error:
        done, _ = parts.check()
        why = "the disk is full" if error.errno in _FULL else f"cannot be written ({error.strerror})"
        kept = sum(parts.slices.patients(part) for part in done)
        raise MyelonicheError(
            f"{parts.folder}: {why}. {kept} of {parts.slices.size} patients are done and kept; make room and "
            "run the same command again to go on."
        ) from error


def _cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
