"""This engine: Rodas5P with the exact sparse Jacobian, as many members side by side as a vector has lanes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path

import numpy as np

from benchmarks.sbml_peers.collection import State
from benchmarks.sbml_peers.simulators.base import AbstractSimulator, Floats, Outcome, Stopwatch

__all__ = ["load", "version"]


def version() -> str:
    """Return the version and how wide its vectors are here."""
    from myeloniche.engine.kernels.compile import host_machine

    return f"{version_of('myeloniche')}, {host_machine().lanes} lanes"


def load(path: Path, parameters: Sequence[str], states: Sequence[State], cache: Path) -> Myeloniche:
    """Read a model; its kernels are kept in a cache of its own."""
    os.environ["MYELONICHE_CACHE_DIR"] = str(cache)
    return Myeloniche(path, parameters, states)


class Myeloniche(AbstractSimulator):
    """One member by ``simulate``, many by ``ensemble``, on one thread."""

    at_once = True

    def __init__(self, path: Path, parameters: Sequence[str], states: Sequence[State]) -> None:
        from myeloniche.engine.sbml import read_sbml

        self.model = read_sbml(path)
        self.parameters = tuple(parameters)
        self.outputs = tuple(state.id for state in states)

    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        watch = Stopwatch()
        with watch:
            times = np.linspace(0.0, end, points)
            found = (self._one if len(values) == 1 else self._many)(values, times, rtol, atol)
        return Outcome(found, watch.seconds)

    def _one(self, values: Floats, times: Floats, rtol: float, atol: float) -> Floats:
        from myeloniche.engine.simulation import simulate
        from myeloniche.engine.timeline import Member

        member = Member(dict(zip(self.parameters, values[0].tolist(), strict=True)), times=times)
        found = simulate(self.model, [member], outputs=self.outputs, rtol=rtol, atol=atol, workers=1)
        return found.values[None]

    def _many(self, values: Floats, times: Floats, rtol: float, atol: float) -> Floats:
        from myeloniche.engine.simulation import ensemble

        columns = dict(zip(self.parameters, values.T, strict=True))
        found = ensemble(self.model, columns, times, outputs=self.outputs, rtol=rtol, atol=atol, workers=1)
        return np.stack([found[name].values for name in self.outputs], axis=-1)
