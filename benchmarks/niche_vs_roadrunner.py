"""The niche, 200 parameter sets at a time: this package beside libRoadRunner on the exported SBML.

Both integrate the same sets from the same initial values with the same tolerances and give all states at the
same times, one core each, in the same run, taking turns; CPU time is counted. Run it with

    python -m benchmarks.niche_vs_roadrunner
"""

from __future__ import annotations

import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import roadrunner
from numpy.typing import NDArray

from benchmarks.sbml_peers.machine import processor
from myeloniche.engine.kernels.compile import host_machine
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.lab.animal import Animal, animal
from myeloniche.lab.culture import Culture, coculture, culture
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm
from myeloniche.niche.export import write_sbml
from myeloniche.niche.names import sbml_id

Floats = NDArray[np.float64]

SETS = 200
FEW_SETS = 24  # of the mouse, where libRoadRunner takes minutes for more
JUDGED = 20
ROUNDS = 5
POINTS = 49
SPREAD = 0.2
SEED = 20260801
RTOL, ATOL = 1e-6, 1e-9
TIGHT_RTOL, TIGHT_ATOL = 1e-10, 1e-13
ABSENT = 1e-9  # a state that stays below this, in its own unit, is not judged
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Task:
    """What is integrated: parameters and initial values by SBML id, how long [h] and in how many sets."""

    name: str
    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    hours: float
    sets: int = SETS

    @property
    def times(self) -> Floats:
        """Output times [h], shape (time,)."""
        return np.linspace(0.0, self.hours, POINTS)


@dataclass(frozen=True)
class Row:
    """One line of the table of results."""

    task: str
    sets: int
    rtol: float
    atol: float
    ours_ms_per_set: float
    roadrunner_ms_per_set: float
    ratio: float
    ours_failed: int
    roadrunner_failed: int
    ours_steps_median: float
    ours_steps_rejected: float
    ours_error_max: float
    ours_error_median: float
    roadrunner_error_max: float
    roadrunner_error_median: float


def tasks(laboratory: Laboratory) -> list[Task]:
    """Return starved RPMI8226 with TNF and the coculture from their rest, and a mouse with a tumour."""
    starved = culture("RPMI8226").starve("1% FBS", "12 h")
    parameters, state = _at(laboratory, starved, 12.0)
    together, start = _at(laboratory, coculture("RPMI8226", "BMSC").wait("24 h"), 0.0)
    tumour, mouse = _at(laboratory, animal("mouse").inject("5TGM1", into="tibia").wait("1 d"), 24.0)
    dose = laboratory.drug("TNF").amount("10 ng/mL")
    return [
        Task("TNF on starved RPMI8226, 240 min", {**parameters, "serum": 0.1}, {**state, "TNF": dose}, 4.0),
        Task("RPMI8226 with BMSC, 24 h", together, start, 24.0),
        Task("5TGM1 in the tibia of a mouse, 20 d", tumour, mouse, 480.0, FEW_SETS),
    ]


def parameter_sets(laboratory: Laboratory, task: Task) -> list[dict[str, float]]:
    """Return the sets: every constant of the niche times its own log-normal factor of median 1."""
    rng = np.random.default_rng(SEED)
    names = [sbml_id(name) for name in laboratory.niche.parameters]
    nominal = {**{name: laboratory.niche.model.nominal[name] for name in names}, **task.parameters}
    centre = np.array([nominal[name] for name in names])
    sigma = np.sqrt(np.log1p(SPREAD**2))
    table = centre * rng.lognormal(0.0, sigma, (task.sets, len(names)))
    return [dict(zip(names, map(float, row), strict=True)) for row in table]


class Ours:
    """All sets in one call of the engine on one thread, lasting from Python's numbers to Python's numbers."""

    def __init__(self, laboratory: Laboratory, task: Task, sets: Sequence[Mapping[str, float]]) -> None:
        self.model = laboratory.niche.model
        self.members = [
            Member({**task.parameters, **values}, task.initial, (), task.times) for values in sets
        ]
        self.median_steps = self.rejected = 0.0

    def run(self, rtol: float = RTOL, atol: float = ATOL, count: int | None = None) -> tuple[float, Floats]:
        """Return CPU seconds and all states, shape (set, time, state)."""
        count = count or len(self.members)
        start = time.process_time()
        found = simulate(self.model, self.members[:count], rtol=rtol, atol=atol, workers=1)
        seconds = time.process_time() - start
        self.median_steps = float(np.median(found.statistics.steps))
        self.rejected = float(np.mean(found.statistics.rejected))
        return seconds, found.values.reshape(count, POINTS, -1)


class RoadRunner:
    """One set after the other; only the integration is counted, not the setting of values."""

    def __init__(self, path: Path, laboratory: Laboratory, task: Task, sets: Sequence[Mapping[str, float]]):
        self.states = laboratory.niche.model.states
        self.task, self.sets = task, sets
        self.runner = roadrunner.RoadRunner(str(path))
        self.runner.integrator.maximum_num_steps = 100_000
        self.runner.timeCourseSelections = ["time", *(f"[{name}]" for name in self.states)]

    def run(self, rtol: float = RTOL, atol: float = ATOL, count: int | None = None) -> tuple[float, Floats]:
        """Return CPU seconds and all states, shape (set, time, state); NaN where it gave up."""
        self.runner.integrator.relative_tolerance = rtol
        self.runner.integrator.absolute_tolerance = atol
        count = count or len(self.sets)
        values = np.full((count, POINTS, len(self.states)), np.nan)
        seconds = 0.0
        for index, parameters in enumerate(self.sets[:count]):
            self._set({**self.task.parameters, **parameters})
            start = time.process_time()
            try:
                found = self.runner.simulate(0.0, self.task.hours, POINTS)
            except RuntimeError:
                seconds += time.process_time() - start
                continue
            seconds += time.process_time() - start
            values[index] = np.asarray(found)[:, 1:]
        return seconds, values

    def _set(self, parameters: Mapping[str, float]) -> None:
        self.runner.resetAll()
        for name, value in parameters.items():
            self.runner[name] = value
        for name, value in self.task.initial.items():
            self.runner[f"[{name}]"] = value


def compare(laboratory: Laboratory, path: Path, task: Task) -> Row:
    """Return times and errors of both on one task."""
    sets = parameter_sets(laboratory, task)
    ours, theirs = Ours(laboratory, task, sets), RoadRunner(path, laboratory, task, sets)
    ours.run(count=8)
    theirs.run(count=2)
    turns = [(ours.run(), theirs.run()) for _ in range(ROUNDS)]
    seconds = np.array([[mine[0], yours[0]] for mine, yours in turns])
    _, tight = ours.run(TIGHT_RTOL, TIGHT_ATOL, JUDGED)
    ours_errors, their_errors = _errors(turns[-1][0][1], tight), _errors(turns[-1][1][1], tight)
    everyday = ours.run()[1]
    milliseconds = np.median(seconds, axis=0) / task.sets * 1e3
    return Row(
        task=task.name,
        sets=task.sets,
        rtol=RTOL,
        atol=ATOL,
        ours_ms_per_set=_digits(milliseconds[0]),
        roadrunner_ms_per_set=_digits(milliseconds[1]),
        ratio=_digits(float(np.median(seconds[:, 1] / seconds[:, 0]))),
        ours_failed=_failed(everyday),
        roadrunner_failed=_failed(turns[-1][1][1]),
        ours_steps_median=ours.median_steps,
        ours_steps_rejected=_digits(ours.rejected),
        ours_error_max=_digits(np.nanmax(ours_errors)),
        ours_error_median=_digits(np.nanmedian(ours_errors)),
        roadrunner_error_max=_digits(np.nanmax(their_errors)),
        roadrunner_error_median=_digits(np.nanmedian(their_errors)),
    )


START_UP = {
    "import myeloniche": "import myeloniche",
    "open the laboratory (tables to model with handles)": (
        "from myeloniche.lab.laboratory import open_laboratory; open_laboratory().niche.model"
    ),
    "the same and a first trajectory": (
        "import numpy as np; from myeloniche.lab.laboratory import open_laboratory;"
        "from myeloniche.engine.simulation import simulate; from myeloniche.engine.timeline import Member;"
        "simulate(open_laboratory().niche.model, [Member(times=np.linspace(0, 4, 49))], throw=True)"
    ),
    "libRoadRunner: import and load the SBML": "import roadrunner; roadrunner.RoadRunner({path!r})",
    "libRoadRunner: the same and a first trajectory": (
        "import roadrunner; roadrunner.RoadRunner({path!r}).simulate(0, 4, 49)"
    ),
}


def start_up(path: Path) -> list[dict[str, object]]:
    """Return wall seconds of fresh processes: nothing compiled yet, a new model only, everything on disk."""
    rows: list[dict[str, object]] = []
    for name, program in START_UP.items():
        text = program.format(path=str(path))
        with tempfile.TemporaryDirectory() as kernels, tempfile.TemporaryDirectory() as integrator:
            environment = {**os.environ, "MYELONICHE_CACHE_DIR": kernels, "NUMBA_CACHE_DIR": integrator}
            cold = _wall(text, environment)
            cached = min(_wall(text, environment) for _ in range(3))
            for file in Path(kernels).iterdir():
                file.unlink()
            new_model = _wall(text, environment)
        seconds = {"cold_s": cold, "new_model_s": new_model, "cached_s": cached}
        rows.append({"what": name, **{column: round(value, 2) for column, value in seconds.items()}})
    return rows


def main() -> None:
    """Measure, print and write."""
    laboratory = open_laboratory()
    with tempfile.TemporaryDirectory() as folder:
        path = write_sbml(laboratory.niche, Path(folder) / "niche.xml")
        rows = []
        for task in tasks(laboratory):
            rows.append(asdict(compare(laboratory, path, task)))
            print(f"{task.name}: {rows[-1]['ratio']} times as fast", flush=True)
        processes = start_up(path)
    model = laboratory.niche.model
    machine = {
        "processor": processor(),
        "lanes": host_machine().lanes,
        "python": platform.python_version(),
        "roadrunner": roadrunner.__version__,
        "states": len(model.states),
        "processes": len(model.processes),
    }
    _write("niche_vs_roadrunner.csv", [{**row, **machine} for row in rows])
    _write("niche_start_up.csv", [{**row, **machine} for row in processes])
    for row in (*rows, *processes, machine):
        print("\n".join(f"{name}: {value}" for name, value in row.items()), end="\n\n")


def _at(
    laboratory: Laboratory, dish: Culture | Animal, hour: float
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the parameters its cells bring and the state of a dish or mouse at some hour of its protocol."""
    clock = np.array([hour])
    member = member_of(plan_arm(dish.experiment().arms[0], laboratory), [Clock(clock, clock)])
    _, found = simulate(laboratory.niche.model, [member], rtol=1e-8, throw=True).of(0)
    return dict(member.parameters), {name: float(values[0]) for name, values in found.items()}


def _errors(found: Floats, tight: Floats) -> Floats:
    """Return the largest error over time of every state of every set, relative to its largest value."""
    scale = np.max(np.abs(tight), axis=1)
    errors = np.max(np.abs(found[: len(tight)] - tight), axis=1)
    return np.where(scale > ABSENT, errors / np.maximum(scale, ABSENT), np.nan)


def _failed(values: Floats) -> int:
    return int(np.count_nonzero(np.isnan(values).any(axis=(1, 2))))


def _digits(value: float) -> float:
    return float(f"{value:.3g}")


def _wall(program: str, environment: Mapping[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    return time.perf_counter() - start


def _write(name: str, rows: Sequence[Mapping[str, object]]) -> None:
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
