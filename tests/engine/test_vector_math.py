"""The vector functions against NumPy in extended precision, and at every special value."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from myeloniche.engine.kernels.compile import CompiledObject, host_machine, link_object, object_code
from myeloniche.engine.kernels.vector_math import library_text, math_text

Floats = NDArray[np.float64]
LANES = (2, 4, 8)
FUNCTIONS = {"exp": 1, "ln": 1, "log10": 1, "pow": 2, "tanh": 1}
TINY = 5e-324  # the smallest denormal
SPECIAL = np.concatenate(
    [
        [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0],
        [TINY, -TINY, 1e-310, 1e308, -1e308, 2.0**53, 2.0**53 + 2.0],
    ]
)


def loop_text(name: str, arguments: int, lanes: int) -> str:
    """Return IR that applies a vector function to arrays."""
    kind = f"<{lanes} x double>"
    values = ", ".join(f"{kind} %v{index}" for index in range(arguments))
    return f"""
define void @apply_{name}(ptr %a, ptr %b, ptr %out, i64 %count) {{
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %pa = getelementptr {kind}, ptr %a, i64 %i
  %pb = getelementptr {kind}, ptr %b, i64 %i
  %po = getelementptr {kind}, ptr %out, i64 %i
  %v0 = load {kind}, ptr %pa, align 8
  %v1 = load {kind}, ptr %pb, align 8
  %result = call {kind} @v_{name}({values})
  store {kind} %result, ptr %po, align 8
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  ret void
}}"""


@pytest.fixture(scope="module", params=LANES)
def apply(request: pytest.FixtureRequest) -> Callable[..., Floats]:
    lanes: int = request.param
    text = math_text(lanes) + library_text(lanes, {"tanh"})
    text += "".join(loop_text(name, arguments, lanes) for name, arguments in FUNCTIONS.items())
    machine = host_machine()
    compiled: CompiledObject = link_object(
        object_code(text, machine), [f"apply_{name}" for name in FUNCTIONS], machine
    )

    def call(name: str, x: Floats, y: Floats | float = 0.0) -> Floats:
        size = -(-x.size // lanes) * lanes
        first = np.resize(x, size)
        second = np.resize(np.broadcast_to(y, x.shape), size)
        result = np.empty(size)
        function: Any = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64)
        arrays = (first.ctypes.data, second.ctypes.data, result.ctypes.data)
        function(compiled.addresses[f"apply_{name}"])(*arrays, size // lanes)
        return result[: x.size]

    return call


def units_in_last_place(got: Floats, exact: NDArray[np.longdouble]) -> float:
    distance = np.abs(got.astype(np.longdouble) - exact)
    return float(np.max(distance / np.spacing(np.abs(exact.astype(np.float64)))))


def test_exp_is_within_two_units_over_its_whole_range(apply: Callable[..., Floats]) -> None:
    x = np.random.default_rng(1).uniform(-745.0, 709.7, 40_000)
    assert units_in_last_place(apply("exp", x), np.exp(x.astype(np.longdouble))) <= 2.0


@pytest.mark.parametrize(("low", "high"), [(-744.0, 709.0), (-0.7, 0.7), (-1e-9, 1e-9)])
def test_ln_is_within_two_units(apply: Callable[..., Floats], low: float, high: float) -> None:
    x = np.exp(np.random.default_rng(2).uniform(low, high, 40_000))
    assert units_in_last_place(apply("ln", x), np.log(x.astype(np.longdouble))) <= 2.0


def test_log10_is_within_two_units(apply: Callable[..., Floats]) -> None:
    x = np.exp(np.random.default_rng(3).uniform(-300.0, 300.0, 40_000))
    assert units_in_last_place(apply("log10", x), np.log10(x.astype(np.longdouble))) <= 2.0


@pytest.mark.parametrize(("width", "power"), [(10.0, 70.0), (100.0, 7.0), (1e-3, 5e5), (700.0, 1.01)])
def test_pow_is_within_two_units(apply: Callable[..., Floats], width: float, power: float) -> None:
    rng = np.random.default_rng(4)
    x = np.exp(rng.uniform(-width, width, 40_000))
    y = rng.uniform(-power, power, x.size)
    exact = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    inside = (exact > 5e-308) & (exact < 1e308)
    assert units_in_last_place(apply("pow", x, y)[inside], exact[inside]) <= 2.0


@pytest.mark.parametrize(("name", "numpy_function"), [("exp", np.exp), ("ln", np.log), ("log10", np.log10)])
def test_special_values_are_those_of_numpy(
    apply: Callable[..., Floats], name: str, numpy_function: Any
) -> None:
    with np.errstate(all="ignore"):
        expected = numpy_function(SPECIAL)
    np.testing.assert_allclose(apply(name, SPECIAL), expected, rtol=4e-16, atol=TINY)


def test_every_pair_of_special_values_gives_the_power_of_numpy(apply: Callable[..., Floats]) -> None:
    base, exponent = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        expected = np.power(base, exponent)
    np.testing.assert_allclose(apply("pow", base, exponent), expected, rtol=4e-16, atol=TINY)


def test_whole_powers_of_negative_numbers_have_the_right_sign(apply: Callable[..., Floats]) -> None:
    base = -np.random.default_rng(5).uniform(0.1, 10.0, 64)
    exponent = np.random.default_rng(6).integers(-9, 10, 64).astype(float)
    np.testing.assert_allclose(apply("pow", base, exponent), base**exponent, rtol=1e-15)


def test_library_functions_go_lane_by_lane(apply: Callable[..., Floats]) -> None:
    x = np.linspace(-3.0, 3.0, 64)
    np.testing.assert_allclose(apply("tanh", x), np.tanh(x), rtol=1e-15)
