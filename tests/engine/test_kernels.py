"""The compiled equations against the graph as NumPy evaluates it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from kernel_bench import Bench
from numpy.typing import NDArray
from small_models import COUPLED, HILL, ROBERTSON, model_of

from myeloniche.engine.expression import ExpressionGraph
from myeloniche.engine.jacobian import symbolic_jacobian
from myeloniche.engine.kernels import cache, ir_printer
from myeloniche.engine.kernels.cache import CACHE_VARIABLE, cache_directory, model_kernels
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P

Floats = NDArray[np.float64]


def evaluated(model: OdeModel, nodes: tuple[int, ...], values: dict[str, Floats]) -> Floats:
    lanes = values["time"].shape
    return np.array([np.broadcast_to(value, lanes) for value in model.graph.evaluate(nodes, values)])


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("text", [HILL, ROBERTSON], ids=["hill", "robertson"])
def test_rates_and_jacobian_are_those_of_the_graph(text: str, lanes: int) -> None:
    model = model_of(text)
    bench = Bench(model, lanes)
    values = bench.fill(seed=1)
    bench.call("prepare")
    bench.call("rhs", "state")
    rates = bench.part("rate", len(model.states))
    np.testing.assert_allclose(rates, evaluated(model, model.rates, values), rtol=1e-12, atol=1e-15)
    bench.call("jacobian", "state")
    nodes = symbolic_jacobian(model).nodes
    np.testing.assert_allclose(
        bench.part("factor", len(nodes)), evaluated(model, nodes, values), rtol=1e-12, atol=1e-15
    )


def test_the_explicit_slope_by_time_is_that_of_the_graph() -> None:
    model = model_of(HILL)
    bench = Bench(model, 8)
    values = bench.fill(seed=2)
    bench.call("prepare")
    bench.call("jacobian", "state")
    expected = evaluated(model, symbolic_jacobian(model).time_derivatives, values)
    np.testing.assert_allclose(bench.part("time_slope", len(model.states)), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("limit", [0, ir_printer.STRAIGHT_LINE_LIMIT], ids=["table", "straight line"])
def test_factors_solve_the_stage_equation(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ir_printer, "STRAIGHT_LINE_LIMIT", limit)
    model = model_of(COUPLED)
    bench = Bench(model, 8)
    values = bench.fill(seed=3)
    size = len(model.states)
    bench.part("step", 1)[:] = np.linspace(0.01, 1.0, 8)
    bench.call("prepare")
    bench.call("jacobian", "state")
    bench.call("factor")
    rng = np.random.default_rng(4)
    bench.part("rate", size)[:] = rng.normal(size=(size, 8))
    bench.part("correction", size)[:] = rng.normal(size=(size, 8))
    bench.call("solve", "k1")
    jacobian = symbolic_jacobian(model)
    entries = evaluated(model, jacobian.nodes, values)
    for lane in range(8):
        matrix = np.eye(size) / (RODAS5P.gamma * bench.part("step", 1)[0, lane])
        matrix[jacobian.rows, jacobian.columns] -= entries[:, lane]
        right_side = bench.part("rate", size)[:, lane] + bench.part("correction", size)[:, lane]
        solution = np.linalg.solve(matrix, right_side)
        np.testing.assert_allclose(bench.part("k1", size)[:, lane], solution, rtol=1e-10, atol=1e-12)


def every_operation() -> OdeModel:
    """Return a model in whose rates every operation of the graph occurs."""
    graph = ExpressionGraph()
    call, x, y = graph.call, graph.symbol("x"), graph.symbol("y")
    k, time = graph.symbol("k"), graph.symbol("time")
    half = call("div", x, call("add", graph.number(3.0), call("mul", x, x)))  # between -1/2 and 1/2
    smooth = ["neg", "exp", "sqrt", "abs", "ln", "log10", "floor", "ceil", "sin", "cos", "tan"]
    smooth += ["asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "atanh"]
    terms = [call(name, half) for name in smooth]
    terms.append(call("acosh", call("add", graph.number(1.5), x)))
    terms += [call(name, x, y) for name in ("min", "max", "lt", "le", "gt", "ge", "eq", "ne", "pow")]
    condition = call("or", call("and", call("lt", x, y), call("gt", time, k)), call("not", x))
    terms.append(call("select", condition, call("pow", x, k), call("pow", k, y)))
    terms += [call("pow", x, graph.number(value)) for value in (-3.0, -1.0, 0.5, 9.0, 16.0, 17.5)]
    terms.append(call("mul", call("add", call("lt", y, x), k), call("sub", call("neg", x), y)))
    rate = graph.fold("add", terms)
    ones = (graph.number(1.0), graph.number(1.0))
    return OdeModel("all", "", graph, ("x", "y"), ones, ("k",), (1.5,), (rate, call("mul", k, half)))


@pytest.mark.parametrize("lanes", [2, 8])
def test_every_operation_is_compiled_to_what_numpy_computes(lanes: int) -> None:
    model = every_operation()
    bench = Bench(model, lanes)
    values = bench.fill(seed=5)
    bench.call("prepare")
    bench.call("rhs", "state")
    expected = evaluated(model, model.rates, values)
    np.testing.assert_allclose(bench.part("rate", 2), expected, rtol=1e-12)


def test_a_nan_stays_a_nan_through_minimum_and_maximum() -> None:
    graph = ExpressionGraph()
    x, y = graph.symbol("x"), graph.symbol("y")
    rates = (graph.call("min", x, y), graph.call("max", y, x))
    zero = graph.number(0.0)
    model = OdeModel("nan", "", graph, ("x", "y"), (zero, zero), (), (), rates)
    bench = Bench(model, 2)
    bench.part("state", 2)[:] = [[np.nan, 1.0], [1.0, np.nan]]
    bench.call("rhs", "state")
    assert np.isnan(bench.part("rate", 2)).all()


def test_a_long_kernel_is_cut_into_chunks_that_hand_values_on() -> None:
    graph = ExpressionGraph()
    names = tuple(f"s{index}" for index in range(24))
    states = [graph.symbol(name) for name in names]
    shared = graph.call("exp", graph.fold("add", [graph.call("mul", a, a) for a in states]))
    rates = []
    for state in states:
        inner = [graph.call("mul", graph.call("sub", state, other), shared) for other in states[:12]]
        rates.append(graph.fold("add", inner))
    zero = graph.number(0.0)
    model = OdeModel("long", "", graph, names, (zero,) * 24, (), (), tuple(rates))
    bench = Bench(model, 4)
    assert bench.layout.scratch > 0
    values = bench.fill(seed=6)
    bench.part("state", 24)[:] *= 0.1
    bench.call("rhs", "state")
    np.testing.assert_allclose(
        bench.part("rate", 24), evaluated(model, model.rates, values), rtol=1e-10, atol=1e-14
    )


def test_code_is_found_again_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    first = model_kernels(model_of(ROBERTSON))
    (stored,) = tmp_path.glob("*.kernels")
    monkeypatch.setattr(cache, "object_code", None)  # compiling again would fail
    again = model_kernels(model_of(ROBERTSON, {"k1": 1.0}))
    assert again.layout == first.layout
    stored.write_bytes(stored.read_bytes()[:-1])
    with pytest.raises(TypeError, match="not callable"):
        model_kernels(model_of(ROBERTSON))


def test_another_number_of_lanes_is_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    model = model_of(ROBERTSON)
    model_kernels(model, lanes=2)
    model_kernels(model, lanes=4)
    assert len(list(tmp_path.glob("*.kernels"))) == 2


def test_a_cache_that_cannot_be_written_moves_to_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv(CACHE_VARIABLE, str(blocked / "cache"))
    monkeypatch.setattr(cache.tempfile, "gettempdir", lambda: str(tmp_path))
    assert cache_directory().parent == tmp_path
