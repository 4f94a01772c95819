"""Runs of SBML files from plain numbers to plain numbers, as the command line offers them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.integration import Settings
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.sbml import SbmlModel, read_sbml_model
from myeloniche.engine.simulation import simulate
from myeloniche.engine.streaming import stream
from myeloniche.engine.table import Table, table_of
from myeloniche.engine.timeline import Member
from myeloniche.engine.trajectories import Progress, Run, run_batch, run_of
from myeloniche.engine.trajectory_store import Destination
from myeloniche.errors import TableError, raise_all

__all__ = ["Grid", "read_parameter_table", "run_ensemble", "run_model", "store_ensemble", "write_table"]

Floats = NDArray[np.float64]

_SMALL = 30  # states
_MAX_STEPS = 10_000_000
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Grid:
    """Evenly spaced output times and the tolerances of the way there.

    Attributes
    ----------
    start, duration
        First output time, at which the model has its initial state, and the time to the last one.
    steps
        Number of intervals; there is one output more.
    rtol, atol
        Relative and absolute tolerance of every step.
    """

    start: float
    duration: float
    steps: int
    rtol: float
    atol: float

    @property
    def clock(self) -> Floats:
        """Output times from 0, shape (time,)."""
        return np.linspace(0.0, self.duration, self.steps + 1)


def run_model(
    path: str | Path,
    grid: Grid,
    variables: Sequence[str],
    *,
    amount: Sequence[str] = (),
    concentration: Sequence[str] = (),
) -> tuple[tuple[str, ...], Floats]:
    """Return one time course of an SBML model.

    Parameters
    ----------
    path
        The SBML file.
    grid
        Output times and tolerances.
    variables
        What to show: species, compartments, parameters, reactions or named stoichiometries.
    amount, concentration
        Which of them to show as amounts or as concentrations, if they are species; everything else is shown
        as the number that the id has in formulas.

    Returns
    -------
    Names of the columns, and the numbers of shape (time, column); the first column is the time.

    Raises
    ------
    ModelError, UnsupportedError
        If the model cannot be read or holds what is not honoured.
    UnknownNameError
        If the model has nothing of a name asked for.
    IntegrationError
        If the equations cannot be integrated to the end.
    """
    model = read_sbml_model(path, clock_start=grid.start)
    equations, names = _shown(model, variables, amount, concentration)
    shown = _course(equations, names, grid)
    times = grid.start + grid.clock
    return ("time", *variables), np.column_stack([times, *(shown[name] for name in names)])


def run_ensemble(
    path: str | Path,
    columns: Mapping[str, Floats],
    states: Sequence[str],
    grid: Grid,
    progress: Progress | None = None,
) -> tuple[tuple[str, ...], Floats]:
    """Return the time courses of an SBML model for many sets of values.

    Parameters
    ----------
    path
        The SBML file.
    columns
        Values by id of a parameter or compartment, or initial values by id of a state; shape (member,).
    states
        What to show, as the number that the id has in formulas.
    grid
        Output times and tolerances.
    progress
        Called now and then with the number of members done and their total.

    Returns
    -------
    Names of the columns, and the numbers of shape (member, time, column); the first two columns are the
    number of the member and the time. A member that cannot be integrated shows NaN.

    Raises
    ------
    ModelError, UnsupportedError, UnknownNameError
        As for :func:`run_model`.
    """
    run, table = _asked(path, columns, states, grid)
    found = run_batch(run, table.batch(run.model, run.watched), progress=progress)
    rows = np.empty((len(table), grid.steps + 1, 2 + len(states)))
    rows[:, :, 0] = np.arange(len(table))[:, None]
    rows[:, :, 1] = grid.start + grid.clock
    rows[:, :, 2:] = found.values.reshape(len(table), grid.steps + 1, len(states))
    return ("trajectory", "time", *states), rows


def store_ensemble(
    path: str | Path,
    columns: Mapping[str, Floats],
    states: Sequence[str],
    grid: Grid,
    store: str | Path,
    progress: Progress | None = None,
) -> tuple[int, int]:
    """Write what :func:`run_ensemble` returns to a Zarr store, a chunk of members at a time.

    Parameters
    ----------
    path, columns, states, grid, progress
        As for :func:`run_ensemble`.
    store
        Folder or address of the store; one that an interrupted run left is completed.

    Returns
    -------
    Number of members, and how many of them could not be integrated.

    Raises
    ------
    ModelError, UnsupportedError, UnknownNameError
        As for :func:`run_model`, or if the store is that of another ensemble.
    MyelonicheError
        If Zarr is not installed.
    """
    run, table = _asked(path, columns, states, grid)
    stored = stream(run, table, Destination(store, clock_start=grid.start), progress=progress)
    return len(table), stored.failed()


def read_parameter_table(path: str | Path) -> dict[str, Floats]:
    """Return the columns of a CSV file with a header of ids, each of shape (row,).

    Raises
    ------
    TableError
        If a row has another number of cells than the header, or a cell is no number.
    """
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise TableError(f"{path}: got {len(rows)} lines, expected a header of ids and a row per member")
    header = [cell.strip() for cell in rows[0]]
    if len(set(header)) != len(header):
        raise TableError(f"{path}:1: an id stands twice in the header; name every column once")
    raise_all(list(_bad_rows(path, header, rows[1:])), title=str(path))
    values = np.array([[float(cell) for cell in row] for row in rows[1:]])
    return {name: values[:, place] for place, name in enumerate(header)}


def write_table(
    path: str | Path,
    header: Sequence[str],
    rows: Floats,
    *,
    whole: int = 0,
    progress: Progress | None = None,
) -> None:
    """Write numbers of shape (..., column) as a CSV file, with all the digits that they have.

    Parameters
    ----------
    path
        The new file.
    header
        Names of the columns.
    rows
        The numbers; every axis but the last is unrolled.
    whole
        How many columns from the left are whole numbers.
    progress
        Called now and then with the number of rows written and their total.
    """
    table = rows.reshape(-1, rows.shape[-1])
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(header) + "\n")
        for first in range(0, len(table), _ROWS_AT_ONCE):
            for row in table[first : first + _ROWS_AT_ONCE].tolist():
                file.write(",".join([*(str(int(x)) for x in row[:whole]), *map(repr, row[whole:])]) + "\n")
            if progress is not None:
                progress(min(first + _ROWS_AT_ONCE, len(table)), len(table))


def _bad_rows(path: str | Path, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[TableError]:
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            yield TableError(
                f"{path}:{number}: got {len(row)} cells, expected {len(header)} as in the header"
            )
            continue
        for name, cell in zip(header, row, strict=True):
            try:
                float(cell)
            except ValueError:
                yield TableError(f"{path}:{number}: got {cell!r} for {name!r}, expected a number")


def _shown(
    model: SbmlModel, variables: Sequence[str], amount: Sequence[str], concentration: Sequence[str]
) -> tuple[OdeModel, tuple[str, ...]]:
    """Return the model with an observable for each species to show otherwise, and the names to ask for."""
    added: dict[str, int] = {}
    names = []
    for name in variables:
        for kind, listed, nodes in (
            ("amount", amount, model.amounts),
            ("concentration", concentration, model.concentrations),
        ):
            if name in listed and name in nodes:
                name = f"{name}.{kind} shown"
                added[name] = nodes[name.split(".")[0]]
                break
        names.append(model.renamed.get(name, name))
    equations = replace(model.equations, observables={**model.equations.observables, **added})
    for name in names:
        equations.node(name)
    return equations, tuple(names)


def _course(model: OdeModel, names: Sequence[str], grid: Grid) -> dict[str, Floats]:
    member = Member(times=grid.clock)
    if model.events or len(model.states) <= _SMALL:
        # It takes half a second to load the compiled integrator, more than a small model takes without it.
        from myeloniche.engine.reference import simulate_reference

        return simulate_reference(model, [member], names, rtol=grid.rtol, atol=grid.atol)[0]
    shown = simulate(
        model,
        [member],
        outputs=names,
        rtol=grid.rtol,
        atol=grid.atol,
        max_steps=_MAX_STEPS,
        workers=1,
        throw=True,
    )
    return shown.of(0)[1]


def _asked(
    path: str | Path, columns: Mapping[str, Floats], states: Sequence[str], grid: Grid
) -> tuple[Run, Table]:
    """Return what to show of the model in a file, and the members; an unknown column is a parameter."""
    read = read_sbml_model(path, clock_start=grid.start)
    model, names = read.equations, [read.renamed.get(name, name) for name in states]
    for name in names:
        model.node(name)
    known = frozenset(model.states)
    columns = {read.renamed.get(name, name): values for name, values in columns.items()}
    initial = {name: values for name, values in columns.items() if name in known}
    parameters = {name: values for name, values in columns.items() if name not in known}
    settings = Settings(grid.rtol, grid.atol, _MAX_STEPS)
    return run_of(model, names, (), settings), table_of(model, parameters, initial, grid.clock)
