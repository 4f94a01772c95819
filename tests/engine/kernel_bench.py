"""A model's kernels on a workspace that a test fills by hand."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.kernels.cache import model_equations
from myeloniche.engine.kernels.compile import host_machine, link_object, object_code
from myeloniche.engine.kernels.ir_printer import print_module
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P

Floats = NDArray[np.float64]


class Bench:
    """A model's kernels on a workspace that the test fills."""

    def __init__(self, model: OdeModel, lanes: int) -> None:
        text, self.layout = print_module(model_equations(model), lanes=lanes, tableau=RODAS5P)
        machine = host_machine()
        names = ("prepare", "rhs", "jacobian", "factor", "solve", "step", "dense", "interpolate")
        self.object = link_object(object_code(text, machine), names, machine)
        self.model = model
        raw = np.zeros(self.layout.slots * lanes + 8)
        shift = -(raw.ctypes.data // 8) % 8
        self.slots = raw[shift : shift + self.layout.slots * lanes].reshape(-1, lanes)
        self.keep = raw

    def part(self, name: str, size: int) -> Floats:
        return self.slots[self.layout[name] : self.layout[name] + size]

    def call(self, name: str, *parts: str) -> None:
        kinds = [ctypes.c_void_p] * (1 + len(parts))
        function: Any = ctypes.CFUNCTYPE(None, *kinds)(self.object.addresses[name])
        function(self.slots.ctypes.data, *(self.slots[self.layout[part] :].ctypes.data for part in parts))

    def fill(self, seed: int) -> dict[str, Floats]:
        """Give every lane its own parameters, state and time; return them by name."""
        rng = np.random.default_rng(seed)
        model, lanes = self.model, self.layout.lanes
        parameters, states = len(model.parameters), len(model.states)
        factors = rng.uniform(0.5, 2.0, (parameters, lanes))
        self.part("parameter", parameters)[:] = np.array(model.values)[:, None] * factors
        self.part("state", states)[:] = rng.uniform(0.01, 2.0, (states, lanes))
        self.part("stage_time", 1)[:] = rng.uniform(0.0, 9.0, lanes)
        values = dict(zip(model.parameters, self.part("parameter", parameters), strict=True))
        values |= dict(zip(model.states, self.part("state", states), strict=True))
        return {**values, "time": self.part("stage_time", 1)[0]}
