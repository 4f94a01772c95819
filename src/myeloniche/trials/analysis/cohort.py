"""Columns of a patient table as arrays, read with care: what is absent or foreign is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import TableError, UnknownNameError
from myeloniche.trials.protocol.design import ARMS

if TYPE_CHECKING:
    import pyarrow

__all__ = ["DAYS_PER_MONTH", "ENDPOINTS", "Durations", "Words", "arms_of", "durations_of", "numbers", "words"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Words = NDArray[np.str_]

DAYS_PER_MONTH = 365.25 / 12
ENDPOINTS = {
    "pfs": "progression-free survival",
    "ttp": "time to progression",
    "dor": "duration of response",
}


@dataclass(frozen=True)
class Durations:
    """Times to an event, censored or not, of the patients who have one.

    Attributes
    ----------
    endpoint
        One of :data:`ENDPOINTS`.
    days
        Time to the event or to the last look, per patient.
    events
        Whether the event was seen.
    arms
        Arm of each patient.
    rows
        Row of each patient in the table.
    left_out
        Patients without a time: simulations that failed and, for the duration of response, patients who
        never responded.
    listed
        Arms in the order of the trial.
    """

    endpoint: str
    days: Floats
    events: Bools
    arms: Words
    rows: NDArray[np.int64]
    left_out: int
    listed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.days.size)

    def seen_by(self, day: float) -> Durations:
        """Return what is known on a day, all having entered on day 0: who is left then is censored."""
        days, events = np.minimum(self.days, day), self.events & (self.days <= day)
        return replace(self, days=days, events=events)

    def where(self, chosen: Bools) -> Durations:
        """Return the chosen patients."""
        return replace(
            self,
            days=self.days[chosen],
            events=self.events[chosen],
            arms=self.arms[chosen],
            rows=self.rows[chosen],
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The arms of these patients, in the order of the trial."""
        seen = dict.fromkeys(self.arms.tolist())
        return tuple(dict.fromkeys([*(name for name in self.listed if name in seen), *seen]))


def durations_of(patients: pyarrow.Table, endpoint: str = "pfs") -> Durations:
    """Return the times to one endpoint.

    Parameters
    ----------
    patients
        A row per patient, with the columns ``arm``, ``<endpoint>_days`` and ``<endpoint>_event``.
    endpoint
        ``"pfs"``, ``"ttp"`` or ``"dor"``.

    Raises
    ------
    UnknownNameError
        If there is no such endpoint.
    TableError
        If a column is missing or a time is negative.
    """
    if endpoint not in ENDPOINTS:
        raise UnknownNameError("endpoint", endpoint, ENDPOINTS)
    days = numbers(patients, f"{endpoint}_days")
    events = numbers(patients, f"{endpoint}_event")
    arms = words(patients, "arm")
    known = np.isfinite(days)
    if np.any(days[known] < 0):
        row = int(np.flatnonzero(known & (days < 0))[0])
        raise TableError(f"{endpoint}_days of row {row} is {days[row]:g}, expected a time of at least 0 days")
    if np.any(~np.isfinite(events[known])):
        raise TableError(f"{endpoint}_event is empty where {endpoint}_days is not; expected true or false")
    left_out = int(np.count_nonzero(~known))
    rows = np.flatnonzero(known)
    listed = arms_of(patients)
    return Durations(endpoint, days[known], events[known] > 0, arms[known], rows, left_out, listed)


def arms_of(patients: pyarrow.Table) -> tuple[str, ...]:
    """Return the arms that have patients, in the order of the trial, or as they appear if that is unknown."""
    seen = dict.fromkeys(words(patients, "arm").tolist())
    listed = json.loads((patients.schema.metadata or {}).get(ARMS, b"[]"))
    return tuple(dict.fromkeys([*(name for name in listed if name in seen), *seen]))


def numbers(patients: pyarrow.Table, name: str) -> Floats:
    """Return a column as floats, NaN where it is empty."""
    import pyarrow

    column = _column(patients, name)
    if not _is_number(column.type):
        raise TableError(f"column {name!r} holds {column.type}, expected numbers or truth values")
    values: Floats = column.cast(pyarrow.float64()).to_numpy()
    return values


def words(patients: pyarrow.Table, name: str) -> Words:
    """Return a column of text, empty where it is null."""
    column = _column(patients, name)
    return np.array([entry or "" for entry in column.to_pylist()], dtype=np.str_)


def _column(patients: pyarrow.Table, name: str) -> pyarrow.ChunkedArray:
    if name not in patients.column_names:
        raise UnknownNameError("column of the patient table", name, patients.column_names)
    return patients.column(name)


def _is_number(kind: pyarrow.DataType) -> bool:
    import pyarrow.types

    checks = (pyarrow.types.is_floating, pyarrow.types.is_integer, pyarrow.types.is_boolean)
    return any(check(kind) for check in checks)
