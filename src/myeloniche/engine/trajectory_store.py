"""Trajectories in a Zarr store: chunks of members, each of them there as a whole or not at all.

::

    NAME            (member, time)              an output
    NAME            (member,)                   an endpoint
    status          (member,)                   "ok" or how the member failed; empty as long as it was not run
    failed_at       (member,)                   clock at which it failed, NaN where it did not
    worst_state     (member,)                   the state to blame, empty where there is none
    parameters      (member, parameter)         values by which the members differ
    initial         (member, initial_state)     initial values by which they differ

Units are attributes, or coordinates beside ``parameter`` and ``initial_state``. A chunk's statuses are
written last, and Zarr replaces files whole; so a chunk whose statuses are there is complete.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.manifest import differences, manifest_of
from myeloniche.engine.table import Table
from myeloniche.engine.trajectories import LABELS, Failures, Run, Trajectories, refuse_labels, units_of
from myeloniche.errors import ModelError, MyelonicheError

if TYPE_CHECKING:
    import xarray

__all__ = ["Destination", "TrajectoryStore", "begin_store"]

Floats = NDArray[np.float64]

_FOREIGN = "{}: is there already and is no store of an ensemble; name another one"
_CHUNK_BYTES = 64e6
_MOST_MEMBERS = 1 << 16
_INPUTS = ("parameters", "initial")
_NAMES = ("parameter", "initial_state")
_UNITS = ("parameter_unit", "initial_state_unit")
_LABELS = (*LABELS, *_INPUTS, *_NAMES, *_UNITS)


@dataclass(frozen=True)
class Destination:
    """Where trajectories go.

    Attributes
    ----------
    place
        Folder of the store, or an address that Zarr can write to.
    chunk
        Members of a chunk, by default as many as give 64 MB.
    clock_start
        What the store's times show at the members' time 0.
    """

    place: str | Path
    chunk: int | None = None
    clock_start: float = 0.0

    def __post_init__(self) -> None:
        if self.chunk is not None and self.chunk < 1:
            raise ModelError(f"got a chunk of {self.chunk} members, expected at least 1")


@dataclass(frozen=True)
class TrajectoryStore:
    """A store of one ensemble, begun or complete.

    Attributes
    ----------
    place
        Folder or address.
    run, table
        What is asked, and of which members.
    chunk
        Members of a chunk.
    clock_start
        What the store's times show at the members' time 0.
    """

    place: str
    run: Run
    table: Table
    chunk: int
    clock_start: float
    _arrays: Mapping[str, Any] = field(repr=False)

    def missing(self) -> list[slice]:
        """Return the members of each chunk that has yet to be run."""
        members = len(self.table)
        begun = self._arrays["status"][:] != ""
        starts = np.arange(0, members, self.chunk)
        return [slice(first, min(first + self.chunk, members)) for first in starts[~begun[starts]].tolist()]

    def write(self, members: slice, found: Trajectories) -> None:
        """Write what the members of a chunk showed."""
        times = self.table.plan.times.size
        cube = found.values.reshape(len(found), times, len(found.outputs))
        columns: dict[str, Any] = {name: cube[:, :, place] for place, name in enumerate(found.outputs)}
        columns |= found.endpoints
        columns["failed_at"] = self.clock_start + found.failures.times
        columns["worst_state"] = np.array(found.failures.states, dtype=object)
        for label, inputs in zip(_INPUTS, (self.table.parameters, self.table.initial), strict=True):
            if inputs:
                columns[label] = np.stack([column[members] for column in inputs.values()], axis=1)
        columns["status"] = np.array(found.status, dtype=object)
        for name, values in columns.items():
            self._arrays[name][members] = values

    def note(self, attributes: Mapping[str, object]) -> None:
        """Write attributes of the whole."""
        zarr = _zarr()
        group = _opened(zarr, self.place)
        group.attrs.update(attributes)
        _consolidate(zarr, self.place)

    def failed(self) -> int:
        """Return the number of members that failed."""
        return int(np.count_nonzero(self._arrays["status"][:] != "ok"))

    def failures(self) -> tuple[list[str], Failures]:
        """Return the status of every member, and where those that failed did so."""
        status, times, states = (self._arrays[name][:] for name in ("status", "failed_at", "worst_state"))
        return status.tolist(), Failures(times, tuple(states.tolist()))

    def dataset(self) -> xarray.Dataset:
        """Return the store as a dataset that reads from it when asked for numbers."""
        import xarray

        dataset: xarray.Dataset = xarray.open_zarr(self.place, decode_timedelta=False)
        names = [*self.run.outputs, *(endpoint.label for endpoint in self.run.endpoints)]
        return dataset[names].assign_coords(dataset.coords)  # in the order asked for


def begin_store(run: Run, table: Table, destination: Destination) -> TrajectoryStore:
    """Return the store of an ensemble, new or as an interrupted run left it.

    Raises
    ------
    MyelonicheError
        If Zarr is not installed.
    ModelError
        If there is anything else at the place, or a name cannot be stored.
    """
    zarr = _zarr()
    refuse_labels(run, _LABELS)
    _refuse_folders(run)
    place, start = str(destination.place), destination.clock_start
    manifest = {**manifest_of(run, table), "clock_start": start}
    group = _opened(zarr, place)
    if group is None:
        chunk = min(len(table), destination.chunk or _chunk_of(run, table))
        labels = (label for label in _LABELS if label not in ("member", "time", *_NAMES))
        attributes = {
            "model": run.model.name,
            "manifest": manifest,
            "chunk": chunk,
            "coordinates": " ".join(labels),
        }
        group = zarr.open_group(place, mode="w-", zarr_format=3, attributes=attributes)
    else:
        chunk = _resumed_chunk(group, place, manifest, destination.chunk)
    arrays = dict(group.arrays())
    for name, description in _descriptions(zarr, run, table, chunk).items():
        if name not in arrays:
            arrays[name] = group.create_array(name, **description)
    store = TrajectoryStore(place, run, table, chunk, start, arrays)
    if store.missing():
        for name, values in _coordinates(run, table, start).items():
            arrays[name][:] = values
        _consolidate(zarr, place)
    return store


def _zarr() -> Any:
    """Return the library, which is optional and takes half a second to import."""
    try:
        zarr = importlib.import_module("zarr")
    except ImportError:
        found = "is not installed"
    else:
        if int(zarr.__version__.partition(".")[0]) >= 3:
            return zarr
        found = f"{zarr.__version__} is too old"
    raise MyelonicheError(
        f"trajectories go to disk through Zarr, which {found}: pip install 'myeloniche[zarr]'"
    )


def _opened(zarr: Any, place: str) -> Any:
    """Return the group at a place, or None if there is nothing; refuse anything else."""
    path = Path(place)
    foreign = path.is_file() or (path.is_dir() and any(path.iterdir()) and not (path / "zarr.json").is_file())
    if not foreign:
        try:
            return zarr.open_group(place, mode="r+", zarr_format=3, use_consolidated=False)
        except zarr.errors.ContainsArrayError:
            foreign = True
        except FileNotFoundError:
            return None
    raise ModelError(_FOREIGN.format(place))


def _consolidate(zarr: Any, place: str) -> None:
    with warnings.catch_warnings():
        # Zarr warns that format 3 does not know this yet; xarray warns where it is missing
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(place, zarr_format=3)


def _chunk_of(run: Run, table: Table) -> int:
    numbers = table.plan.times.size * len(run.outputs) + len(run.endpoints)
    return max(1, min(_MOST_MEMBERS, int(_CHUNK_BYTES / (8 * max(1, numbers)))))


def _resumed_chunk(group: Any, place: str, manifest: Mapping[str, Any], wanted: int | None) -> int:
    """Return the chunk of a store that was begun, or refuse to go on with it."""
    old = group.attrs.get("manifest")
    if not isinstance(old, dict):
        raise ModelError(_FOREIGN.format(place))
    if old != manifest:
        raise ModelError(
            f"{place}: was begun for another ensemble, which differs in {differences(old, manifest)}; "
            "name another store, or delete this one to begin anew"
        )
    chunk = int(group.attrs["chunk"])
    if wanted not in (None, chunk):
        raise ModelError(
            f"{place}: was begun with {chunk} members in a chunk, got {wanted}; "
            f"leave chunk out to go on, or delete the store to begin anew"
        )
    return chunk


def _refuse_folders(run: Run) -> None:
    for name in (*run.outputs, *(endpoint.label for endpoint in run.endpoints)):
        if "/" in name:
            raise ModelError(
                f"got the name {name!r}, but '/' would be a folder of the store; name the endpoint otherwise"
            )


def _descriptions(zarr: Any, run: Run, table: Table, chunk: int) -> dict[str, dict[str, Any]]:
    """Return what to create each array with."""
    count, times = len(table), table.plan.times.size
    units = units_of(run)
    number = {"dtype": "float64", "fill_value": np.nan}
    word = {"dtype": str, "fill_value": ""}
    # smaller than Zarr's own choice on numbers like these, in a quarter of the time
    quick = {"compressors": zarr.codecs.BloscCodec(cname="lz4", clevel=1, shuffle="shuffle")}
    described = {
        "member": _array(("member",), (count,), (count,), {"dtype": "int64"}),
        "time": _array(("time",), (times,), (times,), {**number, "attributes": units["time"]}),
        "status": _array(("member",), (count,), (chunk,), word),
        "failed_at": _array(("member",), (count,), (chunk,), {**number, "attributes": units["time"]}),
        "worst_state": _array(("member",), (count,), (chunk,), word),
    }
    for output in run.outputs:
        kind = {**number, **quick, "attributes": units[output]}
        described[output] = _array(("member", "time"), (count, times), (chunk, times), kind)
    for endpoint in run.endpoints:
        kind = {**number, **quick, "attributes": units[endpoint.label]}
        described[endpoint.label] = _array(("member",), (count,), (chunk,), kind)
    inputs = (table.parameters, table.initial)
    for label, axis, unit, columns in zip(_INPUTS, _NAMES, _UNITS, inputs, strict=True):
        if columns:
            width = len(columns)
            described[axis] = _array((axis,), (width,), (width,), word)
            described[unit] = _array((axis,), (width,), (width,), word)
            described[label] = _array(("member", axis), (count, width), (chunk, width), {**number, **quick})
    return described


def _array(
    axes: tuple[str, ...], shape: tuple[int, ...], chunks: tuple[int, ...], kind: Mapping[str, Any]
) -> dict[str, Any]:
    return {"dimension_names": axes, "shape": shape, "chunks": tuple(max(1, n) for n in chunks), **kind}


def _coordinates(run: Run, table: Table, clock_start: float) -> dict[str, Any]:
    """Return the values of the axes."""
    values: dict[str, Any] = {"member": np.arange(len(table)), "time": clock_start + table.plan.times}
    for axis, unit, columns in zip(_NAMES, _UNITS, (table.parameters, table.initial), strict=True):
        if columns:
            values[axis] = np.array(list(columns), dtype=object)
            values[unit] = np.array([run.model.units.get(name, "") for name in columns], dtype=object)
    return values
