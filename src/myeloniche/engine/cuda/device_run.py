"""Run a batch of members through the printed kernel, in parts that fit the device's memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch
from myeloniche.engine.cuda.arguments import member_columns, pack_struct, shared_tables
from myeloniche.engine.cuda.source import CudaSource, print_source
from myeloniche.engine.cuda.target import Launch, Target
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Outcome, Settings
from myeloniche.engine.kernels.cache import model_equations
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.rosenbrock_tableau import RODAS5P
from myeloniche.errors import UnsupportedError

__all__ = ["integrate_on", "model_source"]

Integers = NDArray[np.int64]
Progress = Callable[[int, int], object]

# what the kernel tells of each member, and what it is before
_OF_MEMBERS = {
    "status": np.int64(0),
    "steps": np.int64(0),
    "rejected": np.int64(0),
    "failed_at": np.float64(np.nan),
    "worst": np.int64(-1),
}
_MOST_MEMBERS = 1 << 20  # of one launch: a million members let progress be seen


def model_source(model: OdeModel) -> CudaSource:
    """Return the printed source of a model."""
    return _printed(_Equal(model))


class _Equal:
    """A model that equals another one with the same nodes of the same graph as equations."""

    def __init__(self, model: OdeModel) -> None:
        self.model = model
        self.content = (id(model.graph), model.states, model.parameters, model.rates)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal) and self.content == other.content

    def __hash__(self) -> int:
        return hash(self.content)


# an entry keeps its graph alive, so that the graph's address is not given to another one
@lru_cache(maxsize=16)
def _printed(key: _Equal) -> CudaSource:
    return print_source(model_equations(key.model), RODAS5P)


def integrate_on(
    target: Target,
    model: OdeModel,
    batch: Batch,
    wanted: Integers,
    settings: Settings,
    progress: Progress | None = None,
    endpoints: Sequence[Endpoint] = (),
    *,
    source: CudaSource | None = None,
) -> Outcome:
    """Integrate all members of a batch on a device.

    Parameters
    ----------
    target
        Where to compile and run.
    model, batch, wanted, settings, progress, endpoints
        As :func:`myeloniche.engine.integration.integrate` has them.
    source
        The model printed in another way than by default.

    Returns
    -------
    The same as there.

    Raises
    ------
    UnsupportedError
        If the model has events or endpoints are wanted.
    """
    if model.events or endpoints:
        raise UnsupportedError(
            f"model {model.name!r}: got events or endpoints, which the CUDA kernel does not know; use the CPU"
        )
    tolerances = settings.tolerances(model)
    outcome = _blank(batch, wanted)
    if not model.states or not batch.members:
        return outcome
    source = source or model_source(model)
    run = _DeviceRun(target, target.compile(source.text, source.layout), batch, wanted)
    run.upload(shared_tables(batch, wanted, tolerances, settings))
    done = 0
    while done < batch.members:
        part = slice(done, min(done + run.members_at_once(), batch.members))
        run.part(part, outcome)
        done = part.stop
        if progress is not None:
            progress(done, batch.members)
    return outcome


def _blank(batch: Batch, wanted: Integers) -> Outcome:
    columns: dict[str, Any] = {name: np.full(batch.members, start) for name, start in _OF_MEMBERS.items()}
    states = np.full((int(batch.first_row[-1]), wanted.size), np.nan)
    return Outcome(states=states, endpoints=np.empty((batch.members, 0)), **columns)


class _DeviceRun:
    """One batch on its way through a device."""

    def __init__(self, target: Target, launch: Launch, batch: Batch, wanted: Integers) -> None:
        self.target = target
        self.launch = launch
        self.batch = batch
        self.columns = wanted.size
        self.times = int(np.diff(batch.plans.first_time).max(initial=0))
        self.shared: dict[str, Any] = {}

    def upload(self, tables: dict[str, Any]) -> None:
        """Bring what all members share to the device."""
        arrays = self.target.arrays
        self.shared = {
            name: arrays.ascontiguousarray(arrays.asarray(value)) if isinstance(value, np.ndarray) else value
            for name, value in tables.items()
        }
        self.shared["work"] = arrays.empty(self.launch.global_words, np.float64)

    def members_at_once(self) -> int:
        """Return how many members one launch takes."""
        numbers = self.times * self.columns + 4
        # what differs between members exists twice while its axes change places
        numbers += 2 * (self.batch.parameters.varied.size + self.batch.initial.varied.size)
        return max(1, min(_MOST_MEMBERS, self.target.members_at_once(8 * numbers)))

    def part(self, members: slice, outcome: Outcome) -> None:
        """Integrate some members and write what they gave."""
        arrays = self.target.arrays
        count = members.stop - members.start
        counts = {name: arrays.full(count, start) for name, start in _OF_MEMBERS.items()}
        outputs = arrays.full((self.times, self.columns, count), np.nan)
        threads = min(count, self.launch.threads)
        fields = {
            **self.shared,
            **counts,
            "outputs": outputs,
            "plan_of": arrays.asarray(self.batch.plan_of[members]),
            "parameter_values": member_columns(self.batch.parameters, members, arrays),
            "initial_values": member_columns(self.batch.initial, members, arrays),
            "counter": arrays.zeros(1, np.int64),
            "members": count,
            "threads": threads,
        }
        self.launch(pack_struct(fields, self.target.address), threads)
        for name, array in counts.items():
            getattr(outcome, name)[members] = self.target.fetch(array)
        self._keep_outputs(members, outputs, outcome)

    def _keep_outputs(self, members: slice, outputs: Any, outcome: Outcome) -> None:
        """Bring outputs of shape (time, column, member) to rows; NaN for members that failed."""
        arrays = self.target.arrays
        lengths = np.diff(self.batch.first_row[members.start : members.stop + 1])
        rows = self.target.fetch(arrays.ascontiguousarray(outputs.transpose(2, 0, 1)))
        rows[outcome.status[members] != 0] = np.nan
        first, last = self.batch.first_row[members.start], self.batch.first_row[members.stop]
        # timelines of different lengths: drop the rows nobody asked for
        asked = rows if np.all(lengths == self.times) else rows[np.arange(self.times) < lengths[:, None]]
        outcome.states[first:last] = asked.reshape(-1, self.columns)
