"""The niche under a dose a day for 90 days: this package beside libRoadRunner, same equations, same doses.

Myeloma cells, stroma and osteoclast precursors share a dish, and every 24 h a drug is added to their medium.
Every constant of the niche is perturbed from member to member. libRoadRunner gets the niche as exported SBML
and doses in three ways: by an event per dose, by one event that puts itself off to the next dose, and by a
loop from dose to dose; of the ways that fail least on a few members the quickest is compared, over the
members that it finishes. A further row shows the loosest tolerances at which the engine is no less accurate.
Run it from the repository's root with

    python -m benchmarks.daily_dosing
"""

from __future__ import annotations

import argparse
import csv
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import libsbml
import numpy as np
import roadrunner
from numpy.typing import NDArray

from benchmarks.niche_vs_roadrunner import SEED, SPREAD
from benchmarks.sbml_peers.accuracy import accuracy
from benchmarks.sbml_peers.machine import processor
from benchmarks.sbml_peers.process import pin
from benchmarks.sbml_peers.rows import digits
from myeloniche.engine.kernels.compile import host_machine
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.lab.culture import coculture
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm
from myeloniche.niche.export import write_sbml
from myeloniche.niche.names import sbml_id

Floats = NDArray[np.float64]
Members = Sequence[int]

CELLS = ("RPMI8226", "BMSC", "primary bone marrow cells")
DRUG, DOSE = "LLZ1640-2", "1 uM"
INTERVAL_H = 24.0
PER_DOSE = 3  # output times from one dose to the next
RTOL, ATOL = 1e-6, 1e-9
TIGHT_RTOL, TIGHT_ATOL = 1e-10, 1e-13
LOOSER = (1e-3, 1e-4, 1e-5)
VANISHED = 1e-100
MOST_STEPS = 10_000_000
RESULTS = Path(__file__).parent / "results" / "daily_dosing.csv"


@dataclass(frozen=True)
class Run:
    """CPU time of some members [s], and their states, shape (member, time, state), NaN where one failed."""

    chosen: Members
    seconds: float
    states: Floats

    @property
    def finished(self) -> Members:
        """The members that did not fail."""
        fine = ~np.isnan(self.states).any(axis=(1, 2))
        return [index for index, good in zip(self.chosen, fine, strict=True) if good]


@dataclass(frozen=True)
class Regimen:
    """What every member goes through.

    Attributes
    ----------
    parameters, initial
        Values that the cells bring, and the dish at the first dose, by SBML id.
    sets
        What each member changes in the parameters.
    species, amount
        Where the doses go, and how much each adds.
    days
        Number of doses.
    """

    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    sets: Sequence[Mapping[str, float]]
    species: str
    amount: float
    days: int

    @property
    def times(self) -> Floats:
        """Output times [h], shape (time,)."""
        return np.linspace(0.0, self.days * INTERVAL_H, self.days * PER_DOSE + 1)

    @property
    def judged(self) -> NDArray[np.int64]:
        """Output times at which no dose leaves open whether before or after it."""
        return np.flatnonzero(np.arange(self.times.size) % PER_DOSE)

    def member(self, values: Mapping[str, float]) -> Member:
        """Return a member of the engine's ensemble."""
        dose = Change(self.species, "add", self.amount)
        days = (Period(INTERVAL_H, (dose,)),) * self.days
        return Member({**self.parameters, **values}, self.initial, days, self.times)


def regimen(laboratory: Laboratory, members: int, days: int) -> Regimen:
    """Return daily doses for a dish in which all cells have rested apart and met a day ago."""
    arm = coculture(*CELLS).wait("24 h").experiment().arms[0]
    clock = np.array([24.0])
    start = member_of(plan_arm(arm, laboratory), [Clock(clock, clock)])
    _, found = simulate(laboratory.niche.model, [start], rtol=1e-8, throw=True).of(0)
    drug = laboratory.drug(DRUG)
    assert drug.dose is not None
    return Regimen(
        parameters=dict(start.parameters),
        initial={name: float(values[0]) for name, values in found.items()},
        sets=_sets(laboratory, start.parameters, members),
        species=sbml_id(drug.dose.species),
        amount=drug.amount(DOSE),
        days=days,
    )


def _sets(laboratory: Laboratory, own: Mapping[str, float], members: int) -> list[dict[str, float]]:
    """Return every constant of the niche times a log-normal factor of its own, of median 1."""
    nominal = {**laboratory.niche.model.nominal, **own}
    names = [sbml_id(name) for name in laboratory.niche.parameters]
    centre = np.array([nominal[name] for name in names])
    sigma = np.sqrt(np.log1p(SPREAD**2))
    table = centre * np.random.default_rng(SEED).lognormal(0.0, sigma, (members, len(names)))
    return [dict(zip(names, row.tolist(), strict=True)) for row in table]


def run_here(model: OdeModel, plan: Regimen, chosen: Members, rtol: float, atol: float) -> Run:
    """Integrate in one call, timed from Python's numbers to Python's numbers."""
    members = [plan.member(plan.sets[index]) for index in chosen]
    start = time.process_time()
    found = simulate(model, members, rtol=rtol, atol=atol, max_steps=MOST_STEPS, workers=1)
    seconds = time.process_time() - start
    return Run(chosen, seconds, found.values.reshape(len(members), plan.times.size, -1))


class RoadRunner:
    """One member after the other; only the integration is counted, not the setting of values."""

    def __init__(self, path: Path, model: OdeModel, plan: Regimen) -> None:
        roadrunner.Logger.disableLogging()
        self.plan = plan
        self.runner: Any = roadrunner.RoadRunner(str(path))
        self.runner.integrator.maximum_num_steps = 1_000_000
        self.runner.timeCourseSelections = [f"[{name}]" for name in model.states]

    def run(self, chosen: Members, rtol: float, atol: float) -> Run:
        """Integrate until the end or until it gives up."""
        self.runner.integrator.relative_tolerance = rtol
        self.runner.integrator.absolute_tolerance = atol
        shape = (len(chosen), self.plan.times.size, len(self.runner.timeCourseSelections))
        states, seconds = np.full(shape, np.nan), 0.0
        for place, index in enumerate(chosen):
            self._set({**self.plan.parameters, **self.plan.sets[index]})
            start = time.process_time()
            try:
                states[place] = self._course()
            except RuntimeError:
                continue
            finally:
                seconds += time.process_time() - start
        return Run(chosen, seconds, states)

    def _course(self) -> Floats:
        times = self.plan.times
        return np.array(self.runner.simulate(0.0, times[-1], times.size))

    def _set(self, parameters: Mapping[str, float]) -> None:
        self.runner.resetAll()
        for name, value in parameters.items():
            self.runner[name] = value
        for name, value in self.plan.initial.items():
            self.runner[f"[{name}]"] = value
        self._dose()

    def _dose(self) -> None:
        name = f"[{self.plan.species}]"
        self.runner[name] = self.runner[name] + self.plan.amount


class RoadRunnerLoop(RoadRunner):
    """From dose to dose, each one added by Python, which also rounds to 0 what has all but vanished."""

    def _course(self) -> Floats:
        rows = []
        for day in range(self.plan.days):
            if day:
                self._round()
                self._dose()
            start = day * INTERVAL_H
            shown = np.array(self.runner.simulate(start, start + INTERVAL_H, PER_DOSE + 1))
            rows.append(shown if day == 0 else shown[1:])
        return np.concatenate(rows)

    def _round(self) -> None:
        """Set vanishing states to 0: CVODE gives up where one has decayed to 1e-301."""
        model = self.runner.model
        values = model.getFloatingSpeciesConcentrations()
        for place in np.flatnonzero((values != 0.0) & (np.abs(values) < VANISHED)):
            self.runner[f"[{model.getFloatingSpeciesIds()[place]}]"] = 0.0


def with_events(path: Path, plan: Regimen) -> Path:
    """Return the model with an event for every dose but the first, which is part of the initial state."""
    document = libsbml.readSBMLFromFile(str(path))
    for day in range(1, plan.days):
        _event(document.getModel(), f"dose_{day}", f"time >= {day * INTERVAL_H}", {plan.species: _more(plan)})
    return _written(document, path.with_name("events.xml"))


def with_one_event(path: Path, plan: Regimen) -> Path:
    """Return the model with one event that puts itself off to the next dose."""
    document = libsbml.readSBMLFromFile(str(path))
    clock = document.getModel().createParameter()
    clock.setId("next_dose")
    clock.setConstant(False)
    clock.setValue(INTERVAL_H)
    later = {plan.species: _more(plan), "next_dose": f"next_dose + {INTERVAL_H}"}
    trigger = f"time >= next_dose && next_dose < {plan.days * INTERVAL_H}"
    _event(document.getModel(), "dose", trigger, later)
    return _written(document, path.with_name("one_event.xml"))


def _more(plan: Regimen) -> str:
    return f"{plan.species} + {plan.amount}"


def _event(model: Any, name: str, trigger: str, assignments: Mapping[str, str]) -> None:
    event = model.createEvent()
    event.setId(name)
    event.setUseValuesFromTriggerTime(True)
    condition = event.createTrigger()
    condition.setInitialValue(False)
    condition.setPersistent(True)
    condition.setMath(libsbml.parseL3Formula(trigger))
    for variable, formula in assignments.items():
        assignment = event.createEventAssignment()
        assignment.setVariable(variable)
        assignment.setMath(libsbml.parseL3Formula(formula))


def _written(document: Any, path: Path) -> Path:
    libsbml.writeSBMLToFile(document, str(path))
    return path


OURS = "myeloniche"
WAYS: Mapping[str, Callable[[Path, OdeModel, Regimen], RoadRunner]] = {
    "libRoadRunner, an event per dose": lambda path, model, plan: RoadRunner(
        with_events(path, plan), model, plan
    ),
    "libRoadRunner, one event": lambda path, model, plan: RoadRunner(with_one_event(path, plan), model, plan),
    "libRoadRunner, loop from dose to dose": RoadRunnerLoop,
}


@dataclass(frozen=True)
class Row:
    """One way of dosing some members; the ratio is its CPU time over ours for the same at rtol 1e-6."""

    who: str
    members: int
    rtol: float
    ms_per_member: float
    ratio: float
    failed: int
    error_median: float
    error_largest: float


class Comparison:
    """The members of one regimen, integrated here and by libRoadRunner."""

    def __init__(self, laboratory: Laboratory, options: argparse.Namespace) -> None:
        self.options = options
        self.model = laboratory.niche.model
        self.plan = regimen(laboratory, options.members, options.days)
        self.judged = range(min(options.judged, options.members))
        self.here(range(1), RTOL)
        tight = run_here(self.model, self.plan, self.judged, TIGHT_RTOL, TIGHT_ATOL)
        self.reference = tight.states[:, self.plan.judged]

    def rows(self, path: Path) -> list[Row]:
        """Return libRoadRunner's ways on a few members, and the best of them and ours on more."""
        few = range(min(self.options.few, self.options.members))
        peers = {way: make(path, self.model, self.plan) for way, make in WAYS.items()}
        ours = self.here(few, RTOL)
        rows = [self.row(way, RTOL, peer.run(few, RTOL, ATOL), ours) for way, peer in peers.items()]
        best = min(rows, key=lambda row: (row.failed, row.ms_per_member)).who
        tight = self.row(best, 10 * TIGHT_RTOL, peers[best].run(few, 10 * TIGHT_RTOL, 10 * TIGHT_ATOL), ours)
        theirs = peers[best].run(range(self.options.members), RTOL, ATOL)
        failed = len(theirs.chosen) - len(theirs.finished)
        if failed:
            theirs = peers[best].run(theirs.finished, RTOL, ATOL)
        ours = self.here(theirs.chosen, RTOL)
        peer = replace(self.row(best, RTOL, theirs, ours), failed=failed)
        return [*rows, tight, self.row(OURS, RTOL, ours, ours), peer, *self.as_accurate(peer, theirs)]

    def as_accurate(self, row: Row, theirs: Run) -> list[Row]:
        """Return ours at the loosest tolerances with no larger errors, and libRoadRunner's time over it."""
        for rtol in LOOSER:
            ours = self.here(theirs.chosen, rtol)
            found = self.row(f"{OURS}, no less accurate", rtol, ours, ours)
            if found.error_median <= row.error_median and found.error_largest <= row.error_largest:
                return [replace(found, ratio=theirs.seconds / ours.seconds)]
        return []

    def here(self, chosen: Members, rtol: float) -> Run:
        """Return the middle one of some runs."""
        atol = ATOL * rtol / RTOL
        rounds = range(self.options.rounds)
        runs = [run_here(self.model, self.plan, chosen, rtol, atol) for _ in rounds]
        return sorted(runs, key=lambda run: run.seconds)[len(runs) // 2]

    def row(self, who: str, rtol: float, found: Run, ours: Run) -> Row:
        """Return a row of a run beside ours of the same members."""
        known = [index for index in found.chosen if index in self.judged]
        states = found.states[: len(known), self.plan.judged]
        errors = accuracy(states, self.reference[known], ATOL)
        return Row(
            who=who,
            members=len(found.chosen),
            rtol=rtol,
            ms_per_member=1e3 * found.seconds / len(found.chosen),
            ratio=found.seconds / ours.seconds,
            failed=len(found.chosen) - len(found.finished),
            error_median=errors.median,
            error_largest=errors.largest,
        )


def compare(options: argparse.Namespace) -> list[Row]:
    """Return all rows."""
    laboratory = open_laboratory()
    with tempfile.TemporaryDirectory() as folder:
        path = write_sbml(laboratory.niche, Path(folder) / "niche.xml")
        return Comparison(laboratory, options).rows(path)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.daily_dosing", description=__doc__)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument(
        "--few", type=int, default=4, help="members to find libRoadRunner's quickest way with"
    )
    parser.add_argument("--judged", type=int, default=20, help="members whose error is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--core", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    pin(options.core)
    machine = {
        "days": options.days,
        "atol_over_rtol": ATOL / RTOL,
        "processor": processor(),
        "lanes": host_machine().lanes,
        "python": platform.python_version(),
        "roadrunner": roadrunner.__version__,
        "states": len(open_laboratory().niche.model.states),
    }
    rows = [{**asdict(row), **machine} for row in compare(options)]
    options.out.parent.mkdir(exist_ok=True)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: digits(value) for name, value in row.items()} for row in rows)
    for row in rows:
        print(*(f"{name}: {digits(value)}" for name, value in row.items()), sep="\n", end="\n\n")


if __name__ == "__main__":
    main()
