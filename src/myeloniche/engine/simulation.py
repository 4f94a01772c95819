"""Simulate members of an ensemble: the engine's public door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from myeloniche.engine.batch import flatten_members
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.integration import Settings
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.streaming import stream
from myeloniche.engine.table import table_of
from myeloniche.engine.timeline import REST_TOLERANCE, Member, Period, check_members
from myeloniche.engine.trajectories import Progress, Trajectories, raise_failed, run_batch, run_of
from myeloniche.engine.trajectory_store import Destination
from myeloniche.errors import ModelError

if TYPE_CHECKING:
    import xarray

__all__ = ["ensemble", "simulate"]


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
    run = run_of(model, outputs, endpoints, settings)
    batch = flatten_members(model, members, run.watched)
    trajectories = run_batch(run, batch, check_fraction=check_fraction, progress=progress)
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
    store: str | Path | None = None,
    chunk: int | None = None,
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
    store
        Folder or address of a Zarr store to which members go a chunk at a time; memory then does not grow
        with their number. Where an interrupted run of the same ensemble left a store, what is missing is run.
    chunk
        Members of a chunk, by default as many as give 64 MB; no number depends on it.
    **settings
        ``rtol``, ``atol``, ``max_steps``, ``rest_tolerance``, ``workers``, ``lanes``, ``device``;
        see :func:`simulate`.

    Returns
    -------
    Dataset with dimensions (member, time), units as attributes, and as coordinates the members' status and
    when and at which state they failed. With ``store`` it also has the values by which members differ, and
    reads from the store when asked for numbers.

    Raises
    ------
    UnknownNameError
        If a column or an output names what the model does not have.
    ModelError
        If columns differ in length, or the store is that of another ensemble.
    MyelonicheError
        With ``store``, if Zarr is not installed.
    IntegrationError
        With ``throw``, if a member failed.
    """
    table = table_of(model, parameters, initial or {}, times, timeline)
    run = run_of(model, outputs, endpoints, Settings(**settings))
    if store is not None:
        place = Destination(store, chunk)
        stored = stream(run, table, place, check_fraction=check_fraction, progress=progress)
        if throw and stored.failed():
            raise_failed(model, *stored.failures())
        return stored.dataset()
    if chunk is not None:
        raise ModelError(f"got chunk={chunk} without a store; give store=..., or leave chunk out")
    batch = table.batch(model, run.watched)
    trajectories = run_batch(run, batch, check_fraction=check_fraction, progress=progress)
    if throw:
        trajectories.raise_failed()
    return trajectories.dataset
