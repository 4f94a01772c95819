"""The printed CUDA kernel, run as C++ here: closed forms, order, the CPU engine and the slow twin."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cuda_host import HostTarget, needs_compiler, run_on_host
from numpy.typing import NDArray
from scipy.linalg import expm
from small_models import BLOW_UP, COUPLED, HILL, ONE_COMPARTMENT, ROBERTSON, VAN_DER_POL, model_of

from myeloniche.engine.batch import flatten_members, flatten_table
from myeloniche.engine.cuda.device_run import integrate_on
from myeloniche.engine.cuda.source import print_source
from myeloniche.engine.handles import with_handles
from myeloniche.engine.integration import Outcome, Settings, integrate
from myeloniche.engine.kernels.cache import model_equations
from myeloniche.engine.lanes import STATUS
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.rosenbrock_tableau import RODAS5P
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period

pytestmark = needs_compiler

Floats = NDArray[np.float64]
TIMES = np.linspace(0.0, 24.0, 13)

LINEAR = """model linear()
  a' = -1*a + 0.5*b; b' = 0.2*a - 300*b + 40*c; c' = 3*b - 20*c
  a = 1; b = 0.7; c = 2
end"""
MATRIX = np.array([[-1.0, 0.5, 0.0], [0.2, -300.0, 40.0], [0.0, 3.0, -20.0]])
FUNCTIONS = """model functions()
  a' = min(a, 3) - max(a, 0.5*b) + piecewise(1, (a > 5) || !(b < 9), sqrt(b)) - a*abs(sin(time))
  b' = sin(a)*cos(time) + tan(0.1*b) - b + abs(a - 9) + 0.1*(sinh(0.1*a) + cosh(0.1*b))
  c' = log10(1 + a) + ln(2 + c) - tanh(c) + arctan(b) - a^0.7*c^n + exp(-c) - c*piecewise(1, k>=1 && k!=2, 2)
  d' = -k*d^3 + 1/(1 + d^4) + arcsin(0.1*a/(1 + a)) + arccos(0.2)*c + arccosh(1 + b) + arctanh(0.1)
  e' = n*piecewise(a, k < 1, b) - e*arcsinh(e) + piecewise(0.5, k == 0.3, 1) + piecewise(1, n <= 1, 0.7)
  a = 1; b = 2; c = 0.5; d = 2; e = 1; k = 0.3; n = 1.4
end"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cuda")


@pytest.fixture
def host(folder: Path) -> HostTarget:
    return HostTarget(folder)


@pytest.fixture(scope="module")
def hill() -> OdeModel:
    return with_handles(model_of(HILL))


def varied_members(count: int) -> list[Member]:
    """Return members that differ in parameters, times and timelines."""
    rng = np.random.default_rng(11)
    members = []
    for index in range(count):
        values = {"v": 2.0 * rng.lognormal(0.0, 0.4), "n": 2.0 + rng.random(), "kd": rng.uniform(0.3, 2.0)}
        timeline = (
            Period(100.0, (Change("depth", "set", 0.0),), until_rest=True),
            Period(0.0, (Change("P", "scale", 1.5),)),
            Period(6.0, (Change("depth", "set", 0.5), Change("P", "add", float(index % 3)))),
            Period(4.0 + index % 5, (Change("process.decay_P", "scale", 0.5), Change("M", "scale", 2.0))),
            Period(20.0, (Change("hold.R", "set", 0.0),) if index % 4 == 0 else ()),
        )
        members.append(
            Member(values, {"M": 0.2}, timeline, np.linspace(0.0, 20.0 + index % 7, 5 + index % 4))
        )
    return members


def agree_with_the_cpu(found: Outcome, model: OdeModel, members: list[Member], **settings: Any) -> None:
    """Assert agreement to a millionth of the size of each state, and the same fate of every member."""
    expected = simulate(model, members, **settings)
    assert [STATUS[code] for code in found.status] == expected.status
    np.testing.assert_array_equal(found.steps, expected.statistics.steps)
    np.testing.assert_array_equal(found.rejected, expected.statistics.rejected)
    np.testing.assert_allclose(found.states, expected.values, rtol=1e-6, atol=1e-12)


def same_bits(left: Outcome, right: Outcome) -> bool:
    return all(one.tobytes() == other.tobytes() for one, other in zip(left, right, strict=True))


# --- closed forms and order


def test_a_stiff_linear_system_follows_the_matrix_exponential(host: HostTarget) -> None:
    times = np.array([0.0, 1e-3, 1e-2, 0.1, 1.0, 5.0])
    found = run_on_host(host, model_of(LINEAR), [Member(times=times)], rtol=1e-8, atol=1e-12)
    exact = np.array([expm(MATRIX * t) @ [1.0, 0.7, 2.0] for t in times])
    np.testing.assert_allclose(found.states, exact, rtol=1e-6, atol=1e-10)


def test_repeated_doses_superpose_in_a_linear_model(host: HostTarget) -> None:
    timeline = tuple(Period(6.0, (Change("Drug", "add", 2.5),)) for _ in range(10))
    times = np.linspace(0.1, 60.0, 500)
    member = Member(timeline=timeline, times=times)
    found = run_on_host(host, model_of(ONE_COMPARTMENT), [member], rtol=1e-8, atol=1e-12)
    since = times[:, None] - 6.0 * np.arange(10)
    # at the very time of a dose the output is the state before it
    exact = 2.5 * np.where(since > 1e-9, np.exp(-0.3 * since), 0.0).sum(axis=1)
    np.testing.assert_allclose(found.states[:, 0], exact, rtol=1e-6)


def test_the_error_falls_with_the_fifth_power_of_the_step(host: HostTarget) -> None:
    model = model_of("model m()\n y' = cos(time) - 2*time*(y - sin(time))\n y = 1\nend")
    exact = np.sin(2.0) + np.exp(-4.0)
    errors, steps = [], []
    for rtol in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10):
        found = run_on_host(host, model, [Member(times=np.array([2.0]))], rtol=rtol, atol=rtol)
        errors.append(abs(float(found.states[0, 0]) - exact))
        steps.append(int(found.steps[0] - found.rejected[0]))
    order = -np.polyfit(np.log(steps), np.log(errors), 1)[0]
    assert order > 4.5


def test_tighter_tolerances_give_smaller_errors_of_the_dense_output(host: HostTarget) -> None:
    times = np.linspace(0.0, 3.0, 37)
    model = model_of("model m()\n x' = -y\n y' = x\n x = 1; y = 0\nend")
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8, 1e-10):
        found = run_on_host(host, model, [Member(times=times)], rtol=rtol, atol=rtol)
        errors.append(np.abs(found.states - np.array([np.cos(times), np.sin(times)]).T).max())
    assert all(after < before / 10 for before, after in itertools.pairwise(errors))


# --- against the CPU engine and the slow twin


@pytest.mark.parametrize("text", [ROBERTSON, VAN_DER_POL, COUPLED, FUNCTIONS], ids=lambda t: t.split()[1])
def test_the_kernel_takes_the_steps_of_the_cpu_engine(host: HostTarget, text: str) -> None:
    model = model_of(text)
    members = [Member(times=np.linspace(0.0, end, 7)) for end in (1.0, 2.0)]
    agree_with_the_cpu(run_on_host(host, model, members), model, members)


def test_members_with_timelines_agree_with_the_cpu_engine(host: HostTarget, hill: OdeModel) -> None:
    members = varied_members(9)
    agree_with_the_cpu(run_on_host(host, hill, members), hill, members)


def test_members_with_timelines_agree_with_the_slow_twin(host: HostTarget, hill: OdeModel) -> None:
    members = varied_members(4)
    found = run_on_host(host, hill, members, rtol=1e-8, atol=1e-11)
    expected = simulate_reference(hill, members)
    rows = np.concatenate([np.column_stack([twin[name] for name in hill.states]) for twin in expected])
    np.testing.assert_allclose(found.states, rows, rtol=1e-5)


def test_every_operation_agrees_with_the_slow_twin(host: HostTarget) -> None:
    model = model_of(FUNCTIONS)
    member = Member(times=np.linspace(0.0, 2.0, 5))
    found = run_on_host(host, model, [member], rtol=1e-9, atol=1e-11)
    expected = simulate_reference(model, [member], method="Radau", rtol=1e-9, atol=1e-11)[0]
    rows = np.column_stack([expected[name] for name in model.states])
    np.testing.assert_allclose(found.states, rows, rtol=1e-6)


def test_a_column_form_ensemble_agrees_with_the_cpu_engine(host: HostTarget, hill: OdeModel) -> None:
    values = {"v": np.linspace(1.0, 3.0, 8)}
    batch = flatten_table(hill, values, {"M": np.linspace(0.0, 1.0, 8)}, Member(times=TIMES))
    found = integrate_on(host, hill, batch, np.array([2, 0]), Settings())
    starts = np.linspace(0.0, 1.0, 8)
    members = [Member({"v": v}, {"M": m}, times=TIMES) for v, m in zip(values["v"], starts, strict=True)]
    expected = simulate(hill, members, outputs=[hill.states[2], hill.states[0]])
    np.testing.assert_allclose(found.states, expected.values, rtol=1e-6)


# --- failures


def test_a_solution_that_ends_in_a_pole_is_given_up(host: HostTarget) -> None:
    members = [Member(times=np.array([0.5, 2.0])), Member({"k": 0.1}, times=np.array([0.5, 2.0]))]
    found = run_on_host(host, model_of(BLOW_UP), members)
    assert [STATUS[code] for code in found.status] == ["step too small", "ok"]
    assert np.isnan(found.states[:2]).all()
    np.testing.assert_allclose(found.states[2:, 0], [1 / 0.95, 1 / 0.8], rtol=1e-5)


def test_the_number_of_steps_is_limited(host: HostTarget) -> None:
    member = Member(times=np.array([150.0]))
    found = run_on_host(host, model_of(VAN_DER_POL), [member], max_steps=20)
    assert STATUS[found.status[0]] == "step limit"
    assert found.steps.tolist() == [20]


def test_a_member_without_a_number_fails_and_leaves_the_others_alone(
    host: HostTarget, hill: OdeModel
) -> None:
    members = [Member({"v": v}, times=TIMES) for v in (2.0, np.nan, 2.0, np.inf)]
    found = run_on_host(host, hill, members)
    assert [STATUS[code] for code in found.status] == ["ok", "non-finite", "ok", "non-finite"]
    states = found.states.reshape(4, TIMES.size, -1)
    assert np.isnan(states[[1, 3]]).all()
    assert states[0].tobytes() == states[2].tobytes()
    assert np.isfinite(states[0]).all()


def test_what_never_rests_is_given_up_with_a_status(host: HostTarget) -> None:
    model = model_of("model m()\n x' = -y\n y' = x\n x = 1; y = 0\nend")
    timelines = [(Period(50.0, until_rest=True), Period(1.0)), (Period(0.0, until_rest=True), Period(1.0))]
    members = [Member(timeline=timeline, times=np.array([1.0])) for timeline in timelines]
    found = run_on_host(host, model, members)
    assert [STATUS[code] for code in found.status] == ["no rest", "no rest"]
    assert np.isnan(found.states).all()


@pytest.mark.parametrize(
    ("text", "varied"), [(BLOW_UP, {"k": (1.0, np.nan, 0.2, 1e300)}), (VAN_DER_POL, {"mu": (100.0, 1e3)})]
)
def test_failures_their_times_and_worst_states_are_those_of_the_cpu(
    host: HostTarget, text: str, varied: dict[str, tuple[float, ...]]
) -> None:
    model = model_of(text)
    ((name, values),) = varied.items()
    batch = flatten_members(model, [Member({name: value}, times=np.array([0.5, 2.0])) for value in values])
    wanted, settings = np.arange(len(model.states)), Settings(max_steps=150)
    found = integrate_on(host, model, batch, wanted, settings)
    expected = integrate(model, batch, wanted, settings)
    np.testing.assert_array_equal(found.status, expected.status)
    np.testing.assert_array_equal(found.worst, expected.worst)
    np.testing.assert_allclose(found.failed_at, expected.failed_at, rtol=1e-9)


# --- layouts


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 1},
        {"threads": 7},
        {"at_once": 2},
        {"global_work": True},
        {"global_work": True, "threads": 5},
        {"as_device": True},
        {"as_device": True, "global_work": True, "threads": 4},
    ],
    ids=str,
)
def test_threads_parts_and_the_place_of_work_change_no_bit(
    folder: Path, hill: OdeModel, options: dict[str, Any]
) -> None:
    members = varied_members(7)
    usual = run_on_host(HostTarget(folder), hill, members)
    assert same_bits(usual, run_on_host(HostTarget(folder, **options), hill, members))


def test_progress_is_told_after_every_part(folder: Path, hill: OdeModel) -> None:
    told: list[tuple[int, int]] = []
    batch = flatten_members(hill, [Member(times=TIMES)] * 5)
    target = HostTarget(folder, at_once=2)
    integrate_on(
        target, hill, batch, np.array([0]), Settings(), lambda done, total: told.append((done, total))
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_the_factorisation_by_tables_gives_the_same_bits(host: HostTarget) -> None:
    model = model_of(COUPLED)
    batch = flatten_members(model, [Member(times=TIMES)])
    wanted = np.arange(len(model.states))
    tables = print_source(model_equations(model), RODAS5P, straight_line_limit=0)
    assert "FACTOR_LEFT" in tables.text
    usual = integrate_on(host, model, batch, wanted, Settings())
    assert same_bits(usual, integrate_on(host, model, batch, wanted, Settings(), source=tables))


def test_long_functions_are_cut_into_pieces_with_the_same_result(host: HostTarget) -> None:
    terms = " + ".join(f"(x + {i})^(n + {i % 3})/(x + {i + 1})^n" for i in range(60))
    model = model_of(
        f"model long()\n s := {terms}\n x' = k*s/(1 + s) - x\n y' = s/(2 + s) - x*y\n"
        " x = 1; y = 2; k = 3; n = 1.3\nend"
    )
    source = print_source(model_equations(model), RODAS5P)
    assert "void rates_1(" in source.text
    members = [Member({"k": k}, times=np.linspace(0.0, 5.0, 6)) for k in (1.0, 3.0)]
    agree_with_the_cpu(run_on_host(host, model, members), model, members)
