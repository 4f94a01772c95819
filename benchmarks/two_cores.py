"""Ensembles on one core and on two, side by side, with trajectories and with endpoints.

One worker on one processor and two workers on two take turns, the first of a pair changing. Every run is a
row of ``results/two_cores_runs.csv``, with what the rest of the machine did meanwhile; the ratios of wall
times are in ``results/two_cores.csv``. Run it on a quiet machine:

    python -m benchmarks.two_cores

On a busy one the wall times tell little. What still counts is the work: the ratio that two idle processors
would show is the processor time of one worker over that of the part that two workers leave to one thread,
plus half of all the rest; the least of each over all runs, as neighbours only add to it.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.cascade import SEED, SPREAD, cascade, spread
from benchmarks.sbml_peers.machine import processor
from myeloniche.engine import Endpoint, OdeModel, ensemble, simulate
from myeloniche.engine.kernels.compile import host_machine
from myeloniche.lab.culture import coculture
from myeloniche.lab.laboratory import open_laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm
from myeloniche.niche.names import sbml_id

Floats = NDArray[np.float64]

RESULTS = Path(__file__).parent / "results"
POINTS = 101
QUIET = 0.02  # share of the machine that others may take of a run that counts as undisturbed
TICK = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Task:
    """An ensemble: model, values by column of shape (member,), hours, what is kept, and whether on disk."""

    name: str
    model: OdeModel
    parameters: Mapping[str, Floats]
    initial: Mapping[str, float]
    hours: float
    kept: Mapping[str, object]
    stored: bool = False

    @property
    def members(self) -> int:
        """How many members there are."""
        return max(np.size(values) for values in self.parameters.values())

    def run(self, workers: int) -> None:
        """Do the work, from columns of numbers to a labelled dataset."""
        times = np.linspace(0.0, self.hours, POINTS)
        with tempfile.TemporaryDirectory() as folder:
            kept = {**self.kept, "store": f"{folder}/runs.zarr"} if self.stored else self.kept
            ensemble(self.model, self.parameters, times, initial=self.initial, workers=workers, **kept)


@dataclass(frozen=True)
class Run:
    """One run: seconds on the wall, of all processors, of the calling thread, and the machine meanwhile.

    ``others`` is the share of the machine's processor time that went to anyone else, steal included.
    """

    task: str
    members: int
    pair: int
    workers: int
    wall_s: float
    cpu_s: float
    calling_thread_s: float
    others: float
    stolen: float
    load: float


@dataclass(frozen=True)
class Ratio:
    """How many times faster two workers are, over the undisturbed pairs if there are any, else over all."""

    task: str
    members: int
    pairs: int
    undisturbed: int
    best: float
    median: float
    by_work: float
    one_worker_s: float
    two_workers_s: float


def tasks(members: int) -> Iterator[Task]:
    """Yield the cascade and the niche, each with trajectories, with endpoints and with observables."""
    model = cascade()
    ends = (Endpoint("maximum", "K16"), Endpoint("area", "P1"), Endpoint("time above", "M4", 0.5))
    parameters = spread(model, members)
    yield Task("cascade, trajectories", model, parameters, {}, 48.0, {})
    yield Task("cascade, store", model, parameters, {}, 48.0, {"chunk": members // 4}, stored=True)
    yield Task("cascade, endpoints", model, parameters, {}, 48.0, {"endpoints": ends})
    niche, columns, initial = coculture_sets(max(1, members // 4))
    ends = (Endpoint("maximum", "MM__MYC"), Endpoint("area", "IL6"))
    shown = tuple(niche.observables)[:25]
    yield Task("niche, trajectories", niche, columns, initial, 24.0, {})
    yield Task("niche, endpoints", niche, columns, initial, 24.0, {"endpoints": ends})
    yield Task("niche, 25 observables", niche, columns, initial, 24.0, {"outputs": shown})


def coculture_sets(members: int) -> tuple[OdeModel, dict[str, Floats], dict[str, float]]:
    """Return the niche, its constants times log-normal factors, and RPMI8226 on BMSC at its start."""
    laboratory = open_laboratory()
    niche = laboratory.niche.model
    start = np.zeros(1)
    dish = coculture("RPMI8226", "BMSC").wait("24 h").experiment().arms[0]
    member = member_of(plan_arm(dish, laboratory), [Clock(start, start)])
    _, states = simulate(niche, [member], throw=True).of(0)
    rng = np.random.default_rng(SEED)
    columns = {name: np.full(members, value) for name, value in member.parameters.items()}
    for name in map(sbml_id, laboratory.niche.parameters):
        centre = member.parameters.get(name, niche.nominal[name])
        columns[name] = centre * rng.lognormal(0.0, SPREAD, members)
    return niche, columns, {name: float(values[0]) for name, values in states.items()}


def measure(task: Task, pair: int, workers: int, processors: Sequence[int]) -> Run:
    """Return what one run took on some processors."""
    os.sched_setaffinity(0, processors)
    before, cpu, own = _machine(), time.process_time(), time.thread_time()
    wall = time.perf_counter()
    task.run(workers)
    wall = time.perf_counter() - wall
    cpu, own = time.process_time() - cpu, time.thread_time() - own
    busy, stolen, total = _machine() - before
    others = max(0.0, busy - cpu) / total
    return Run(
        task=task.name,
        members=task.members,
        pair=pair,
        workers=workers,
        wall_s=round(wall, 4),
        cpu_s=round(cpu, 4),
        calling_thread_s=round(own, 4),
        others=round(float(others), 3),
        stolen=round(float(stolen / total), 3),
        load=round(os.getloadavg()[0], 2),
    )


def _machine() -> Floats:
    """Return the seconds that all processors were busy, lost to other guests, and had since the start."""
    line = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()[1:9]
    user, nice, system, idle, waiting, interrupt, soft, steal = (TICK * int(ticks) for ticks in line)
    busy = user + nice + system + interrupt + soft + steal
    return np.array([busy, steal, busy + idle + waiting])


def compare(task: Task, pairs: int, processors: Sequence[int]) -> list[Run]:
    """Return the runs of a task on one processor and on two, in turns."""
    task.run(1)
    runs = []
    for pair in range(pairs):
        one = (1, [processors[pair % 2]])
        two = (2, processors)
        for workers, chosen in (one, two) if pair // 2 % 2 else (two, one):
            runs.append(measure(task, pair, workers, chosen))
    os.sched_setaffinity(0, processors)
    return runs


def ratio(runs: Sequence[Run]) -> Ratio:
    """Return how much faster two workers were in the runs of one task."""
    pairs = {run.pair: {} for run in runs}
    for run in runs:
        pairs[run.pair][run.workers] = run
    calm = [both for both in pairs.values() if max(run.others for run in both.values()) <= QUIET]
    judged = calm or list(pairs.values())
    ones, twos = [both[1] for both in judged], [both[2] for both in judged]
    faster = [one.wall_s / two.wall_s for one, two in zip(ones, twos, strict=True)]
    alone = min(run.calling_thread_s for run in twos)
    shared = (min(run.cpu_s for run in twos) - alone) / 2
    return Ratio(
        task=runs[0].task,
        members=runs[0].members,
        pairs=len(pairs),
        undisturbed=len(calm),
        best=_digits(min(run.wall_s for run in ones) / min(run.wall_s for run in twos)),
        median=_digits(statistics.median(faster)),
        by_work=_digits(min(run.cpu_s for run in ones) / (alone + shared)),
        one_worker_s=_digits(statistics.median(run.wall_s for run in ones)),
        two_workers_s=_digits(statistics.median(run.wall_s for run in twos)),
    )


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=4000, help="of the cascade; the niche has a quarter")
    parser.add_argument("--pairs", type=int, default=20, help="runs on one processor and on two")
    options = parser.parse_args()
    processors = sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        parser.error("got one processor, expected two to compare with it")
    machine = {"processor": processor(), "lanes": host_machine().lanes, "python": platform.python_version()}
    runs, ratios = [], []
    for task in tasks(options.members):
        found = compare(task, options.pairs, processors)
        runs += found
        ratios.append(ratio(found))
        print(ratios[-1], flush=True)
    _write("two_cores_runs.csv", [asdict(run) for run in runs])
    _write("two_cores.csv", [{**asdict(row), **machine} for row in ratios])


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _write(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
