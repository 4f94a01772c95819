"""AMICI: SUNDIALS CVODES (BDF, exact sparse Jacobian, KLU) on equations compiled as C++."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sbml_peers.collection import State
from benchmarks.sbml_peers.simulators.base import AbstractSimulator, Floats, Outcome, Stopwatch

__all__ = ["load", "version"]

MOST_STEPS = 200_000


def version() -> str:
    """Return the version."""
    import amici

    return str(amici.__version__)


def load(path: Path, parameters: Sequence[str], states: Sequence[State], cache: Path) -> Amici:
    """Print a model as C++ and compile it without sensitivities, or take what the cache has."""
    import amici
    import amici.sim.sundials  # what a model's module expects to be there

    name = f"benchmark_{path.stem}"
    if not (cache / name).is_dir():
        _compile(path, name, cache)
    module: Any = amici.import_model_module(name, cache)
    return Amici(module.get_model(), parameters, states)


def _compile(path: Path, name: str, cache: Path) -> None:
    from amici.importers.sbml import SbmlImporter

    # SWIG has to be the very one that AMICI itself was built with
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    SbmlImporter(path).sbml2amici(
        name, cache, observation_model=[], generate_sensitivity_code=False, verbose=False
    )


class Amici(AbstractSimulator):
    """One member after the other."""

    def __init__(self, model: Any, parameters: Sequence[str], states: Sequence[State]) -> None:
        self.model = model
        self.solver = model.create_solver()
        self.solver.set_max_steps(MOST_STEPS)
        known = list(model.get_free_parameter_ids())
        self.nominal = np.array(model.get_free_parameters())
        self.places = [known.index(name) for name in parameters]
        ids = list(model.get_state_ids())
        self.columns = [ids.index(state.id) for state in states]

    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        from amici.sim.sundials import AMICI_SUCCESS, run_simulation

        self.solver.set_relative_tolerance(rtol)
        self.solver.set_absolute_tolerance(atol)
        self.model.set_timepoints(np.linspace(0.0, end, points))
        found = np.full((len(values), points, len(self.columns)), np.nan)
        watch, solving_ms = Stopwatch(), 0.0
        for member, row in enumerate(values):
            with watch:
                everything = self.nominal.copy()
                everything[self.places] = row
                self.model.set_free_parameters(everything)
                shown = run_simulation(self.model, self.solver)
            solving_ms += float(shown.cpu_time)
            if shown.status == AMICI_SUCCESS:
                found[member] = np.asarray(shown.x)[:, self.columns]
        return Outcome(found, watch.seconds, solving_ms / 1e3)
