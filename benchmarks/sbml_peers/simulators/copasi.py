"""COPASI: LSODA, through the bindings of python-copasi without the detour over data frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sbml_peers.collection import State
from benchmarks.sbml_peers.simulators.base import AbstractSimulator, Floats, Outcome, Stopwatch

__all__ = ["load", "version"]

MOST_STEPS = 1_000_000


def version() -> str:
    """Return the version."""
    import COPASI

    return str(COPASI.__version__)


def load(path: Path, parameters: Sequence[str], states: Sequence[State], cache: Path) -> Copasi:  # noqa: ARG001
    """Read a model; nothing is kept on disk."""
    return Copasi(path, parameters, states)


class Copasi(AbstractSimulator):
    """One time course after the other."""

    def __init__(self, path: Path, parameters: Sequence[str], states: Sequence[State]) -> None:
        import COPASI

        self.framework = COPASI.CCore.Framework_Concentration
        self.series_only = COPASI.CCopasiTask.ONLY_TIME_SERIES
        self.data: Any = COPASI.CRootContainer.addDatamodel()
        if not self.data.importSBML(os.fspath(path)):
            raise RuntimeError(f"COPASI does not read the model: {COPASI.CCopasiMessage.getAllMessageText()}")
        self.model = self.data.getModel()
        self.quantities = {quantity.getSBMLId(): quantity for quantity in self.model.getModelValues()}
        self.changed = [self.quantities[name] for name in parameters]
        self.task = self.data.getTask("Time-Course")
        self.task.setMethodType(COPASI.CTaskEnum.Method_deterministic)
        self.task.setUpdateModel(False)
        self.task.getMethod().getParameter("Max Internal Steps").setIntValue(MOST_STEPS)
        self.states = tuple(states)

    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        self._prepare(end, points, rtol, atol)
        found = np.full((len(values), points, len(self.states)), np.nan)
        watch = Stopwatch()
        for member, row in enumerate(values):
            with watch:
                for quantity, value in zip(self.changed, row.tolist(), strict=True):
                    quantity.setInitialValue(value)
                self.model.updateInitialValues(self.framework, False)
                done = self.task.initializeRaw(self.series_only) and self.task.processRaw(True)
            series = self.task.getTimeSeries()
            if done and series.getRecordedSteps() == points:
                found[member] = self._collected(series, points)
        return Outcome(found, watch.seconds)

    def _prepare(self, end: float, points: int, rtol: float, atol: float) -> None:
        problem = self.task.getProblem()
        problem.setAutomaticStepSize(False)
        problem.setOutputEvent(False)
        problem.setTimeSeriesRequested(True)
        problem.setDuration(end)
        problem.setStepNumber(points - 1)
        method = self.task.getMethod()
        method.getParameter("Relative Tolerance").setDblValue(rtol)
        method.getParameter("Absolute Tolerance").setDblValue(atol)

    def _collected(self, series: Any, points: int) -> Floats:
        places = {series.getSBMLId(i, self.data): i for i in range(series.getNumVariables())}
        per_amount = 1.0 / self.model.getQuantity2NumberFactor()
        columns = []
        for state in self.states:
            read: Callable[[int, int], float] = series.getConcentrationData
            factor = 1.0
            if state.kind == "amount":
                read, factor = series.getData, per_amount
            if state.id in places:
                place = places[state.id]
                columns.append([factor * read(step, place) for step in range(points)])
            else:
                columns.append([self._constant(state, factor)] * points)
        return np.array(columns).T

    def _constant(self, state: State, factor: float) -> float:
        """Return the value of a species that nothing changes; the series leaves it out."""
        species = next(s for s in self.model.getMetabolites() if s.getSBMLId() == state.id)
        if state.kind == "amount":
            return factor * float(species.getInitialValue())
        return float(species.getInitialConcentration())
