"""The commands that run any SBML model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from myeloniche.cli import main
from myeloniche.engine.antimony_text import antimony_to_sbml

DECAY = "compartment C = 2; species A in C; J: A -> ; k*A*C; A = 4; k = 0.5"


def run(folder: Path, text: str, *arguments: str) -> Result:
    (folder / "model.xml").write_text(antimony_to_sbml(text), "utf-8")
    command, *rest = arguments
    out = ["--out", str(folder / "out.csv")]
    return CliRunner().invoke(main, [command, str(folder / "model.xml"), *rest, *out])


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


def test_ensemble_writes_every_trajectory(tmp_path: Path) -> None:
    (tmp_path / "values.csv").write_text("k\n0.5\n1\n", "utf-8")
    grid = ("--t-end", "2", "--points", "3", "--abs", "1e-12", "--rel", "1e-9")
    values = ("--parameters", str(tmp_path / "values.csv"), "--states", "A")
    result = run(tmp_path, DECAY, "ensemble", *values, *grid)
    assert result.exit_code == 0, result.output
    header, rows = table(tmp_path)
    assert header == "trajectory,time,A"
    assert (tmp_path / "out.csv").read_text("utf-8").splitlines()[4].startswith("1,0.0,")
    expected = 4.0 * np.exp(-np.where(rows[:, 0] == 0.0, 0.5, 1.0) * rows[:, 1])
    np.testing.assert_allclose(rows[:, 2], expected, rtol=1e-7)
