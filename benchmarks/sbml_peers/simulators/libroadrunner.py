"""libRoadRunner: SUNDIALS CVODE (BDF, dense Jacobian by differences) on equations compiled with LLVM."""

from __future__ import annotations

import os
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
    import roadrunner

    return str(roadrunner.__version__)


def load(path: Path, parameters: Sequence[str], states: Sequence[State], cache: Path) -> RoadRunner:  # noqa: ARG001
    """Read and compile a model; nothing is kept on disk."""
    return RoadRunner(path, parameters, states)


class RoadRunner(AbstractSimulator):
    """One member after the other, set in the fastest way that evaluates initial assignments anew."""

    def __init__(self, path: Path, parameters: Sequence[str], states: Sequence[State]) -> None:
        import roadrunner

        roadrunner.Logger.disableLogging()
        self.runner: Any = roadrunner.RoadRunner(os.fspath(path))
        self.integrator = self.runner.getIntegrator()
        self.integrator.setValue("maximum_num_steps", MOST_STEPS)
        self.integrator.setValue("variable_step_size", False)
        self.runner.timeCourseSelections = [f"[{s.id}]" if s.kind == "conc" else s.id for s in states]
        known = list(self.runner.model.getGlobalParameterIds())
        self.places = np.array([known.index(name) for name in parameters], np.int32)
        self.names = tuple(f"init({name})" for name in parameters) if _assigns_constants(path) else ()
        self.columns = len(states)

    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        self.integrator.setValue("relative_tolerance", rtol)
        self.integrator.setValue("absolute_tolerance", atol)
        found = np.full((len(values), points, self.columns), np.nan)
        watch = Stopwatch()
        for member, row in enumerate(values):
            with watch:
                try:
                    self._set(row)
                    shown = self.runner.simulate(0.0, end, points)
                except RuntimeError:
                    continue
                found[member] = shown
        return Outcome(found, watch.seconds)

    def _set(self, row: Floats) -> None:
        self.runner.resetAll()
        if self.names:
            # a parameter's own initial assignment is worked out anew only after initial values were set
            for name, value in zip(self.names, row.tolist(), strict=True):
                self.runner.model[name] = value
            self.runner.resetAll()
        else:
            self.runner.model.setGlobalParameterValues(self.places, row)
            self.runner.reset()


def _assigns_constants(path: Path) -> bool:
    """Say whether an initial assignment sets a parameter or a compartment."""
    import libsbml

    model = libsbml.readSBMLFromFile(os.fspath(path)).getModel()
    symbols = [assignment.getSymbol() for assignment in model.getListOfInitialAssignments()]
    return any(model.getParameter(name) or model.getCompartment(name) for name in symbols)
