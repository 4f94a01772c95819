"""The benchmark for GPUs as far as it can be tested without one: its options and the way to the CPU."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from small_models import HILL, model_of

from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.engine.cuda.choose import DeviceWarning

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu_vs_diffrax.py"


@pytest.fixture(scope="module")
def benchmark_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu_vs_diffrax", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_members_are_read_as_powers_of_ten(benchmark_script: Any) -> None:
    options = benchmark_script.parsed(["a.xml:10", "niche:240", "--members", "1e5,2e6", "--threads", "0,256"])
    assert options.models == ["a.xml:10", "niche:240"]
    assert options.members == (100_000, 2_000_000)
    assert options.threads == (0, 256)
    assert (options.rtol, options.atol) == (1e-6, 1e-9)


def test_no_model_is_an_error_of_the_command_line(
    benchmark_script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        benchmark_script.parsed([])
    assert "the following arguments are required: models" in capsys.readouterr().err


def test_without_a_device_the_cpu_is_timed_and_the_table_written(
    benchmark_script: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(benchmark_script, "find_device", lambda: "CuPy is not installed")
    model, table = tmp_path / "hill.xml", tmp_path / "table.csv"
    model.write_text(antimony_to_sbml(HILL), encoding="utf-8")
    arguments = [f"{model}:24", "--members", "20", "--repeats", "1", "--no-peer", "--csv", str(table)]
    with pytest.warns(DeviceWarning, match="no CUDA device: running on the CPU"):
        benchmark_script.main(arguments)
    (row,) = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    assert (row["model"], row["simulator"], row["members"], row["failed"]) == ("hill", "cpu", "20", "0")
    assert float(row["worst_error"]) < 1e-3
    assert row["date"] in capsys.readouterr().out


def test_the_peer_gets_the_same_equations(benchmark_script: Any) -> None:
    model = model_of(HILL)
    rates = benchmark_script.jax_rates(model, np)
    state = np.array([0.3, 0.6, 0.9])
    values = {**model.nominal, **dict(zip(model.states, state, strict=True)), "time": 1.5}
    expected = model.graph.evaluate(model.rates, values)
    np.testing.assert_allclose(rates(1.5, state, np.array(model.values)), expected, rtol=1e-14)
