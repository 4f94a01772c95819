"""All measurements of one model: every simulator starts up, takes turns with the others, and is swept."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.sbml_peers.accuracy import Accuracy, accuracy
from benchmarks.sbml_peers.collection import Case
from benchmarks.sbml_peers.first_result import first_result
from benchmarks.sbml_peers.process import Failure
from benchmarks.sbml_peers.rows import Row, SweepRow
from benchmarks.sbml_peers.task import Task
from benchmarks.sbml_peers.worker import Asked, Reply, Worker

__all__ = ["Plan", "measure"]

RTOL = 1e-6
PILOTS = 3
PATIENCE = 3.0  # budgets that members may take when some of them are much slower than the first
LONG_START = 20.0  # seconds; who takes longer the first time is timed once the second time
OURS = "myeloniche"


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes
    ----------
    members, rounds
        Members per model, and turns that each simulator takes with them.
    budget
        CPU time that one turn may take [s]; a simulator that is slower does fewer members, though never
        fewer than have a reference, and takes one turn.
    limit
        Wall time after which a simulator is stopped [s].
    tolerances
        Relative tolerances of the work-precision curves.
    warm_starts
        How often a fresh process is timed with everything compiled; 0 leaves starting up out.
    core
        Number of the processor to stay on.
    """

    members: int = 200
    rounds: int = 3
    budget: float = 10.0
    limit: float = 600.0
    tolerances: tuple[float, ...] = ()
    warm_starts: int = 3
    core: int = 0


class Contender:
    """A simulator on a model: its row as far as it is known, and its process while it has one."""

    def __init__(self, case: Case, task: Task) -> None:
        self.case, self.task = case, task
        self.row = Row(
            model=case.name,
            states=len(case.states),
            reactions=case.reactions,
            parameters=len(case.parameters),
            events=case.events,
            end=case.end,
            simulator=task.simulator,
            rtol=RTOL,
            atol=case.atol,
            uncertainty=case.uncertainty,
        )
        self.worker: Worker | None = None
        self.singles: list[np.ndarray] = []
        self.batches: list[float] = []
        self.last: Reply | None = None
        self.pilot = 0.0

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Turn a failure into the status of the row."""
        try:
            yield
        except Failure as failure:
            self.row = replace(self.row, status=str(failure))

    @property
    def well(self) -> bool:
        """Whether it has not failed so far."""
        return self.row.status == "ok"


def measure(case: Case, simulators: Sequence[str], plan: Plan) -> tuple[list[Row], list[SweepRow]]:
    """Return a row per simulator and the points of its work-precision curves."""
    with tempfile.TemporaryDirectory() as folder:
        path = case.write(Path(folder))
        contenders = [_contender(case, name, path, plan) for name in simulators]
        for contender in contenders:
            _start_up(contender, plan)
        points: list[SweepRow] = []
        try:
            for contender in contenders:
                _load(contender, plan)
            for _ in range(plan.rounds):
                for contender in contenders:
                    _turn(contender, plan)
            for contender in contenders:
                _judge(contender)
                points += _sweep(contender, plan)
        finally:
            for contender in contenders:
                if contender.worker is not None:
                    contender.worker.close()
    return [contender.row for contender in contenders], points


def _contender(case: Case, name: str, path: Path, plan: Plan) -> Contender:
    cache = path.parent / name / "cache"
    cache.mkdir(parents=True)
    return Contender(case, Task.of(case, name, path, cache, plan.core))


def _start_up(contender: Contender, plan: Plan) -> None:
    if not plan.warm_starts:
        return
    task, atol = contender.task, contender.case.atol
    with contender.trying():
        if task.simulator == OURS:
            # fills the cache of the integrator, which is compiled once per installation, not per model
            with tempfile.TemporaryDirectory() as folder:
                first_result(replace(task, cache=Path(folder, "cache")), atol, plan.limit)
        cold = first_result(task, atol, plan.limit)
        repeats = plan.warm_starts if cold.wall < LONG_START else 1
        warm = [first_result(task, atol, plan.limit) for _ in range(repeats)]
        contender.row = replace(
            contender.row,
            cold_s=cold.wall,
            cold_cpu_s=cold.cpu,
            warm_s=float(np.median([start.wall for start in warm])),
            warm_cpu_s=float(np.median([start.cpu for start in warm])),
        )


def _load(contender: Contender, plan: Plan) -> None:
    """Load the model, run it so that everything is compiled, and see how many members there is time for."""
    if not contender.well:
        return
    with contender.trying():
        worker = contender.worker = Worker(contender.task, plan.limit)
        worker.run(_asked(contender, plan, 1, RTOL, together=False), plan.limit)
        pilot = worker.run(_asked(contender, plan, 1, RTOL, together=False), plan.limit)
        if pilot.seconds.sum() < plan.budget:
            pilot = worker.run(_asked(contender, plan, PILOTS, RTOL, together=False), plan.limit)
        contender.pilot = float(np.median(pilot.seconds))
        members = _affordable(contender, plan, plan.members)
        rounds = plan.rounds if members == min(plan.members, len(contender.case.values)) else 1
        contender.row = replace(contender.row, members=members, rounds=rounds)
        if worker.at_once:
            worker.run(_asked(contender, plan, members, RTOL, together=True), plan.limit)


def _affordable(contender: Contender, plan: Plan, members: int) -> int:
    most = min(members, len(contender.case.values))
    least = min(most, len(contender.case.reference))
    return int(np.clip(plan.budget / max(contender.pilot, 1e-9), least, most))


def _turn(contender: Contender, plan: Plan) -> None:
    worker, row = contender.worker, contender.row
    if not contender.well or worker is None or len(contender.batches) == row.rounds:
        return
    with contender.trying():
        contender.last = worker.run(_asked(contender, plan, row.members, RTOL, together=False), plan.limit)
        contender.singles.append(contender.last.seconds)
        if worker.at_once:
            contender.last = worker.run(_asked(contender, plan, row.members, RTOL, together=True), plan.limit)
        done = contender.last.members
        contender.batches.append(float(contender.last.seconds.sum()) / done)
        contender.row = replace(row, members=done)


def _judge(contender: Contender) -> None:
    """Fill in times and errors."""
    if not contender.well or contender.last is None:
        return
    singles = 1e3 * np.concatenate(contender.singles)
    batches = 1e3 * np.array(contender.batches)
    found = _accuracy(contender, contender.last)
    contender.row = replace(
        contender.row,
        single_ms=float(np.median(singles)),
        single_p90_ms=float(np.percentile(singles, 90)),
        single_mean_ms=float(singles.mean()),
        batch_ms=float(np.median(batches)),
        batch_least_ms=float(batches.min()),
        batch_most_ms=float(batches.max()),
        solving_ms=1e3 * contender.last.solving / contender.last.members,
        failed=contender.last.failed,
        error_median=found.median,
        error_largest=found.largest,
        error_p99=found.percentile99,
        compared=found.compared,
    )


def _sweep(contender: Contender, plan: Plan) -> Iterator[SweepRow]:
    """Yield the points of the work-precision curves, in one call and, for this engine, one at a time too."""
    worker = contender.worker
    if not contender.well or worker is None:
        return
    ways = (True, False) if contender.task.simulator == OURS else (worker.at_once,)
    with contextlib.suppress(Failure):  # what was not reached is not in the table
        for together in ways:
            for rtol in plan.tolerances:
                yield _point(contender, worker, plan, rtol, together)


def _point(contender: Contender, worker: Worker, plan: Plan, rtol: float, together: bool) -> SweepRow:
    atol = contender.case.atol * rtol / RTOL
    pilot = worker.run(_asked(contender, plan, 1, rtol, together=False, atol=atol), plan.limit)
    each = max(float(pilot.seconds.sum()), 1e-9)
    members = int(np.clip(plan.budget / each, 1, contender.row.members))
    reply = pilot
    if members > 1 or together:
        reply = worker.run(_asked(contender, plan, members, rtol, together=together, atol=atol), plan.limit)
    found = _accuracy(contender, reply)
    return SweepRow(
        model=contender.case.name,
        simulator=contender.task.simulator,
        together=together,
        rtol=rtol,
        atol=atol,
        members=reply.members,
        cpu_ms=1e3 * float(reply.seconds.sum()) / reply.members,
        failed=reply.failed,
        error_median=found.median,
        error_largest=found.largest,
        error_p99=found.percentile99,
        compared=found.compared,
    )


def _asked(
    contender: Contender, plan: Plan, members: int, rtol: float, *, together: bool, atol: float | None = None
) -> Asked:
    chosen = contender.case.atol if atol is None else atol
    return Asked(members, rtol, chosen, together, len(contender.case.reference), PATIENCE * plan.budget)


def _accuracy(contender: Contender, reply: Reply) -> Accuracy:
    return accuracy(reply.states, contender.case.reference, contender.case.atol)
