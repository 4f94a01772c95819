"""Runs of SBML files as the command line offers them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray

from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.engine.file_runs import (
    Grid,
    read_parameter_table,
    run_ensemble,
    run_model,
    store_ensemble,
    write_table,
)
from myeloniche.errors import ModelError, TableError, UnknownNameError, UnsupportedError

DECAY = "compartment C = 2; species A in C; J: A -> ; k*A*C; A = 4; k = 0.5; total := A*C"
EVENT = f"{DECAY}; E: at time >= 1: A = 4"
GRID = Grid(start=0.0, duration=2.0, steps=2, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("text", [DECAY, f"{DECAY}; E: at time >= 9: A = 4"], ids=["compiled", "reference"])
def test_a_model_gives_the_same_course_with_and_without_an_event(text: str) -> None:
    header, rows = run_model(antimony_to_sbml(text), GRID, ["A", "total", "k", "J"], amount=["A"])
    assert header == ("time", "A", "total", "k", "J")
    left = np.exp(-0.5 * np.arange(3.0))
    np.testing.assert_allclose(rows[:, 0], [0.0, 1.0, 2.0])
    np.testing.assert_allclose(
        rows[:, 1:], np.column_stack([8 * left, 8 * left, 0 * left + 0.5, 4 * left]), rtol=1e-7
    )


def test_the_first_output_time_is_that_of_the_initial_state() -> None:
    grid = Grid(start=10.0, duration=2.0, steps=1, rtol=1e-9, atol=1e-12)
    _, rows = run_model(antimony_to_sbml("A' = time; A = 1"), grid, ["A"])
    np.testing.assert_allclose(rows, [[10.0, 1.0], [12.0, 23.0]], rtol=1e-8)


def test_an_unknown_variable_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown model quantity 'Z'"):
        run_model(antimony_to_sbml(DECAY), GRID, ["Z"])


def test_what_is_called_as_the_clock_can_be_shown() -> None:
    sbml = antimony_to_sbml("t1 = 7; A' = t1; A = 0").replace("t1", "time")
    _, rows = run_model(sbml, GRID, ["time", "A"])
    np.testing.assert_allclose(rows[-1], [2.0, 7.0, 14.0], rtol=1e-8)


@pytest.mark.parametrize("text", [DECAY, EVENT], ids=["compiled", "reference"])
def test_members_differ_by_parameters_and_initial_states(text: str) -> None:
    columns = {"k": np.array([0.5, 1.0]), "A": np.array([4.0, 1.0])}
    header, rows = run_ensemble(antimony_to_sbml(text), columns, ["A", "total"], GRID)
    assert header == ("trajectory", "time", "A", "total")
    assert rows.shape == (2, 3, 4)
    np.testing.assert_allclose(rows[:, :, 0], [[0] * 3, [1] * 3])
    last = {DECAY: [4 * np.exp(-1.0), np.exp(-2.0)], EVENT: [4 * np.exp(-0.5), 4 * np.exp(-1.0)]}[text]
    np.testing.assert_allclose(rows[:, -1, 2], last, rtol=1e-7)
    np.testing.assert_allclose(rows[:, :, 3], 2.0 * rows[:, :, 2])


@pytest.mark.parametrize("text", ["A' = A^2; A = a", "A' = A^2; A = a; E: at A > 1e9: b = 1; b = 0"])
def test_a_member_that_cannot_be_integrated_shows_nan(text: str) -> None:
    sbml = antimony_to_sbml(f"{text}; a = 0.1")
    _, rows = run_ensemble(sbml, {"a": np.array([0.1, 1.0])}, ["A"], GRID)
    np.testing.assert_allclose(rows[0, :, 2], 0.1 / (1.0 - 0.1 * np.arange(3.0)), rtol=1e-6)
    assert np.isnan(rows[1, :, 2]).all()


def test_a_store_counts_from_the_first_output_time_on(tmp_path: Path) -> None:
    sbml, grid = antimony_to_sbml("A' = A^2; A = a; a = 0.1"), Grid(10.0, 2.0, 2, 1e-9, 1e-12)
    columns = {"a": np.array([0.1, 1.0])}
    assert store_ensemble(sbml, columns, ["A"], grid, tmp_path / "runs.zarr") == (2, 1)
    found = xarray.open_zarr(tmp_path / "runs.zarr")
    np.testing.assert_array_equal(found["time"], [10.0, 11.0, 12.0])
    np.testing.assert_allclose(found["failed_at"], [np.nan, 11.0], rtol=1e-6)
    with pytest.raises(ModelError, match=r"differs in clock_start \(10.0, now 20.0\);"):
        store_ensemble(sbml, columns, ["A"], replace(grid, start=20.0), tmp_path / "runs.zarr")


def test_a_column_that_is_neither_parameter_nor_state_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown parameter 'total'"):
        run_ensemble(antimony_to_sbml(DECAY), {"total": np.array([1.0])}, ["A"], GRID)


def test_tables_keep_every_digit(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rows = np.array([[0.0, 0.1 + 0.2, np.nan], [1.0, np.inf, -1e-300]])
    write_table(path, ["trajectory", "a", "b"], rows, whole=1)
    assert path.read_text("utf-8").splitlines()[1:] == ["0,0.30000000000000004,nan", "1,inf,-1e-300"]


def test_rows_are_counted_while_they_are_written(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    rows = np.zeros((25_000, 1))
    write_table(tmp_path / "table.csv", ["a"], rows, progress=lambda *count: told.append(count))
    assert told == [(10_000, 25_000), (20_000, 25_000), (25_000, 25_000)]
    assert len((tmp_path / "table.csv").read_text("utf-8").splitlines()) == 25_001


def test_a_table_is_read_by_column(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_text("\ufeffa, b\n1,2\n\n3,4e1\n", "utf-8")
    table = read_parameter_table(path)
    assert {name: values.tolist() for name, values in table.items()} == {"a": [1, 3], "b": [2, 40]}


def test_every_bad_cell_of_a_table_is_named(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    path.write_text("a,b\n1\n3,x\n", "utf-8")
    with pytest.raises(TableError, match=r"(?s)csv:2: got 1 cells, expected 2.*csv:3: got 'x' for 'b'"):
        read_parameter_table(path)


@pytest.mark.parametrize(("text", "message"), [("a\n", "got 1 lines"), ("a,a\n1,2\n", "stands twice")])
def test_a_table_without_rows_or_with_a_name_twice_is_refused(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "values.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(TableError, match=message):
        read_parameter_table(path)


def test_what_is_not_honoured_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="assignment rule of 'p' uses 'delay'"):
        run_model(antimony_to_sbml(f"{DECAY}; p := delay(A, 1)"), GRID, ["A"])
