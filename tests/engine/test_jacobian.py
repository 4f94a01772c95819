"""The symbolic Jacobian against differences of the rates."""

from __future__ import annotations

import numpy as np

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.handles import with_handles
from myeloniche.engine.jacobian import symbolic_jacobian

MODEL = """
    x := A/(1 + B); J: A -> B; k*A*x*C^n; K: B -> A; piecewise(B, B > 1, B^2)*time; L: C -> ; sqrt(C)
    A = 1; B = 2; C = 3; D' = 1; D = 0; k = 0.5; n = 1.7"""


def test_entries_are_differences_and_the_rest_is_zero() -> None:
    model = with_handles(read_antimony(MODEL))
    jacobian = symbolic_jacobian(model)
    state = {"A": 1.1, "B": 2.2, "C": 0.7, "D": 0.1, "time": 0.4}
    matrix = np.zeros((4, 4))
    matrix[jacobian.rows, jacobian.columns] = model.graph.evaluate(jacobian.nodes, {**model.nominal, **state})
    step = 1e-6

    def rates(name: str, change: float) -> np.ndarray:
        values = {**model.nominal, **state, name: state[name] + change}
        return np.array(model.graph.evaluate(model.rates, values))

    for column, name in enumerate(model.states):
        difference = (rates(name, step) - rates(name, -step)) / (2 * step)
        np.testing.assert_allclose(matrix[:, column], difference, atol=1e-7)
    by_time = model.graph.evaluate(jacobian.time_derivatives, {**model.nominal, **state})
    difference = (rates("time", step) - rates("time", -step)) / (2 * step)
    np.testing.assert_allclose(by_time, difference, atol=1e-7)


def test_only_entries_that_are_not_zero_are_kept_in_order() -> None:
    model = read_antimony("J: A -> B; k*A; K: B -> C; k*B; A = 1; B = 0; C = 0; k = 2")
    jacobian = symbolic_jacobian(model)
    assert list(jacobian.entries()) == [(0, 0), (1, 0), (1, 1), (2, 1)]
    assert {model.graph.value(node) for node in jacobian.time_derivatives} == {0.0}
