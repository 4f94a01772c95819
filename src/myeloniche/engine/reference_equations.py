"""A model as plain functions of clock, states and parameters, for the slow twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.expression import TIME
from myeloniche.engine.jacobian import symbolic_jacobian
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import Member

__all__ = ["Method", "ReferenceEquations", "ReferenceSettings"]

Array = NDArray[np.float64]
Method = Literal["LSODA", "BDF", "Radau"]


@dataclass(frozen=True)
class ReferenceSettings:
    """Tolerances and method; see :func:`myeloniche.engine.reference.simulate_reference`."""

    rtol: float
    atol: float
    method: Method
    rest_tolerance: float
    rest_atol: float


@dataclass(frozen=True)
class ReferenceEquations:
    """Functions of the clock, the states and the parameters."""

    model: OdeModel
    rates: Any
    entries: Any
    observed: Any
    positions: tuple[tuple[int, ...], tuple[int, ...]]

    @classmethod
    def of(cls, model: OdeModel, outputs: Sequence[str]) -> ReferenceEquations:
        """Return the functions of a model and of some outputs."""
        jacobian = symbolic_jacobian(model)
        return cls(
            model,
            model.graph.function(model.rates),
            model.graph.function(jacobian.nodes),
            model.graph.function([model.node(name) for name in outputs]),
            (jacobian.rows, jacobian.columns),
        )

    def start(self, member: Member) -> tuple[dict[str, float], Array]:
        """Return the parameters and the state with which a member begins."""
        parameters = {**self.model.nominal, **member.parameters}
        values = self.model.graph.evaluate(self.model.initial, parameters)
        state = dict(zip(self.model.states, (float(value) for value in values), strict=True))
        state.update(member.initial)
        return parameters, np.array(list(state.values()), dtype=np.float64)

    def derivative(self, time: float, state: Array, parameters: Mapping[str, float]) -> Array:
        """Return the rates of all states."""
        return np.array(self.rates(self.values(time, state, parameters)), dtype=np.float64)

    def jacobian(self, time: float, state: Array, parameters: Mapping[str, float]) -> Array:
        """Return the partial derivatives of the rates by the states."""
        matrix = np.zeros((state.size, state.size))
        matrix[self.positions] = self.entries(self.values(time, state, parameters))
        return matrix

    def observe(self, time: float, state: Array, parameters: Mapping[str, float]) -> Array:
        """Return the outputs."""
        return np.array(self.observed(self.values(time, state, parameters)), dtype=np.float64)

    def values(self, time: float, state: Array, parameters: Mapping[str, float]) -> dict[str, float]:
        """Return the value of every symbol; times and states may have a common last axis."""
        return {**parameters, **dict(zip(self.model.states, state, strict=True)), TIME: time}
