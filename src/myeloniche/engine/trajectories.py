"""What the members of an ensemble showed, and the run of one batch of them."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.checking import (
    TIGHTENING,
    Check,
    largest_difference,
    sample_of,
    taken,
    tolerance_hints,
)
from myeloniche.engine.cuda.choose import Integrator, integrator
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Outcome, Settings, available_workers
from myeloniche.engine.lanes import STATUS
from myeloniche.engine.observation import needed_states, observe
from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import IntegrationError, ModelError

if TYPE_CHECKING:
    import xarray

__all__ = [
    "LABELS",
    "Failures",
    "Progress",
    "Run",
    "Statistics",
    "Trajectories",
    "raise_failed",
    "refuse_labels",
    "run_batch",
    "run_of",
    "units_of",
]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], object]

LABELS = ("member", "time", "status", "failed_at", "worst_state")
"""Names of a dataset that are not outputs."""


@dataclass(frozen=True)
class Run:
    """What is asked of members: outputs to store, endpoints to gather, how accurately, and on what.

    Attributes
    ----------
    model
        The equations.
    outputs, endpoints, settings
        As :func:`myeloniche.engine.simulation.simulate` has them.
    integrate
        The integrator of the device.
    """

    model: OdeModel
    outputs: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    settings: Settings
    integrate: Integrator

    @property
    def watched(self) -> tuple[int, ...]:
        """The nodes that endpoints look at."""
        return tuple(endpoint.node(self.model) for endpoint in self.endpoints)


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
        # it takes a quarter of a second to import; a merge of two datasets costs as much as a small ensemble
        import xarray

        refuse_labels(self._run, LABELS)
        times = self.common_times()
        cube = self.values.reshape(len(self), times.size, len(self.outputs))
        units = units_of(self._run)
        variables = {
            name: (("member", "time"), cube[:, :, place], units[name])
            for place, name in enumerate(self.outputs)
        }
        gathered = {label: ("member", values, units[label]) for label, values in self.endpoints.items()}
        coordinates = {
            "member": np.arange(len(self)),
            "time": ("time", times, units["time"]),
            "status": ("member", _words(self._outcome.status)),
            "failed_at": ("member", self.failures.times, units["time"]),
            "worst_state": ("member", np.array(self.failures.states, dtype=object)),
        }
        attributes: dict[str, object] = {"model": self.model.name}
        if self.check is not None:
            attributes |= self.check.summary
        return xarray.Dataset({**variables, **gathered}, coordinates, attributes)

    def raise_failed(self) -> None:
        """Raise an error if any member failed.

        Raises
        ------
        IntegrationError
            With the number of failures of each kind and the first members concerned.
        """
        raise_failed(self.model, self.status, self.failures)

    def _rows(self, index: int) -> Floats:
        return self.values[self._batch.first_row[index] : self._batch.first_row[index + 1]]

    def common_times(self) -> Floats:
        """Return the output times that all members have, shape (time,).

        Raises
        ------
        ModelError
            If the members have different output times.
        """
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


def run_of(
    model: OdeModel, outputs: Sequence[str] | None, endpoints: Sequence[Endpoint], settings: Settings
) -> Run:
    """Return what to do with members; outputs are all states if not given, unless endpoints are gathered.

    Warns
    -----
    DeviceWarning
        If the device cannot be used and the CPU does the work.
    """
    if outputs is None:
        outputs = () if endpoints else model.states
    integrate = integrator(settings.device, model, endpoints)
    return Run(model, tuple(outputs), tuple(endpoints), settings, integrate)


def run_batch(
    run: Run, batch: Batch, *, check_fraction: float = 0.0, progress: Progress | None = None
) -> Trajectories:
    """Return what the members of a batch showed, a part of them also at a tenth of the tolerances.

    Parameters
    ----------
    run, batch
        What is asked, and of whom.
    check_fraction
        Part of the members to repeat, 0 to 1.
    progress
        Called now and then with the number of members done and their total.
    """
    sample = sample_of(batch.members, check_fraction)
    result = _run(run, batch, progress)
    if not sample.size:
        return result
    tight = replace(run, settings=run.settings.tightened(TIGHTENING))
    return replace(result, check=_compared(result, _run(tight, taken(batch, sample), None), sample))


def raise_failed(model: OdeModel, status: Sequence[str], failures: Failures) -> None:
    """Raise an error if any member did not end with the status "ok".

    Raises
    ------
    IntegrationError
        With the number of failures of each kind and the first members concerned.
    """
    failed = [index for index, word in enumerate(status) if word != "ok"]
    if failed:
        counts = Counter(status[index] for index in failed)
        kinds = ", ".join(f"{count} x {kind!r}" for kind, count in counts.items())
        shown = ", ".join(_failure(failures, index) for index in failed[:5])
        raise IntegrationError(
            f"model {model.name!r}: {len(failed)} of {len(status)} members failed ({kinds}), "
            f"the first are {shown}. Look at their parameters, raise max_steps, or pass throw=False"
        )


def refuse_labels(run: Run, labels: Sequence[str]) -> None:
    """Refuse outputs and endpoints with the name of one of a dataset's labels.

    Raises
    ------
    ModelError
        If there is such a name.
    """
    for name in (*run.outputs, *(endpoint.label for endpoint in run.endpoints)):
        if name in labels:
            raise ModelError(
                f"model {run.model.name!r}: got an output {name!r}, but a dataset has a label of that name; "
                "show it as an observable or endpoint of another name, or take simulate()"
            )


def units_of(run: Run) -> dict[str, dict[str, str]]:
    """Return the attribute of the unit of every output, endpoint and of the time, empty where unknown."""
    model = run.model
    units = {name: model.units.get(name, "") for name in run.outputs}
    units |= {endpoint.label: endpoint.unit(model) for endpoint in run.endpoints}
    return {
        name: {"units": unit} if unit else {} for name, unit in [*units.items(), ("time", model.time_unit)]
    }


def _run(run: Run, batch: Batch, progress: Progress | None) -> Trajectories:
    model, names = run.model, run.outputs
    wanted = needed_states(model, names)
    outcome = run.integrate(model, batch, wanted, run.settings, progress, run.endpoints)
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


def _failure(failures: Failures, index: int) -> str:
    time, state = failures.times[index], failures.states[index]
    return f"{index} (t = {time:g}, state {state!r})" if state else str(index)


def _words(status: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array(STATUS, dtype=object)[status]
