"""A part of a trial as work that can be done anywhere: the trial and the numbers of patients travel."""

from __future__ import annotations

import pickle
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from myeloniche.errors import MyelonicheError
from myeloniche.trials.running.manifest import made_with
from myeloniche.trials.running.parts import PartBytes, encoded

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ATTEMPTS", "AbstractSite", "Results", "Simulate", "Task", "do", "do_elsewhere"]

ATTEMPTS = 3
"""How often a part is tried whose worker dies."""


class Results(Protocol):
    """What the simulation of some patients gives."""

    @property
    def patients(self) -> pyarrow.Table:
        """A row per patient."""

    @property
    def visits(self) -> pyarrow.Table:
        """A row per visit."""


class Simulate(Protocol):
    """A pure function of a trial and patients' numbers: the same bits however patients are divided."""

    def __call__(self, trial: Any, first: int, stop: int, *, workers: int | None = None) -> Results:
        """Return the patients from ``first`` to before ``stop``."""


@dataclass(frozen=True)
class Task:
    """One part: which patients of which trial, by which function; all of it can be pickled."""

    part: int
    trial: Any
    first: int
    stop: int
    simulate: Simulate

    def __str__(self) -> str:
        return f"part {self.part} (patients {self.first} to {self.stop - 1})"


class AbstractSite(Protocol):
    """Where tasks are done."""

    def run(self, tasks: list[Task]) -> Generator[tuple[Task, PartBytes]]:
        """Yield tasks as they are done, in any order, each once."""


def do(task: Task) -> PartBytes:
    """Simulate the patients of a task, and return its files' bytes.

    Raises
    ------
    MyelonicheError
        If the simulation gives back other patients than asked for.
    """
    found = task.simulate(task.trial, task.first, task.stop, workers=1)
    identities = found.patients.column("patient").to_pylist()
    if identities != list(range(task.first, task.stop)):
        raise MyelonicheError(
            f"{task}: got {len(identities)} patients back, expected {task.stop - task.first} in order"
        )
    return PartBytes(encoded(found.patients), encoded(found.visits), made_with())


def do_elsewhere(task: Task) -> PartBytes:
    """Do a task in another process, with errors that find their way back.

    Raises
    ------
    MyelonicheError
        In place of one that asks for more than a message when it is unpickled.
    """
    try:
        return do(task)
    except MyelonicheError as error:
        raise MyelonicheError(str(error)) from None
    except Exception as error:
        if _travels(error):
            raise
        raise RuntimeError(f"{task}: {type(error).__name__}: {error}") from None


def _travels(error: Exception) -> bool:
    try:
        return isinstance(pickle.loads(pickle.dumps(error)), type(error))
    except Exception:
        return False
