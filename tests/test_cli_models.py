"""The commands that run any SBML model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import xarray
from click.testing import CliRunner, Result

from myeloniche.cli import main
from myeloniche.engine.antimony_text import antimony_to_sbml

DECAY = "compartment C = 2; species A in C; J: A -> ; k*A*C; A = 4; k = 0.5"


def run(folder: Path, text: str, *arguments: str, out: str = "out.csv") -> Result:
    (folder / "model.xml").write_text(antimony_to_sbml(text), "utf-8")
    command, *rest = arguments
    place = ["--out", str(folder / out)]
    return CliRunner().invoke(main, [command, str(folder / "model.xml"), *rest, *place])


def table(folder: Path) -> tuple[str, np.ndarray]:
    lines = (folder / "out.csv").read_text("utf-8").splitlines()
    return lines[0], np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])


COURSE = ("--start", "0", "--duration", "2", "--steps", "2", "--abs", "1e-12", "--rel", "1e-9")


def test_simulate_writes_a_time_course(tmp_path: Path) -> None:
    lists = ("--variables", "A,C", "--amount", "A", "--concentration", "")
    result = run(tmp_path, DECAY, "simulate", *COURSE, *lists)
    assert result.exit_code == 0, result.output
    header, rows = table(tmp_path)
    assert header == "time,A,C"
    np.testing.assert_allclose(rows[:, 1], 8.0 * np.exp(-0.5 * rows[:, 0]), rtol=1e-7)


def test_simulate_leaves_with_three_for_what_is_not_honoured(tmp_path: Path) -> None:
    result = run(tmp_path, f"{DECAY}; p := delay(A, 1)", "simulate", *COURSE, "--variables", "A")
    assert result.exit_code == 3
    assert "assignment rule of 'p' uses 'delay'" in result.stderr
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("variable", ["Z", "A,Z"])
def test_simulate_leaves_with_two_for_an_unknown_name(variable: str, tmp_path: Path) -> None:
    result = run(tmp_path, DECAY, "simulate", *COURSE, "--variables", variable)
    assert result.exit_code == 2
    assert "unknown model quantity 'Z'" in result.stderr


GRID = ("--t-end", "2", "--points", "3", "--abs", "1e-12", "--rel", "1e-9")


def values(folder: Path, rows: str, states: str = "A") -> tuple[str, ...]:
    (folder / "values.csv").write_text(rows, "utf-8")
    return ("--parameters", str(folder / "values.csv"), "--states", states)


def test_ensemble_writes_every_trajectory(tmp_path: Path) -> None:
    result = run(tmp_path, DECAY, "ensemble", *values(tmp_path, "k\n0.5\n1\n"), *GRID)
    assert result.exit_code == 0, result.output
    header, rows = table(tmp_path)
    assert header == "trajectory,time,A"
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[4].startswith("1,0.0,")
    expected = 4.0 * np.exp(-np.where(rows[:, 0] == 0.0, 0.5, 1.0) * rows[:, 1])
    np.testing.assert_allclose(rows[:, 2], expected, rtol=1e-7)


def test_ensemble_writes_a_store_that_says_the_same(tmp_path: Path) -> None:
    asked = (*values(tmp_path, "k,A\n0.5,4\n1,1\n", "A,C"), *GRID, "--start", "1")
    result = run(tmp_path, DECAY, "ensemble", *asked, out="out.zarr")
    assert result.exit_code == 0, result.output
    assert result.output == f"{tmp_path / 'out.zarr'}: 2 members, 0 failed\n"
    assert run(tmp_path, DECAY, "ensemble", *asked).exit_code == 0
    _, rows = table(tmp_path)
    found = xarray.open_zarr(tmp_path / "out.zarr")
    np.testing.assert_array_equal(found["time"], rows[:3, 1])
    np.testing.assert_array_equal(found["A"].values.ravel(), rows[:, 2])
    np.testing.assert_array_equal(found["parameters"], [[0.5], [1.0]])
    np.testing.assert_array_equal(found["initial"], [[4.0], [1.0]])


def test_ensemble_counts_the_members_that_failed(tmp_path: Path) -> None:
    asked = (*values(tmp_path, "a\n0.1\n1\n"), *GRID)
    result = run(tmp_path, "A' = A^2; A = a; a = 0.1", "ensemble", *asked, out="out.zarr")
    assert result.exit_code == 0, result.output
    assert "2 members, 1 failed" in result.output


def test_ensemble_refuses_the_store_of_other_values(tmp_path: Path) -> None:
    run(tmp_path, DECAY, "ensemble", *values(tmp_path, "k\n0.5\n"), *GRID, out="out.zarr")
    result = run(tmp_path, DECAY, "ensemble", *values(tmp_path, "k\n0.6\n"), *GRID, out="out.zarr")
    assert result.exit_code == 2
    assert "out.zarr: was begun for another ensemble, which differs in parameters" in result.stderr


def test_ensemble_names_the_extra_that_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    result = run(tmp_path, DECAY, "ensemble", *values(tmp_path, "k\n0.5\n"), *GRID, out="out.zarr")
    assert result.exit_code == 2
    assert "pip install 'myeloniche[zarr]'" in result.stderr
