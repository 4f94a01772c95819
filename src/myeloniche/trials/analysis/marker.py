"""The course of the marker by which each patient is followed, relative to its first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from myeloniche.trials.analysis.cohort import Floats, numbers, words
from myeloniche.trials.clinic.imwg import followed_by

if TYPE_CHECKING:
    import pyarrow

__all__ = ["MARKER_COLUMNS", "best_changes", "marker_column", "relative_courses"]

_COLUMN_OF = {"m_protein": "m_protein_g_L", "flc": "flc_mg_L"}
MARKER_COLUMNS = ("patient", "day", *_COLUMN_OF.values())
"""Columns of the visits that are read."""
_TYPE = "immunoglobulin"


def relative_courses(patients: pyarrow.Table, visits: pyarrow.Table) -> dict[int, tuple[Floats, Floats]]:
    """Return days and values over that of the first visit [1], by the patient's number.

    Parameters
    ----------
    patients
        Whose; with the type of immunoglobulin, where the population has one, which decides the marker.
    visits
        A row per visit, of these patients or more.

    Returns
    -------
    Nothing for a patient without visits, or whose marker was zero at the first one.
    """
    identities = numbers(visits, "patient").astype(np.int64)
    order = np.lexsort((numbers(visits, "day"), identities))
    days = numbers(visits, "day")[order]
    levels = {marker: numbers(visits, column)[order] for marker, column in _COLUMN_OF.items()}
    known, starts = np.unique(identities[order], return_index=True)
    stops = np.append(starts, order.size)[1:]
    places = {patient: slice(*pair) for patient, *pair in np.column_stack([known, starts, stops]).tolist()}
    courses = {}
    for patient, marker in zip(patients.column("patient").to_pylist(), _markers(patients), strict=True):
        mine = places.get(patient, slice(0, 0))
        values = levels[marker][mine]
        if values.size and values[0] > 0:
            courses[patient] = days[mine], values / values[0]
    return courses


def best_changes(patients: pyarrow.Table, visits: pyarrow.Table) -> Floats:
    """Return the largest fall of the marker of each patient, as a change from its first visit [1].

    Parameters
    ----------
    patients, visits
        As in :func:`relative_courses`.

    Returns
    -------
    In the order of the patients; NaN for a patient with fewer than two visits.
    """
    courses = relative_courses(patients, visits)
    changes = np.full(patients.num_rows, np.nan)
    for row, patient in enumerate(patients.column("patient").to_pylist()):
        later = courses[patient][1][1:] if patient in courses else np.empty(0)
        if np.isfinite(later).any():
            changes[row] = np.nanmin(later) - 1
    return changes


def marker_column(patient: pyarrow.Table) -> str:
    """Return the column of the visits by which the patient of a table of one row is followed."""
    return _COLUMN_OF[_markers(patient)[0]]


def _markers(patients: pyarrow.Table) -> list[str]:
    if _TYPE not in patients.column_names:
        return [followed_by({})] * patients.num_rows
    return [followed_by({_TYPE: kind}) for kind in words(patients, _TYPE).tolist()]
