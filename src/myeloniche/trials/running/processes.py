"""Tasks in this process, or in local ones that may die without harm to the rest."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process

from myeloniche.errors import MyelonicheError
from myeloniche.trials.running.parts import PartBytes
from myeloniche.trials.running.work import ATTEMPTS, Task, do, do_elsewhere

__all__ = ["LocalProcesses", "ThisProcess"]

_WAITING = 2  # tasks per worker that are handed out, so that none waits for work


@dataclass(frozen=True)
class ThisProcess:
    """One task after the other, here."""

    def run(self, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
        """Yield the tasks as they are done."""
        for task in tasks:
            yield task, do(task)


@dataclass(frozen=True)
class LocalProcesses:
    """Tasks in processes of this machine.

    Attributes
    ----------
    workers
        How many.

    Notes
    -----
    Processes are spawned, not forked, as compiled code and its threads do not survive a fork. A process that
    is killed takes the pool with it; the tasks that were handed out are then done again one at a time, so
    that a task whose process dies every time is known by its number.
    """

    workers: int

    def run(self, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
        """Yield the tasks as they are done.

        Raises
        ------
        MyelonicheError
            If the worker of the same task died three times.
        """
        left = deque(tasks)
        deaths: Counter[int] = Counter()
        while left:
            handed_out: dict[int, Task] = {}
            suspects = [task for task in left if deaths[task.part]]
            batch, workers = (deque(suspects[:1]), 1) if suspects else (left, self.workers)
            if suspects:
                left.remove(suspects[0])
            try:
                yield from _until_broken(batch, workers, handed_out)
            except BrokenProcessPool:
                for task in handed_out.values():
                    deaths[task.part] += 1
                    if deaths[task.part] >= ATTEMPTS:
                        raise MyelonicheError(
                            f"{task}: its worker died {ATTEMPTS} times, perhaps for lack of memory. What is "
                            "done is kept; run the same command again, with fewer workers or a new --chunk "
                            "in a new folder."
                        ) from None
                left.extendleft(reversed(handed_out.values()))


def _until_broken(
    tasks: deque[Task], workers: int, handed_out: dict[int, Task]
) -> Generator[tuple[Task, PartBytes]]:
    """Take tasks and yield them as they are done; ``handed_out`` holds those that were taken and are not."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker)
    futures: dict[Future[PartBytes], Task] = {}
    try:
        while tasks or futures:
            while tasks and len(futures) < _WAITING * workers:
                task = tasks.popleft()
                handed_out[task.part] = task
                futures[pool.submit(do_elsewhere, task)] = task
            finished, _ = wait(futures, return_when=FIRST_COMPLETED)
            # what is done is taken before a broken pool is heard of
            for future in sorted(finished, key=lambda one: isinstance(one.exception(), BrokenProcessPool)):
                content = future.result()
                task = futures.pop(future)
                del handed_out[task.part]
                yield task, content
    finally:
        # stop now rather than at the end of a part; Python 3.14 has terminate_workers() for this
        processes = list((getattr(pool, "_processes", None) or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()


def _begin_worker() -> None:
    """Leave control-C to the parent, and end when the parent is killed, which leaves no other sign."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
