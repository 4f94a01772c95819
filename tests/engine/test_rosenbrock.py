"""The integrator's order on closed forms, and its accuracy on stiff problems against SciPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from kernel_bench import Bench
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from small_models import BLOW_UP, ROBERTSON, VAN_DER_POL, model_of

from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member

Floats = NDArray[np.float64]
Exact = Callable[[float], Floats]

STIFF_MATRIX = np.array([[-1.0, 0.5, 0.0], [0.2, -300.0, 40.0], [0.0, 3.0, -20.0]])
LINEAR = """model linear()
  a' = -1*a + 0.5*b; b' = 0.2*a - 300*b + 40*c; c' = 3*b - 20*c
  a = 1; b = 0.7; c = 2
end"""
PROBLEMS: dict[str, tuple[str, Exact, float]] = {
    "nonlinear": ("model m()\n y' = -y^2\n y = 1\nend", lambda t: np.array([1.0 / (1.0 + t)]), 2.0),
    "periodic input": (
        "model m()\n y' = cos(time) - 2*time*(y - sin(time))\n y = 1\nend",
        lambda t: np.array([np.sin(t) + np.exp(-t * t)]),
        2.0,
    ),
    "stiff input": (  # Prothero and Robinson's problem
        "model m()\n y' = cos(time) - 1e3*(y - sin(time))\n y = 0\nend",
        lambda t: np.array([np.sin(t)]),
        2.0,
    ),
    "rotation": (
        "model m()\n x' = -y\n y' = x\n x = 1; y = 0\nend",
        lambda t: np.array([np.cos(t), np.sin(t)]),
        3.0,
    ),
}


def fixed_steps(model: OdeModel, end: float, steps: int, *, theta: float) -> tuple[Floats, Floats]:
    """Return the state at the end, and the dense output a fraction ``theta`` into the last step."""
    bench = Bench(model, 2)
    size = len(model.states)
    state = bench.part("state", size)
    bench.part("parameter", len(model.values))[:] = np.array(model.values)[:, None]
    state[:] = np.array(model.graph.evaluate(model.initial, model.nominal))[:, None]
    bench.part("step", 1)[:] = end / steps
    bench.part("clock", 1)[:] = 1.0
    bench.part("theta", 1)[:] = theta
    bench.part("tolerance", size)[:] = 1.0
    bench.call("prepare")
    for step in range(steps):
        bench.part("time", 1)[:] = step * end / steps
        bench.call("step")
        if step == steps - 1:
            bench.call("dense")
            bench.call("interpolate")
        state[:] = bench.part("state_end", size)
    return state[:, 0].copy(), bench.part("output", size)[:, 0].copy()


def slope(sizes: list[int], errors: list[float]) -> float:
    return float(-np.polyfit(np.log(sizes), np.log(errors), 1)[0])


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_solution_converges_with_order_five(name: str) -> None:
    text, exact, end = PROBLEMS[name]
    sizes = [24, 32, 48, 64]
    model = model_of(text)
    ends = [fixed_steps(model, end, size, theta=1.0)[0] for size in sizes]
    errors = [float(np.abs(state - exact(end)).max()) for state in ends]
    # a stiff input reduces the order of every such method; this one keeps at least four
    assert slope(sizes, errors) > (3.9 if name == "stiff input" else RODAS5P.order - 0.25)


@pytest.mark.parametrize("name", ["nonlinear", "periodic input", "rotation"])
def test_the_dense_output_converges_with_order_four(name: str) -> None:
    text, exact, end = PROBLEMS[name]
    sizes = [8, 12, 16, 24, 32]
    model = model_of(text)
    errors = []
    for size in sizes:
        _, inside = fixed_steps(model, end, size, theta=0.37)
        errors.append(float(np.abs(inside - exact(end * (size - 0.63) / size)).max()))
    assert slope(sizes, errors) > RODAS5P.dense_order - 0.3


def test_the_dense_output_ends_at_the_new_state() -> None:
    end, inside = fixed_steps(model_of(PROBLEMS["nonlinear"][0]), 1.0, 3, theta=1.0)
    np.testing.assert_array_equal(end, inside)


def test_a_stiff_linear_system_follows_the_matrix_exponential() -> None:
    times = np.array([0.0, 1e-3, 1e-2, 0.1, 1.0, 5.0])
    found = simulate(model_of(LINEAR), [Member(times=times)], rtol=1e-8, atol=1e-12)
    exact = np.array([expm(STIFF_MATRIX * t) @ [1.0, 0.7, 2.0] for t in times])
    np.testing.assert_allclose(found.values, exact, rtol=1e-6, atol=1e-10)


def robertson(_: float, y: Floats) -> list[float]:
    first, third = 0.04 * y[0], 1e4 * y[1] * y[2]
    second = 3e7 * y[1] ** 2
    return [-first + third, first - third - second, second]


def van_der_pol(_: float, y: Floats) -> list[float]:
    return [y[1], 100.0 * (1.0 - y[0] ** 2) * y[1] - y[0]]


@pytest.mark.parametrize(
    ("text", "equations", "start", "times"),
    [
        (ROBERTSON, robertson, [1.0, 0.0, 0.0], np.array([0.0, 0.4, 4.0, 400.0, 4e4])),
        (VAN_DER_POL, van_der_pol, [2.0, 0.0], np.array([0.0, 20.0, 60.0, 90.0, 150.0])),
    ],
    ids=["robertson", "van der pol"],
)
def test_stiff_classics_agree_with_scipy(
    text: str, equations: Callable[..., list[float]], start: list[float], times: Floats
) -> None:
    tight = solve_ivp(equations, (0.0, times[-1]), start, "Radau", times, rtol=1e-10, atol=1e-14)
    found = simulate(model_of(text), [Member(times=times)], rtol=1e-8, atol=1e-12)
    assert found.status == ["ok"]
    np.testing.assert_allclose(found.values, tight.y.T, rtol=1e-5, atol=1e-9)


def test_tighter_tolerances_give_smaller_errors() -> None:
    times = np.linspace(0.0, 3.0, 13)
    model = model_of(PROBLEMS["rotation"][0])
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        values = simulate(model, [Member(times=times)], rtol=rtol, atol=rtol).values
        errors.append(np.abs(values - np.array([np.cos(times), np.sin(times)]).T).max())
    assert all(after < before / 10 for before, after in itertools.pairwise(errors))
    assert errors[-1] < 1e-9


def test_a_solution_that_ends_in_a_pole_is_given_up() -> None:
    found = simulate(model_of(BLOW_UP), [Member(times=np.array([0.5, 2.0]))])
    assert found.status[0] in ("step too small", "non-finite")
    assert np.isnan(found.values).all()


def test_the_number_of_steps_is_limited() -> None:
    model = model_of(VAN_DER_POL)
    found = simulate(model, [Member(times=np.array([150.0]))], max_steps=20)
    assert found.status == ["step limit"]
    assert found.statistics.steps.tolist() == [20]
