"""diffrax: Kvaerno5 under jit and vmap on JAX's CPU, with this engine's expression graph traced by JAX.

A model with events is out: diffrax ends an integration at an event, but does not change the state and go on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_vs_diffrax import jax_rates
from benchmarks.sbml_peers.collection import State
from benchmarks.sbml_peers.simulators.base import AbstractSimulator, Floats, Outcome, Stopwatch
from myeloniche.engine.sbml import read_sbml

__all__ = ["load", "version"]

MOST_STEPS = 200_000


def version() -> str:
    """Return the versions of diffrax and JAX."""
    import diffrax
    import jax

    return f"{diffrax.__version__}, Equinox {version_of('equinox')}, JAX {jax.__version__}"


def load(path: Path, parameters: Sequence[str], states: Sequence[State], cache: Path) -> Diffrax:
    """Read a model; what JAX compiles is kept in the cache."""
    # a check that raises calls back into Python, and JAX keeps nothing on disk that does
    os.environ["EQX_ON_ERROR"] = "nan"
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_compilation_cache_dir", str(cache))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    return Diffrax(path, parameters, states)


class Diffrax(AbstractSimulator):
    """One member, or all of them under ``vmap``; compiling, once per number of members, is not counted."""

    at_once = True

    def __init__(self, path: Path, parameters: Sequence[str], states: Sequence[State]) -> None:
        self.model = read_sbml(path)
        if self.model.events:
            raise NotImplementedError("diffrax has no events that change the state")
        self.parameters = tuple(parameters)
        self.places = np.array([self.model.parameters.index(name) for name in parameters])
        self.columns = np.array([self.model.states.index(state.id) for state in states])
        self.starts = self.model.graph.function(self.model.initial)
        self.compiled: dict[tuple[int, ...], Any] = {}

    def run(self, values: Floats, end: float, points: int, rtol: float, atol: float) -> Outcome:
        solve = self._compiled(len(values), points)
        times = np.linspace(0.0, end, points)
        watch = Stopwatch()
        with watch:
            everything = np.tile(np.array(self.model.values), (len(values), 1))
            everything[:, self.places] = values
            arguments = everything, self._initial(everything)
            if len(values) == 1:
                arguments = everything[0], arguments[1][0]
            found = np.asarray(solve(*arguments, times, rtol, atol))
        return Outcome(found.reshape(len(values), points, -1)[:, :, self.columns], watch.seconds)

    def _initial(self, everything: Floats) -> Floats:
        columns = dict(zip(self.model.parameters, everything.T, strict=True))
        return np.stack([np.broadcast_to(x, len(everything)) for x in self.starts(columns)], axis=-1)

    def _compiled(self, members: int, points: int) -> Any:
        import jax

        if (members, points) not in self.compiled:
            axis = () if members == 1 else (members,)
            real = jax.numpy.float64
            shapes = [(*axis, len(self.model.parameters)), (*axis, len(self.model.states)), (points,), (), ()]
            solve = self._solver()
            if axis:
                solve = jax.vmap(solve, in_axes=(0, 0, None, None, None))
            traced = jax.jit(solve).lower(*(jax.ShapeDtypeStruct(shape, real) for shape in shapes))
            self.compiled[members, points] = traced.compile()
        return self.compiled[members, points]

    def _solver(self) -> Any:
        import diffrax
        import jax

        equations = diffrax.ODETerm(jax_rates(self.model, jax.numpy))

        def solve(parameters: Any, start: Any, times: Any, rtol: Any, atol: Any) -> Any:
            found = diffrax.diffeqsolve(
                equations,
                diffrax.Kvaerno5(),
                t0=0.0,
                t1=times[-1],
                dt0=None,
                y0=start,
                args=parameters,
                stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
                saveat=diffrax.SaveAt(ts=times),
                max_steps=MOST_STEPS,
                throw=False,
            )
            return jax.numpy.where(found.result == diffrax.RESULTS.successful, found.ys, jax.numpy.nan)

        return solve
