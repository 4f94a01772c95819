"""Tasks on a Dask cluster, local or by the address of its scheduler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from myeloniche.errors import MyelonicheError
from myeloniche.trials.extras import cluster_library
from myeloniche.trials.running.parts import PartBytes
from myeloniche.trials.running.work import ATTEMPTS, Task, do_elsewhere

__all__ = ["DaskCluster", "LocalDask"]

_WAITING = 4  # tasks per worker that the scheduler knows of; its memory holds no more results than these
_PATIENCE = "30s"


@dataclass(frozen=True)
class DaskCluster:
    """Tasks on the workers of a scheduler that is already running.

    Attributes
    ----------
    scheduler
        Its address, for example ``"tcp://10.0.0.5:8786"``, or the path of its scheduler file if it ends in
        ``.json``.
    """

    scheduler: str

    def run(self, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
        """Yield the tasks as they are done.

        Raises
        ------
        MyelonicheError
            If there is no scheduler, or the worker of the same task died too often.
        """
        distributed = cluster_library()
        place = (
            {"scheduler_file": self.scheduler}
            if self.scheduler.endswith(".json")
            else {"address": self.scheduler}
        )
        try:
            client = distributed.Client(**place, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise MyelonicheError(
                f"{self.scheduler}: no scheduler answers there ({error}). Expected an address such as "
                "tcp://10.0.0.5:8786, or the path of a scheduler's .json file."
            ) from error
        with client:
            yield from _through(distributed, client, tasks)


@dataclass(frozen=True)
class LocalDask:
    """Tasks on a Dask cluster of this machine, which lives as long as the run.

    Attributes
    ----------
    workers
        How many processes, one thread each.
    """

    workers: int

    def run(self, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
        """Yield the tasks as they are done; see :meth:`DaskCluster.run`."""
        distributed = cluster_library()
        with (
            distributed.LocalCluster(
                n_workers=self.workers, threads_per_worker=1, dashboard_address=None, memory_limit=0
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield from _through(distributed, client, tasks)


def _through(distributed: Any, client: Any, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
    left, deaths = list(reversed(tasks)), Counter[int]()
    handed_out: dict[Any, Task] = {}
    finished = distributed.as_completed()
    while left or handed_out:
        room = _WAITING * max(1, sum(client.nthreads().values()))
        while left and len(handed_out) < room:
            task = left.pop()
            future = client.submit(
                do_elsewhere, task, pure=False, key=f"part-{task.part}-{deaths[task.part]}"
            )
            handed_out[future] = task
            finished.add(future)
        future = next(finished)
        task = handed_out.pop(future)
        if future.status == "finished":
            content = future.result()
            future.release()
            yield task, content
            continue
        error = future.exception()
        # a worker that dies is the scheduler's to replace; this is one that died again and again
        lost = isinstance(error, distributed.KilledWorker) or future.status in ("lost", "cancelled")
        if not lost:
            raise error
        deaths[task.part] += 1
        if deaths[task.part] >= ATTEMPTS:
            raise MyelonicheError(
                f"{task}: its worker died too often, perhaps for lack of memory. What is done is kept; "
                "run the same command again with workers that have more memory, or with a smaller --chunk "
                "in a new folder."
            )
        left.append(task)
