"""Choosing a device, and CuPy's part of the work with a stand-in that runs the kernel on this machine."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from cuda_host import HostLaunch, HostTarget, needs_compiler
from small_models import HILL, ROBERTSON, model_of

from myeloniche.engine.batch import flatten_members
from myeloniche.engine.cuda import choose
from myeloniche.engine.cuda.choose import DeviceWarning, integrator
from myeloniche.engine.cuda.cupy_target import CupyTarget, find_device
from myeloniche.engine.cuda.device_run import integrate_on, model_source
from myeloniche.engine.cuda.linear import factor_text
from myeloniche.engine.cuda.source import print_source
from myeloniche.engine.cuda.statements import Names, literal
from myeloniche.engine.cuda.work_layout import WorkLayout, in_place
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Settings, integrate
from myeloniche.engine.kernels.cache import model_equations
from myeloniche.engine.kernels.ir_printer import print_module
from myeloniche.engine.kernels.ordering import plan_factorisation
from myeloniche.engine.rosenbrock_tableau import RODAS5P
from myeloniche.engine.simulation import ensemble, simulate
from myeloniche.engine.timeline import Member
from myeloniche.errors import ModelError, UnsupportedError

TIMES = np.linspace(0.0, 10.0, 5)


class DeviceArray(np.ndarray[Any, Any]):
    """An array that tells its address as CuPy's do."""

    @property
    def data(self) -> Any:  # type: ignore[override]
        return SimpleNamespace(ptr=self.ctypes.data)


class StandIn:
    """What the target uses of CuPy, done by NumPy and the host's compiler."""

    def __init__(self, folder: Path, layout: WorkLayout, *, free: int = 1 << 34, devices: int = 1) -> None:
        self.layout = layout
        self.folder = folder
        self.options: tuple[str, ...] = ()
        properties = {"name": b"stand-in", "multiProcessorCount": 2, "maxThreadsPerMultiProcessor": 64}
        stream = SimpleNamespace(synchronize=lambda: None)
        runtime = SimpleNamespace(
            getDeviceCount=lambda: devices,
            getDevice=lambda: 0,
            getDeviceProperties=lambda _: properties,
            memGetInfo=lambda: (free, free),
        )
        self.cuda = SimpleNamespace(runtime=runtime, get_current_stream=lambda: stream)

    def __getattr__(self, name: str) -> Any:
        function = getattr(np, name)
        return lambda *arguments, **options: np.asarray(function(*arguments, **options)).view(DeviceArray)

    def asnumpy(self, array: Any) -> Any:
        return np.asarray(array).view(np.ndarray).copy()

    def get_default_memory_pool(self) -> Any:
        return SimpleNamespace(free_bytes=lambda: 0)

    def RawModule(self, *, code: str, options: tuple[str, ...]) -> Any:
        self.options = options
        stride = [option.split("=")[1] for option in options if option.startswith("-DWORK_STRIDE")]
        threads = int(stride[0]) if stride else 1 << 20
        host = HostTarget(self.folder, threads=threads, global_work=bool(stride))
        launch = host.compile(code, self.layout)
        return SimpleNamespace(get_function=lambda name: _Kernel(launch, name))


class _Kernel:
    num_regs = 40
    local_size_bytes = 656

    def __init__(self, launch: HostLaunch, name: str) -> None:
        assert name == "integrate"
        self.launch = launch

    def __call__(self, grid: tuple[int], block: tuple[int], arguments: tuple[Any]) -> None:
        assert grid[0] * block[0] <= 128
        self.launch(np.asarray(arguments[0]).view(np.ndarray), 1)


# --- which device


def test_the_cpu_is_the_engine_itself() -> None:
    assert integrator("cpu", model_of(ROBERTSON)) is integrate


def test_an_unknown_device_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ModelError, match="got device 'tpu', expected one of 'cpu', 'cuda'"):
        integrator("tpu", model_of(ROBERTSON))


def test_without_a_device_the_cpu_does_the_work_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "find_device", lambda: "the driver reports no device")
    message = "^no CUDA device: running on the CPU; the driver reports no device$"
    with pytest.warns(DeviceWarning, match=message):
        assert integrator("cuda", model_of(ROBERTSON)) is integrate


EVENTFUL = "model dosed()\n y' = -y\n y = 1\n at time > 2: y = y + 1\nend"


def test_what_the_kernel_does_not_know_runs_on_the_cpu_and_says_so() -> None:
    with pytest.warns(
        DeviceWarning, match="'dosed': the CUDA kernel does not know events: running on the CPU"
    ):
        assert integrator("cuda", model_of(EVENTFUL)) is integrate
    with pytest.warns(DeviceWarning, match="the CUDA kernel does not know endpoints: running on the CPU"):
        assert integrator("cuda", model_of(HILL), [Endpoint("last", "M")]) is integrate


def test_the_kernel_itself_refuses_events(tmp_path: Path) -> None:
    model = model_of(EVENTFUL)
    batch = flatten_members(model, [Member(times=TIMES)])
    with pytest.raises(UnsupportedError, match="'dosed': got events or endpoints"):
        integrate_on(HostTarget(tmp_path), model, batch, np.array([0]), Settings())


def test_simulate_and_ensemble_take_the_device_and_fall_back_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "find_device", lambda: "the driver reports no device")
    model, times = model_of(HILL), np.array([0.0, 5.0])
    with pytest.warns(DeviceWarning, match="no CUDA device") as told:
        found = simulate(model, [Member({"v": 3.0}, times=times)], device="cuda")
    assert told[0].filename == __file__
    with pytest.warns(DeviceWarning, match="no CUDA device"):
        labelled = ensemble(model, {"v": [3.0]}, times, device="cuda")
    expected = simulate(model, [Member({"v": 3.0}, times=times)])
    assert found.values.tobytes() == expected.values.tobytes()
    np.testing.assert_array_equal(labelled["M"].values[0], expected.values[:, 0])


@needs_compiler
def test_simulate_on_a_device_gives_what_the_cpu_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choose, "find_device", lambda: HostTarget(tmp_path))
    model = model_of(HILL)
    members = [Member({"v": v}, times=TIMES) for v in (1.0, np.nan, 3.0)]
    found = simulate(model, members, outputs=["total", "M", "v"], device="cuda", check_fraction=0.5)
    expected = simulate(model, members, outputs=["total", "M", "v"])
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-9)
    assert found.status == expected.status


def test_without_cupy_the_reason_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    assert find_device() == "CuPy is not installed (pip install 'myeloniche[gpu]')"


def test_a_silent_driver_and_a_machine_without_devices_are_reasons(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    layout = model_source(model_of(ROBERTSON)).layout
    cupy: Any = StandIn(tmp_path, layout, devices=0)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert find_device() == "the driver reports no device"

    def silent() -> int:
        raise RuntimeError("cudaErrorInsufficientDriver")

    cupy.cuda.runtime.getDeviceCount = silent
    assert find_device() == "the CUDA driver does not answer (cudaErrorInsufficientDriver)"


def test_no_module_imports_cupy_before_a_device_is_asked_for() -> None:
    folder = Path(choose.__file__).parent
    assert not [path for path in folder.glob("*.py") if "import cupy" in path.read_text(encoding="utf-8")]


# --- CuPy's part


@needs_compiler
@pytest.mark.parametrize(("free", "stride"), [(1 << 34, False), (60_000, True)])
def test_the_cupy_target_gives_what_the_host_gives(tmp_path: Path, free: int, stride: bool) -> None:
    model = model_of(HILL)
    members = [Member({"v": v}, times=np.linspace(0.0, 10.0 + v, 3 + int(v))) for v in (1.0, 2.0, 3.0)]
    batch = flatten_members(model, members)
    wanted = np.array([0, 2])
    cupy: Any = StandIn(tmp_path, model_source(model).layout, free=free)
    found = integrate_on(CupyTarget(cupy), model, batch, wanted, Settings())
    expected = integrate_on(HostTarget(tmp_path), model, batch, wanted, Settings())
    assert any("WORK_STRIDE" in option for option in cupy.options) == stride
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_compiler
def test_a_found_device_is_used_and_tells_what_a_thread_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(HILL)
    source = model_source(model)
    cupy: Any = StandIn(tmp_path, source.layout)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    batch = flatten_members(model, [Member(times=TIMES)])
    found = integrator("cuda", model)(model, batch, np.array([0]), Settings())
    assert found.status.tolist() == [0]
    assert CupyTarget(cupy).compile(source.text, source.layout).usage() == {
        "registers": 40,
        "local_bytes": 656,
    }


def test_work_that_does_not_fit_into_local_memory_gets_fewer_threads(tmp_path: Path) -> None:
    layout = WorkLayout(states=9000, parameters=0, hoisted=0, factors=0, time_slopes=0, scratch=0, stages=8)
    compiled: list[Any] = []
    cupy: Any = StandIn(tmp_path, layout, free=200_000_000)
    cupy.RawModule = lambda **options: compiled.append(options) or SimpleNamespace(get_function=str)
    launch = CupyTarget(cupy).compile("", layout)
    assert launch.threads == 64
    assert launch.global_words == 64 * 90_000
    assert "-DWORK_STRIDE=64" in compiled[0]["options"]


# --- what is printed


def test_the_source_names_states_and_is_the_same_in_every_run() -> None:
    model = model_of(HILL)
    text = print_source(model_equations(model), RODAS5P).text
    assert "// d M / dt" in text
    assert "// d (d M / dt) / d P" in text
    assert text == print_source(model_equations(model_of(HILL)), RODAS5P).text
    assert text.isascii()


def test_names_that_c_does_not_know_become_harmless() -> None:
    names = Names(("MM.p-65\\", "naïve */ x"), ("a b",))
    assert names.state(0) == "s0_MM_p_65_"
    assert names.parameter(0) == "p0_a_b"
    assert names.comment(1) == "na_ve_*__x"
    assert not names.comment(0).endswith("\\")


def test_numbers_keep_their_bits_and_those_that_are_none_their_names() -> None:
    assert float(literal(0.1)) == 0.1
    assert literal(-2.0) == "(-2.0)"
    assert literal(-0.0) == "(-0.0)"
    assert literal(float("inf")) == "INFINITE"
    assert literal(float("-inf")) == "(-INFINITE)"
    assert literal(float("nan")) == "NO_NUMBER"


def test_factors_take_the_place_of_the_jacobian() -> None:
    nonzeros = [(0, 0), (0, 1), (1, 0), (2, 0), (2, 2), (0, 2)]
    plan = plan_factorisation(3, nonzeros)
    moved, overwritten = in_place(plan, len(nonzeros))
    fill = sum(entry.source < 0 for entry in plan.entries)
    assert moved.slots == len(nonzeros) + fill < plan.slots
    assert len({entry.slot for entry in moved.entries}) == len(moved.entries)
    assert overwritten <= set(range(len(nonzeros)))
    assert "1.0 / " in factor_text(moved, Names(("a", "b", "c"), ()))


def test_a_threads_work_array_is_smaller_than_a_lane_of_the_cpu() -> None:
    equations = model_equations(model_of(HILL))
    _, lane = print_module(equations, lanes=1, tableau=RODAS5P)
    assert print_source(equations, RODAS5P).layout.slots < 0.8 * lane.slots
