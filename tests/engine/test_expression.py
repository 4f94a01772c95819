"""The expression graph against Python's own arithmetic and against differences."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloniche.engine.expression import ExpressionGraph
from myeloniche.errors import ModelError, UnknownNameError

Tree = tuple[Any, ...]

PYTHON: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": lambda a, b: a / b,
    "neg": operator.neg,
    "exp": math.exp,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
    "atan": math.atan,
    "asinh": math.asinh,
    "sqrt": math.sqrt,
    "ln": math.log,
    "log10": math.log10,
    "pow": lambda a, b: a**b,
    "min": min,
    "max": max,
    "abs": abs,
    "select": lambda c, a, b: a if c else b,
    "lt": lambda a, b: float(a < b),
    "ge": lambda a, b: float(a >= b),
    "and": lambda a, b: float(bool(a) and bool(b)),
    "or": lambda a, b: float(bool(a) or bool(b)),
    "not": lambda a: float(not a),
}


def positive(tree: Tree) -> Tree:
    return ("add", ("number", 1.5), ("mul", tree, tree))


def bounded(tree: Tree) -> Tree:
    return ("tanh", tree)


def extend(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    one = st.sampled_from(["neg", "sin", "cos", "tanh", "atan", "asinh", "abs"])
    two = st.sampled_from(["add", "sub", "mul", "min", "max"])
    logical = st.tuples(st.sampled_from(["and", "or", "lt", "ge"]), trees, trees)
    return st.one_of(
        st.tuples(one, trees),
        st.tuples(two, trees, trees),
        st.builds(lambda a, b: ("div", a, positive(b)), trees, trees),
        st.builds(lambda a: ("exp", bounded(a)), trees),
        st.builds(lambda f, a: (f, positive(a)), st.sampled_from(["sqrt", "ln", "log10"]), trees),
        st.builds(lambda a, b: ("pow", positive(bounded(a)), bounded(b)), trees, trees),
        st.builds(lambda a, n: ("pow", bounded(a), ("number", float(n))), trees, st.integers(2, 9)),
        st.builds(lambda c, a, b: ("select", c, a, b), logical, trees, trees),
        st.builds(lambda c, a, b: ("select", ("not", c), a, b), logical, trees, trees),
    )


leaves = st.one_of(
    st.sampled_from([("symbol", "x"), ("symbol", "y")]),
    st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0]).map(lambda value: ("number", value)),
)
trees = st.recursive(leaves, extend, max_leaves=12)
values = st.floats(-2.0, 2.0).map(lambda value: round(value, 3) + 0.00041)


def build(graph: ExpressionGraph, tree: Tree) -> int:
    if tree[0] == "number":
        return graph.number(tree[1])
    if tree[0] == "symbol":
        return graph.symbol(tree[1])
    return graph.call(tree[0], *(build(graph, operand) for operand in tree[1:]))


def compute(tree: Tree, symbols: dict[str, float]) -> float:
    if tree[0] == "number":
        return float(tree[1])
    if tree[0] == "symbol":
        return symbols[tree[1]]
    return float(PYTHON[tree[0]](*(compute(operand, symbols) for operand in tree[1:])))


@given(trees, values, values)
def test_an_expression_has_the_value_that_python_computes(tree: Tree, x: float, y: float) -> None:
    graph = ExpressionGraph()
    found = graph.evaluate([build(graph, tree)], {"x": x, "y": y})[0]
    assert float(found) == pytest.approx(compute(tree, {"x": x, "y": y}), rel=1e-9, abs=1e-9)


@given(trees, values, values)
def test_a_derivative_is_the_limit_of_differences(tree: Tree, x: float, y: float) -> None:
    graph = ExpressionGraph()
    node = build(graph, tree)
    step = 1e-5
    around = x + step * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    f = np.broadcast_to(graph.evaluate([node], {"x": around, "y": y})[0], (5,))
    coarse, fine = (f[4] - f[0]) / (4 * step), (f[3] - f[1]) / (2 * step)
    left, right = (f[2] - f[1]) / step, (f[3] - f[2]) / step
    scale = 1.0 + abs(fine)
    if abs(coarse - fine) > 1e-4 * scale or abs(left - right) > 1e-2 * scale:
        return  # a kink or a jump lies within the step
    slope = float(graph.evaluate([graph.derivative(node, "x")], {"x": x, "y": y})[0])
    assert slope == pytest.approx(float(fine), rel=1e-3, abs=1e-3)


@given(trees, trees, values, values)
def test_substituting_is_evaluating_at_the_substituted_value(
    tree: Tree, inner: Tree, x: float, y: float
) -> None:
    graph = ExpressionGraph()
    outer, replacement = build(graph, tree), build(graph, inner)
    composed = graph.substitute(outer, {"x": replacement})
    at = compute(inner, {"x": x, "y": y})
    expected = compute(tree, {"x": at, "y": y})
    found = float(graph.evaluate([composed], {"x": x, "y": y})[0])
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_substitution_is_simultaneous() -> None:
    graph = ExpressionGraph()
    x, y = graph.symbol("x"), graph.symbol("y")
    swapped = graph.substitute(graph.call("sub", x, y), {"x": y, "y": x})
    assert swapped == graph.call("sub", y, x)


def test_equal_expressions_are_the_same_node() -> None:
    graph = ExpressionGraph()
    x, y = graph.symbol("x"), graph.symbol("y")
    assert graph.call("mul", x, y) == graph.call("mul", y, x)
    assert graph.call("sub", x, y) != graph.call("sub", y, x)


@pytest.mark.parametrize(
    ("operation", "operands", "expected"),
    [
        ("add", ("x", 0.0), "x"),
        ("mul", ("x", 1.0), "x"),
        ("mul", ("x", 0.0), 0.0),
        ("div", ("x", 1.0), "x"),
        ("div", (0.0, "x"), 0.0),
        ("pow", ("x", 1.0), "x"),
        ("pow", ("x", 0.0), 1.0),
        ("sub", ("x", "x"), 0.0),
        ("select", (1.0, "x", 0.0), "x"),
        ("and", ("x", 0.0), 0.0),
        ("exp", (0.0,), 1.0),
    ],
)
def test_identities_and_constants_are_simplified(
    operation: str, operands: tuple[Any, ...], expected: Any
) -> None:
    graph = ExpressionGraph()

    def leaf(what: Any) -> int:
        return graph.symbol(what) if isinstance(what, str) else graph.number(what)

    assert graph.call(operation, *map(leaf, operands)) == leaf(expected)


def test_small_whole_powers_become_multiplications() -> None:
    graph = ExpressionGraph()
    power = graph.call("pow", graph.symbol("x"), graph.number(-5.0))
    assert {graph.nodes[node][0] for node in graph.order([power])} == {"number", "symbol", "mul", "div"}
    assert float(graph.evaluate([power], {"x": 2.0})[0]) == 2.0**-5


def test_the_slope_of_a_power_with_a_parameter_as_exponent_is_finite_at_zero() -> None:
    graph = ExpressionGraph()
    power = graph.call("pow", graph.symbol("x"), graph.symbol("n"))
    slopes = [graph.derivative(power, name) for name in ("x", "n")]
    assert [float(v) for v in graph.evaluate(slopes, {"x": 0.0, "n": 2.0})] == [0.0, 0.0]


def test_a_very_deep_expression_needs_no_recursion() -> None:
    graph = ExpressionGraph()
    x = node = graph.symbol("x")
    for _ in range(20_000):
        node = graph.call("sin", graph.call("add", node, x))
    assert graph.value(graph.derivative(node, "y")) == 0.0
    assert graph.symbols(graph.derivative(node, "x")) == {"x"}
    assert np.isfinite(graph.evaluate([node], {"x": 0.1})[0])
    assert len(graph.digest(node)) == 64
    assert graph.symbols(graph.substitute(node, {"x": graph.symbol("z")})) == {"z"}


def test_operands_come_first_in_the_order() -> None:
    graph = ExpressionGraph()
    x, y = graph.symbol("x"), graph.symbol("y")
    unused = graph.call("exp", y)
    root = graph.call("add", graph.call("mul", x, y), x)
    order = graph.order([root])
    assert order == sorted(order)
    assert order[-1] == root
    assert unused not in order


def test_values_may_be_arrays_that_broadcast() -> None:
    graph = ExpressionGraph()
    total = graph.call("add", graph.symbol("x"), graph.symbol("y"))
    found = graph.evaluate([total], {"x": np.zeros((3, 1)), "y": np.ones(4)})[0]
    assert found.shape == (3, 4)


def test_invalid_arithmetic_is_silent_and_not_finite() -> None:
    graph = ExpressionGraph()
    x = graph.symbol("x")
    nodes = [
        graph.call("ln", x),
        graph.call("div", graph.number(1.0), graph.call("add", x, graph.number(1.0))),
    ]
    assert not np.isfinite(graph.evaluate(nodes, {"x": -1.0})).any()


def test_a_digest_does_not_depend_on_how_nodes_are_numbered() -> None:
    def digest(first: str, second: str) -> str:
        graph = ExpressionGraph()
        graph.symbol(first)
        graph.symbol(second)
        a, b = graph.symbol("a"), graph.symbol("b")
        return graph.digest(graph.call("div", graph.call("add", b, a), a))

    assert digest("a", "b") == digest("b", "a")


def test_a_missing_value_is_named() -> None:
    graph = ExpressionGraph()
    with pytest.raises(UnknownNameError, match=r"unknown symbol 'kon'.*'kn'"):
        graph.evaluate([graph.symbol("kon")], {"kn": 1.0})


@pytest.mark.parametrize(
    ("operation", "operands", "message"),
    [
        ("hill", 2, "got operation 'hill', expected one of"),
        ("add", 1, "got 1 operands for 'add', expected 2"),
    ],
)
def test_a_wrong_operation_is_refused(operation: str, operands: int, message: str) -> None:
    graph = ExpressionGraph()
    with pytest.raises(ModelError, match=message):
        graph.call(operation, *[graph.symbol("x")] * operands)
