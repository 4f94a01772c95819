"""Time an ensemble of perturbed trajectories of an SBML model, here and with libRoadRunner (CVODE).

Both integrate the same members on one core with the same tolerances; both are compared with libRoadRunner at
tolerances a thousand times tighter. Times are CPU times of this process, the best of three; compiling is not
counted. Needs libroadrunner.

    python benchmarks/ensemble_vs_roadrunner.py model.xml --end 240
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.kernels.cache import model_kernels
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.simulation import ensemble

Floats = NDArray[np.float64]
REFERENCE_MEMBERS = 10
TIGHTER = 1e-3


@dataclass(frozen=True)
class Task:
    """What both simulators do.

    Attributes
    ----------
    path, model
        The SBML file, and the model read from it.
    names, values
        Perturbed parameters, and their values of shape (member, parameter).
    times
        Output times, shape (time,).
    rtol, atol
        Tolerances.
    """

    path: Path
    model: OdeModel
    names: tuple[str, ...]
    values: Floats
    times: Floats
    rtol: float
    atol: float


def perturbed(model: OdeModel, names: tuple[str, ...], members: int, sigma: float) -> Floats:
    """Return nominal values times log-normal factors, shape (member, parameter)."""
    rng = np.random.default_rng(20240229)
    nominal = np.array([model.nominal[name] for name in names])
    return nominal * np.exp(sigma * rng.standard_normal((members, len(names))))


def run_here(task: Task) -> Floats:
    """Return the states as the engine integrates them, shape (member, time, state)."""
    columns = {name: task.values[:, place] for place, name in enumerate(task.names)}
    found = ensemble(task.model, columns, task.times, rtol=task.rtol, atol=task.atol, workers=1)
    return np.stack([found[name].values for name in task.model.states], axis=-1)


class RoadRunner:
    """The peer, loaded once."""

    def __init__(self, path: Path, states: tuple[str, ...]) -> None:
        import libsbml
        import roadrunner

        roadrunner.Logger.disableLogging()
        self.runner: Any = roadrunner.RoadRunner(str(path))
        model = libsbml.readSBMLFromFile(str(path)).getModel()
        self.runner.timeCourseSelections = [_selection(model, state) for state in states]
        self.known = tuple(self.runner.model.getGlobalParameterIds())
        self.assigned = model.getNumInitialAssignments() > 0

    def run(self, task: Task, members: int, tighter: float = 1.0) -> Floats:
        """Return the states of the first members, shape (member, time, state); NaN where it fails."""
        integrator = self.runner.getIntegrator()
        integrator.setValue("relative_tolerance", task.rtol * tighter)
        integrator.setValue("absolute_tolerance", task.atol * tighter)
        integrator.setValue("maximum_num_steps", 1_000_000)
        integrator.setValue("variable_step_size", False)
        shape = (members, task.times.size, len(task.model.states))
        states = np.full(shape, np.nan)
        places = np.array([self.known.index(name) for name in task.names], np.int32)
        for member in range(members):
            with contextlib.suppress(RuntimeError):
                states[member] = self._one(task, task.values[member], places)
        return states

    def _one(self, task: Task, values: Floats, places: NDArray[np.int32]) -> Floats:
        runner = self.runner
        runner.resetAll()
        if self.assigned:
            # initial assignments are worked out anew only after initial values were set, the slower way
            for name, value in zip(task.names, values, strict=True):
                runner.model[f"init({name})"] = float(value)
            runner.resetAll()
        else:
            runner.model.setGlobalParameterValues(places, values)
            runner.reset()
        return np.array(runner.simulate(0.0, task.times[-1], task.times.size))


def _selection(model: Any, state: str) -> str:
    species = model.getSpecies(state)
    if species is None or species.getHasOnlySubstanceUnits():
        return state
    compartment = model.getCompartment(species.getCompartment())
    return state if compartment.getSpatialDimensions() == 0 else f"[{state}]"


def best_time(run: Callable[[], Floats], repeats: int = 3) -> tuple[float, Floats]:
    """Return the shortest CPU time [s] and the last result."""
    shortest, result = np.inf, np.empty(0)
    for _ in range(repeats):
        start = time.process_time()
        result = run()
        shortest = min(shortest, time.process_time() - start)
    return shortest, result


def worst_error(states: Floats, reference: Floats) -> tuple[float, float]:
    """Return the largest and the median member's error, relative to each state's largest value."""
    scale = np.nanmax(np.abs(reference), axis=1, keepdims=True)
    keep = np.broadcast_to(scale > 1e-9 * np.nanmax(scale), reference.shape)
    errors = np.abs(states[: reference.shape[0]] - reference) / np.where(scale > 0.0, scale, 1.0)
    per_member = np.nanmax(np.where(keep, errors, 0.0), axis=(1, 2))
    return float(per_member.max()), float(np.median(per_member))


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Keep what C libraries write off the terminal."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def compare(path: Path, options: argparse.Namespace) -> str:
    """Return one row of the table."""
    model = read_sbml(path)
    start = time.perf_counter()
    model_kernels(model)
    compiled = time.perf_counter() - start
    with silenced():
        peer = RoadRunner(path, model.states)
        names = tuple(n for n in model.parameters if n in peer.known)
        values = perturbed(model, names, options.members, options.sigma)
        times = np.linspace(0.0, options.end, options.points)
        task = Task(path, model, names, values, times, options.rtol, options.atol)
        here, states = best_time(lambda: run_here(task))
        there, peer_states = best_time(lambda: peer.run(task, options.members), repeats=2)
        reference = peer.run(task, min(REFERENCE_MEMBERS, options.members), TIGHTER)
    mine, other = worst_error(states, reference), worst_error(peer_states, reference)
    each = 1e3 / options.members
    failed = int(np.isnan(states).any(axis=(1, 2)).sum())
    return (
        f"{path.stem:32s}{len(model.states):7d}{compiled:10.2f}{here * each:12.4f}{there * each:12.4f}"
        f"{there / here:8.1f}{mine[0]:11.1e}{other[0]:11.1e}{failed:8d}"
    )


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="+", type=Path, help="SBML files")
    parser.add_argument("--end", type=float, default=100.0, help="end time in the model's unit")
    parser.add_argument("--points", type=int, default=101)
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--sigma", type=float, default=0.2, help="spread of the log-normal factors")
    parser.add_argument("--rtol", type=float, default=1e-6)
    parser.add_argument("--atol", type=float, default=1e-9)
    options = parser.parse_args()
    print(
        f"{'model':32s}{'states':>7s}{'build s':>10s}{'here ms':>12s}{'peer ms':>12s}{'ratio':>8s}"
        f"{'error':>11s}{'peer err.':>11s}{'failed':>8s}"
    )
    for path in options.models:
        print(compare(path, options), flush=True)


if __name__ == "__main__":
    main()
