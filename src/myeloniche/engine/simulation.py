"""Simulate members of an ensemble: the engine's public door."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloniche.engine.batch import Batch, flatten_members, flatten_table
from myeloniche.engine.checking import (
    TIGHTENING,
    Check,
    largest_difference,
    sample_of,
    taken,
    tolerance_hints,
)
from myeloniche.engine.cuda.choose import integrator
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Outcome, Settings, available_workers
from myeloniche.engine.lanes import STATUS
from myeloniche.engine.observation import needed_states, observe
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import REST_TOLERANCE, Member, Period, check_members
from myeloniche.errors import IntegrationError, ModelError

if TYPE_CHECKING:
    import xarray

__all__ = ["Failures", "Statistics", "Trajectories", "ensemble", "simulate"]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Run:
    """What is asked of members: outputs to store, endpoints to gather, and how accurately.

    Attributes
    ----------
    outputs, endpoints, settings
        As :func:`simulate` has them.
    """

    outputs: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    settings: Settings

    def watched(self, model: OdeModel) -> tuple[int, ...]:
        """Return the nodes that endpoints look at."""
        return tuple(endpoint.node(model) for endpoint in self.endpoints)


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


@dataclass(frozen=True)
class Failures:
    """Where members failed.

    Attributes
    ----------
    times
        Clock at which each member failed, NaN where it did not, shape (member,).
    states
        Name of the state to blame, the first that was no number or the one with the largest error for its
        tolerance; empty where the member did not fail, one per member.
    """

    times: Floats
    states: tuple[str, ...]


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
    endpoints
        What was gathered on the way, by the endpoints' labels, each of shape (member,); NaN for failed
        members.
    check
        What a repetition with tighter tolerances showed, if one was asked for.
    """

    model: OdeModel = field(repr=False)
    outputs: tuple[str, ...]
    values: Floats = field(repr=False)
    statistics: Statistics = field(repr=False)
    endpoints: Mapping[str, Floats] = field(repr=False)
    check: Check | None
    _outcome: Outcome = field(repr=False)
    _batch: Batch = field(repr=False)
    _run: Run = field(repr=False)

    @functools.cached_property
    def status(self) -> list[str]:
        """How each member ended: "ok" or one of the failures in :data:`myeloniche.engine.lanes.STATUS`."""
        return list(_words(self._outcome.status))

    @functools.cached_property
    def failures(self) -> Failures:
        """When each failed member failed, and at which state."""
        unknown = np.full(len(self), np.nan)
        times = self._outcome.failed_at if self._outcome.failed_at.size else unknown
        worst = self._outcome.worst if self._outcome.worst.size else np.full(len(self), -1)
        return Failures(times, tuple(self.model.states[index] if index >= 0 else "" for index in worst))

    @functools.cached_property
    def hints(self) -> tuple[str, ...]:
        """Advice on absolute tolerances that do not suit the values the states took."""
        return tolerance_hints(self.model, self._run.settings, self.outputs, self.values)

    def __len__(self) -> int:
        return self._batch.members

    def of(self, index: int) -> tuple[Floats, dict[str, Floats]]:
        """Return a member's output times and its outputs by name, each of shape (time,)."""
        index = range(len(self))[index]
        plans = self._batch.plans
        plan = self._batch.plan_of[index]
        times = plans.times[plans.first_time[plan] : plans.first_time[plan + 1]]
        columns = self._rows(index)
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
        gathered = {
            endpoint.label: ("member", self.endpoints[endpoint.label], _unit(endpoint.unit(self.model)))
            for endpoint in self._run.endpoints
        }
        dataset = _dataset(self.model, self.outputs, cube, times, _words(self._outcome.status), gathered)
        if self.check is not None:
            dataset.attrs["largest_relative_difference"] = self.check.largest
            dataset.attrs["checked_members"] = len(self.check.members)
        return dataset

    def raise_failed(self) -> None:
        """Raise an error if any member failed.

        Raises
        ------
        IntegrationError
            With the number of failures of each kind and the first members concerned.
        """
        failed = np.flatnonzero(self._outcome.status)
        if failed.size:
            counts = Counter(self.status[index] for index in failed)
            kinds = ", ".join(f"{count} x {kind!r}" for kind, count in counts.items())
            shown = ", ".join(self._failure(int(index)) for index in failed[:5])
            raise IntegrationError(
                f"model {self.model.name!r}: {failed.size} of {len(self)} members failed ({kinds}), "
                f"the first are {shown}. Look at their parameters, raise max_steps, or pass throw=False"
            )

    def _rows(self, index: int) -> Floats:
        return self.values[self._batch.first_row[index] : self._batch.first_row[index + 1]]

    def _failure(self, index: int) -> str:
        time, state = self.failures.times[index], self.failures.states[index]
        return f"{index} (t = {time:g}, state {state!r})" if state else str(index)

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
    endpoints: Sequence[Endpoint] = (),
    check_fraction: float = 0.0,
    device: str = "cpu",
) -> Trajectories:
    """Integrate members of an ensemble, each with its own parameters, timeline and output times.

    Parameters
    ----------
    model
        The equations; compiled at first use and kept on disk.
    members
        What to simulate.
    outputs
        States, parameters or observables; all states if not given, none if there are endpoints.
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
    endpoints
        Numbers to gather on the way, so that no trajectory need be stored.
    check_fraction
        Part of the members, 0 to 1, to repeat at a tenth of the tolerances for the result's ``check``.
    device
        ``"cpu"``, or ``"cuda"`` for a GPU; where there is none, a warning says so and the CPU does the work.

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
    settings = Settings(rtol, atol, max_steps, rest_tolerance, workers, lanes, device)
    run = Run(outputs_of(model, outputs, endpoints), tuple(endpoints), settings)
    batch = flatten_members(model, members, run.watched(model))
    trajectories = _checked(model, batch, run, check_fraction, progress)
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
    endpoints: Sequence[Endpoint] = (),
    check_fraction: float = 0.0,
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
        States, parameters or observables; all states if not given, none if there are endpoints.
    throw
        Whether a failed member is an error instead of a status.
    progress
        Called now and then with the number of members done and their total.
    endpoints
        Numbers to gather on the way, one variable of dimension (member,) each; memory then does not grow with
        the output times.
    check_fraction
        Part of the members, 0 to 1, to repeat at a tenth of the tolerances; the attributes
        ``largest_relative_difference`` and ``checked_members`` tell what came of it.
    **settings
        ``rtol``, ``atol``, ``max_steps``, ``rest_tolerance``, ``workers``, ``lanes``, ``device``;
        see :func:`simulate`.

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
    run = Run(outputs_of(model, outputs, endpoints), tuple(endpoints), Settings(**settings))
    batch = flatten_table(model, columns, states, plan, run.watched(model))
    trajectories = _checked(model, batch, run, check_fraction, progress)
    if throw:
        trajectories.raise_failed()
    return trajectories.dataset


def outputs_of(
    model: OdeModel, outputs: Sequence[str] | None, endpoints: Sequence[Endpoint]
) -> tuple[str, ...]:
    """Return the outputs to store: those asked for, else all states unless endpoints are gathered."""
    if outputs is None:
        return () if endpoints else model.states
    return tuple(outputs)


def _checked(
    model: OdeModel, batch: Batch, run: Run, fraction: float, progress: Progress | None
) -> Trajectories:
    sample = sample_of(batch.members, fraction)
    result = _run(model, batch, run, progress)
    if not sample.size:
        return result
    tight = replace(run, settings=run.settings.tightened(TIGHTENING))
    return replace(result, check=_compared(result, _run(model, taken(batch, sample), tight, None), sample))


def _run(model: OdeModel, batch: Batch, run: Run, progress: Progress | None) -> Trajectories:
    names = run.outputs
    wanted = needed_states(model, names)
    integrate = integrator(run.settings.device, model, run.endpoints)
    outcome = integrate(model, batch, wanted, run.settings, progress, run.endpoints)
    workers = run.settings.workers or available_workers()
    values = observe(model, batch, names, wanted, outcome.states, workers)
    _blank_failed(values, batch, outcome)
    statistics = Statistics(outcome.steps, outcome.rejected)
    gathered = {endpoint.label: outcome.endpoints[:, i] for i, endpoint in enumerate(run.endpoints)}
    return Trajectories(model, names, values, statistics, gathered, None, outcome, batch, run)


def _compared(result: Trajectories, tight: Trajectories, sample: NDArray[np.int64]) -> Check:
    settings = result._run.settings
    floor = float(np.max(settings.tolerances(result.model), initial=0.0)) / settings.rtol
    pairs = [(result._rows(int(member)), tight._rows(place)) for place, member in enumerate(sample)]
    largest, place, column = largest_difference([a for a, _ in pairs], [b for _, b in pairs], floor)
    rough, fine = result._outcome.endpoints[sample][:, None, :], tight._outcome.endpoints[:, None, :]
    other = largest_difference(list(rough), list(fine), float(np.finfo(np.float64).tiny))
    if other[0] > largest:
        largest, place, column = other[0], other[1], other[2] + len(result.outputs)
    names = [*result.outputs, *result.endpoints]
    changed = result._outcome.status[sample] != tight._outcome.status
    return Check(
        members=tuple(sample.tolist()),
        largest=largest,
        member=int(sample[place]) if place >= 0 else -1,
        output=names[column] if column >= 0 else "",
        disagreeing=tuple(sample[changed].tolist()),
    )


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
    model: OdeModel,
    outputs: Sequence[str],
    cube: Floats,
    times: Floats,
    status: NDArray[np.object_],
    gathered: Mapping[str, tuple[str, Floats, dict[str, str]]],
) -> xarray.Dataset:
    # it takes a quarter of a second to import; a merge of two datasets costs as much as a small ensemble
    import xarray

    variables: dict[str, Any] = {
        name: (("member", "time"), cube[:, :, place], _unit(model.units.get(name, "")))
        for place, name in enumerate(outputs)
    }
    variables |= gathered
    coordinates = {
        "member": np.arange(cube.shape[0]),
        "time": ("time", times, _unit(model.time_unit)),
        "status": ("member", status),
    }
    return xarray.Dataset(variables, coordinates, {"model": model.name})


def _words(status: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array(STATUS, dtype=object)[status]


def _unit(unit: str) -> dict[str, str]:
    return {"units": unit} if unit else {}
