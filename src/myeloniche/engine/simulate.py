"""Simulate members of an ensemble: the engine's public door."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloniche.engine.batch import Batch, flatten_members, flatten_table
from myeloniche.engine.integration import Outcome, Settings, integrate
from myeloniche.engine.lanes import STATUS
from myeloniche.engine.observation import needed_states, observe
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import REST_TOLERANCE, Member, Period, check_members
from myeloniche.errors import IntegrationError, ModelError

if TYPE_CHECKING:
    import xarray

__all__ = ["Statistics", "Trajectories", "ensemble", "simulate"]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Statistics:
    """What the members cost.

    Attributes
    ----------
    steps
        Attempted steps of each member, shape (member,).
    rejected
        How many of them were rejected, shape (member,).
    """

    steps: NDArray[np.int64]
    rejected: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """What some members showed.

    Attributes
    ----------
    model
        The equations.
    outputs
        Names of the outputs.
    values
        Outputs of all members one after the other, shape (row, output); NaN for failed members.
    statistics
        Steps that each member took.
    """

    model: OdeModel = field(repr=False)
    outputs: tuple[str, ...]
    values: Floats = field(repr=False)
    statistics: Statistics = field(repr=False)
    _codes: NDArray[np.int64] = field(repr=False)
    _batch: Batch = field(repr=False)

    @functools.cached_property
    def status(self) -> list[str]:
        """How each member ended: "ok", "step limit", "non-finite", "no rest" or "step too small"."""
        return [STATUS[code] for code in self._codes]

    def __len__(self) -> int:
        return self._batch.members

    def of(self, index: int) -> tuple[Floats, dict[str, Floats]]:
        """Return a member's output times and its outputs by name, each of shape (time,)."""
        index = range(len(self))[index]
        plans = self._batch.plans
        plan = self._batch.plan_of[index]
        rows = slice(self._batch.first_row[index], self._batch.first_row[index + 1])
        times = plans.times[plans.first_time[plan] : plans.first_time[plan + 1]]
        columns = self.values[rows]
        return times, {name: columns[:, place] for place, name in enumerate(self.outputs)}

    @functools.cached_property
    def dataset(self) -> xarray.Dataset:
        """All members as one labelled array per output, dimensions (member, time), with units and status.

        Raises
        ------
        ModelError
            If the members have different output times.
        """
        times = self._common_times()
        cube = self.values.reshape(len(self), times.size, len(self.outputs))
        return _dataset(self.model, self.outputs, cube, times, self.status)

    def raise_failed(self) -> None:
        """Raise an error if any member failed.

        Raises
        ------
        IntegrationError
            With the number of failures of each kind and the first members concerned.
        """
        failed = np.flatnonzero(self._codes)
        if failed.size:
            counts = Counter(self.status[index] for index in failed)
            kinds = ", ".join(f"{count} x {kind!r}" for kind, count in counts.items())
            shown = ", ".join(map(str, failed[:5]))
            raise IntegrationError(
                f"model {self.model.name!r}: {failed.size} of {len(self)} members failed ({kinds}), "
                f"the first are {shown}. Look at their parameters, raise max_steps, or pass throw=False"
            )

    def _common_times(self) -> Floats:
        plans = self._batch.plans
        pieces = np.split(plans.times, plans.first_time[1:-1])
        if not pieces or len(self) == 0:
            return np.empty(0)
        if any(not np.array_equal(piece, pieces[0]) for piece in pieces):
            raise ModelError(
                f"model {self.model.name!r}: the members have different output times; give all the same, "
                "or take them one by one with .of(index)"
            )
        return pieces[0]


def simulate(
    model: OdeModel,
    members: Sequence[Member],
    *,
    outputs: Sequence[str] | None = None,
    rtol: float = 1e-6,
    atol: float | Mapping[str, float] = 1e-9,
    max_steps: int = 100_000,
    rest_tolerance: float = REST_TOLERANCE,
    workers: int | None = None,
    progress: Progress | None = None,
    throw: bool = False,
    lanes: int | None = None,
) -> Trajectories:
    """Integrate members of an ensemble, each with its own parameters, timeline and output times.

    Parameters
    ----------
    model
        The equations; compiled at first use and kept on disk.
    members
        What to simulate.
    outputs
        States, parameters or observables; all states if not given.
    rtol, atol
        Relative tolerance, and absolute tolerance in the states' units for all or by state.
    max_steps
        Step attempts after which a member is given up.
    rest_tolerance
        Largest relative change per unit of time of a state at rest.
    workers
        Threads; all available processors if not given. The results are the same bits for any number.
    progress
        Called now and then with the number of members done and their total.
    throw
        Whether a failed member is an error instead of a status.
    lanes
        Members side by side in one vector; by default what the processor's registers hold.

    Returns
    -------
    Output values and status of every member, in the order given.

    Raises
    ------
    UnknownNameError
        If a member or an output names what the model does not have.
    IntegrationError
        With ``throw``, if a member failed.
    """
    check_members(model, members)
    settings = Settings(rtol, atol, max_steps, rest_tolerance, workers, lanes)
    trajectories = _run(model, flatten_members(model, members), outputs, settings, progress)
    if throw:
        trajectories.raise_failed()
    return trajectories


def ensemble(
    model: OdeModel,
    parameters: Mapping[str, ArrayLike],
    times: ArrayLike,
    *,
    initial: Mapping[str, ArrayLike] | None = None,
    timeline: Sequence[Period] = (),
    outputs: Sequence[str] | None = None,
    throw: bool = False,
    progress: Progress | None = None,
    **settings: Any,
) -> xarray.Dataset:
    """Integrate many members that differ by columns of numbers and share timeline and output times.

    Parameters
    ----------
    model
        The equations.
    parameters
        Parameters that differ between members, each of shape (member,) or one number for all.
    times
        Output times, shape (time,), in the model's time unit.
    initial
        Initial states that differ between members, each of shape (member,) or one number for all.
    timeline
        Periods that all members go through.
    outputs
        States, parameters or observables; all states if not given.
    throw
        Whether a failed member is an error instead of a status.
    progress
        Called now and then with the number of members done and their total.
    **settings
        ``rtol``, ``atol``, ``max_steps``, ``rest_tolerance``, ``workers``, ``lanes``; see :func:`simulate`.

    Returns
    -------
    Dataset with dimensions (member, time), units as attributes and the members' status as coordinate.

    Raises
    ------
    UnknownNameError
        If a column or an output names what the model does not have.
    ModelError
        If columns differ in length.
    IntegrationError
        With ``throw``, if a member failed.
    """
    columns, states = _equal_columns(parameters, initial or {})
    plan = Member(
        parameters=dict.fromkeys(columns, 0.0),
        initial=dict.fromkeys(states, 0.0),
        timeline=tuple(timeline),
        times=np.asarray(times, np.float64),
    )
    check_members(model, [plan])
    batch = flatten_table(model, columns, states, plan)
    trajectories = _run(model, batch, outputs, Settings(**settings), progress)
    if throw:
        trajectories.raise_failed()
    return trajectories.dataset


def _run(
    model: OdeModel,
    batch: Batch,
    outputs: Sequence[str] | None,
    settings: Settings,
    progress: Progress | None,
) -> Trajectories:
    names = tuple(model.states if outputs is None else outputs)
    wanted = needed_states(model, names)
    outcome = integrate(model, batch, wanted, settings, progress)
    values = observe(model, batch, names, wanted, outcome.states)
    _blank_failed(values, batch, outcome)
    statistics = Statistics(outcome.steps, outcome.rejected)
    return Trajectories(model, names, values, statistics, outcome.status, batch)


def _blank_failed(values: Floats, batch: Batch, outcome: Outcome) -> None:
    # an observable of parameters alone would be a number also where the states are none
    for member in np.flatnonzero(outcome.status):
        values[batch.first_row[member] : batch.first_row[member + 1]] = np.nan


def _equal_columns(
    parameters: Mapping[str, ArrayLike], initial: Mapping[str, ArrayLike]
) -> tuple[dict[str, Floats], dict[str, Floats]]:
    arrays = {name: np.asarray(values, np.float64) for name, values in {**parameters, **initial}.items()}
    lengths = {name: array.size for name, array in arrays.items() if array.ndim}
    if len(set(lengths.values())) > 1 or any(array.ndim > 1 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ModelError(f"got columns of shapes {shapes}, expected one length for all")
    if not lengths:
        raise ModelError("got no column with one number per member; give at least one parameter as an array")
    count = next(iter(lengths.values()))
    full = {name: np.broadcast_to(array, (count,)) for name, array in arrays.items()}
    return {name: full[name] for name in parameters}, {name: full[name] for name in initial}


def _dataset(
    model: OdeModel, outputs: Sequence[str], cube: Floats, times: Floats, status: Sequence[str]
) -> xarray.Dataset:
    import xarray

    variables = {
        name: (("member", "time"), cube[:, :, place], _unit(model.units.get(name, "")))
        for place, name in enumerate(outputs)
    }
    coordinates = {
        "member": np.arange(cube.shape[0]),
        "time": ("time", times, _unit(model.time_unit)),
        "status": ("member", np.array(status, dtype=object)),
    }
    return xarray.Dataset(variables, coordinates, {"model": model.name})


def _unit(unit: str) -> dict[str, str]:
    return {"units": unit} if unit else {}
