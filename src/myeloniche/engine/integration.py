"""Run a batch of members through the compiled kernels on some threads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.kernels.cache import ModelKernels, model_kernels, watch_kernels
from myeloniche.engine.lanes import Kernels, Results, empty_lanes
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.watch import make_watch, watch_groups
from myeloniche.errors import ModelError, UnknownNameError

__all__ = ["Outcome", "Settings", "available_workers", "integrate"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_ROUNDS = 256  # step attempts between two looks at interruption
_BETWEEN_REPORTS = 0.2  # seconds
_ALIGNMENT = 64
_NO_FLOATS = np.empty(0)
_NO_INTEGERS = np.empty(0, np.int64)


@dataclass(frozen=True)
class Settings:
    """How accurate and how long to integrate.

    Attributes
    ----------
    rtol
        Relative tolerance.
    atol
        Absolute tolerance in the unit of the states, one for all or by state; states not named get 1e-9.
    max_steps
        Attempted steps after which a member is given up.
    rest_tolerance
        Largest relative change per unit of time of a state at rest.
    workers
        Number of threads; all available processors if not given. Results do not depend on it.
    lanes
        Trajectories in one vector; by default as the processor has it.
    device
        ``"cpu"`` or ``"cuda"``.
    """

    rtol: float = 1e-6
    atol: float | Mapping[str, float] = 1e-9
    max_steps: int = 100_000
    rest_tolerance: float = 1e-6
    workers: int | None = None
    lanes: int | None = None
    device: str = "cpu"

    def tightened(self, factor: float) -> Settings:
        """Return the settings with both tolerances multiplied by a factor."""
        if isinstance(self.atol, Mapping):
            given = {name: factor * value for name, value in self.atol.items()}
            return replace(self, rtol=factor * self.rtol, atol=given, max_steps=10 * self.max_steps)
        return replace(self, rtol=factor * self.rtol, atol=factor * self.atol, max_steps=10 * self.max_steps)

    def tolerances(self, model: OdeModel) -> Floats:
        """Return the absolute tolerance of every state, shape (state,)."""
        if isinstance(self.atol, Mapping):
            for name in self.atol:
                if name not in model.states:
                    raise UnknownNameError("state", name, model.states, where="atol")
            values = np.array([self.atol.get(name, 1e-9) for name in model.states])
        else:
            values = np.full(len(model.states), float(self.atol))
        if not (self.rtol > 0.0 and np.all(values > 0.0)):
            raise ModelError(f"got rtol {self.rtol} and atol {self.atol}, expected positive numbers")
        return values


class Outcome(NamedTuple):
    """What a batch of members gave.

    Attributes
    ----------
    states
        The wanted states, shape (row, column); the rows of a member start at the batch's ``first_row``.
    status, steps, rejected
        Code of how each member ended, attempted and rejected steps, shape (member,).
    failed_at, worst
        Clock at which a member failed and number of the state to blame, NaN and -1 where it did not fail;
        without elements where that is not known.
    endpoints
        What was gathered, shape (member, endpoint).
    """

    states: Floats
    status: Integers
    steps: Integers
    rejected: Integers
    failed_at: Floats = _NO_FLOATS
    worst: Integers = _NO_INTEGERS
    endpoints: Floats = _NO_FLOATS


def available_workers() -> int:
    """Return the number of processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def integrate(
    model: OdeModel,
    batch: Batch,
    wanted: Integers,
    settings: Settings,
    progress: Callable[[int, int], object] | None = None,
    endpoints: Sequence[Endpoint] = (),
) -> Outcome:
    """Integrate all members of a batch.

    Parameters
    ----------
    model
        The equations.
    batch
        The members.
    wanted
        Numbers of the states to keep, shape (column,).
    settings
        Tolerances and limits.
    progress
        Called now and then with the members done and their total.
    endpoints
        What to gather on the way.
    """
    tolerances = settings.tolerances(model)
    states = np.empty((int(batch.first_row[-1]), wanted.size))  # first touched by the threads that write it
    status = np.full(batch.members, -1, np.int64)
    outcome = Outcome(
        states,
        status,
        np.zeros_like(status),
        np.zeros_like(status),
        np.full(batch.members, np.nan),
        np.full(batch.members, -1, np.int64),
        np.full((batch.members, len(endpoints)), np.nan),
    )
    if not model.states:
        status[:] = 0
        return outcome
    kernels = model_kernels(model, lanes=settings.lanes)
    run = _Run(model, tuple(endpoints), kernels, batch, wanted, outcome, settings, tolerances)
    workers = settings.workers or available_workers()
    needed = -(-batch.members // kernels.layout.lanes)
    run.complete(max(1, min(workers, needed)), progress or _silent)
    return outcome


def _silent(_: int, __: int) -> None:
    return None


def _at_intervals(report: Callable[[], None]) -> Callable[[], None]:
    """Return a function that reports if the last time was some time ago; to count members takes time too."""
    last = time.monotonic()

    def perhaps() -> None:
        nonlocal last
        if time.monotonic() - last >= _BETWEEN_REPORTS:
            report()
            last = time.monotonic()

    return perhaps


class _Run:
    """One batch on its way; the threads share its counter of members."""

    def __init__(
        self,
        model: OdeModel,
        endpoints: Sequence[Endpoint],
        kernels: ModelKernels,
        batch: Batch,
        wanted: Integers,
        outcome: Outcome,
        settings: Settings,
        tolerances: Floats,
    ) -> None:
        layout = kernels.layout
        names = [name for name in Kernels._fields if name in kernels.addresses]
        places = {name: layout[_SLOTS.get(name, name)] for name in Kernels._fields[len(names) : -1]}
        self.kernels = Kernels(
            **{name: kernels.addresses[name] for name in names}, **places, states=layout.states
        )
        self.results = Results(wanted, *outcome[:-1])
        self.compiled = kernels
        self.model = model
        self.endpoints = endpoints
        self.gathered = outcome.endpoints
        groups = watch_groups(model, endpoints)
        self.watching = watch_kernels(model, groups, lanes=layout.lanes) if groups else None
        self.batch = batch
        self.settings = settings
        self.tolerances = tolerances
        self.counter = np.zeros(1, np.int64)
        self.stopped = False

    def complete(self, workers: int, progress: Callable[[int, int], object]) -> None:
        """Integrate everything, on this thread if one is enough."""
        if workers == 1:
            self._work(_at_intervals(lambda: self._report(progress)))
        else:
            self._complete_on_threads(workers, progress)
        self._report(progress)

    def _complete_on_threads(self, workers: int, progress: Callable[[int, int], object]) -> None:
        with ThreadPoolExecutor(workers) as pool:
            futures = {pool.submit(self._work, lambda: None) for _ in range(workers)}
            try:
                waiting: set[Future[None]] = futures
                while waiting:
                    done, waiting = wait(waiting, timeout=_BETWEEN_REPORTS)
                    for future in done:
                        future.result()
                    self._report(progress)
            finally:
                self.stopped = True

    def _report(self, progress: Callable[[int, int], object]) -> None:
        progress(int(np.count_nonzero(self.results.status >= 0)), self.batch.members)

    def _work(self, report: Callable[[], None]) -> None:
        # Numba takes half a second to import
        from myeloniche.engine.rosenbrock import advance

        workspace = self._workspace()
        lanes = empty_lanes(self.compiled.layout.lanes)
        limit = self.settings.max_steps
        watch = None
        if self.watching is not None:
            watch = make_watch(self.model, self.endpoints, self.watching, self.gathered)
        fixed = (self.kernels, workspace, lanes, self.batch, self.results, self.counter)
        arguments = (*fixed, limit, _ROUNDS, watch)
        while not self.stopped and advance(*arguments):
            report()

    def _workspace(self) -> Floats:
        layout = (self.watching or self.compiled).layout
        raw = np.zeros(layout.slots * layout.lanes + _ALIGNMENT // 8)
        shift = -(raw.ctypes.data // 8) % (_ALIGNMENT // 8)
        workspace = raw[shift : shift + layout.slots * layout.lanes]
        slots = workspace.reshape(layout.slots, layout.lanes)
        slots[layout["relative_tolerance"]] = self.settings.rtol
        slots[layout["rest_tolerance"]] = self.settings.rest_tolerance
        slots[layout["step"]] = 1.0
        first = layout["tolerance"]
        slots[first : first + layout.states] = self.tolerances[:, None]
        return workspace


_SLOTS = {"step_size": "step", "first_stage": "k1", "last_stage": "k8"}
