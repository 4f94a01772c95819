"""From a course to a row of the patient table: times to events, with censoring."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from myeloniche.trials.clinic.course import OK, Course

__all__ = ["patient_row", "visit_rows"]

_COLUMNS = {
    "m_protein": "m_protein_g_L",
    "flc": "flc_mg_L",
    "ctx": "ctx",
    "p1np": "p1np",
    "bone_density": "bone_density",
    "marrow_burden": "marrow_burden",
}


def patient_row(course: Course) -> dict[str, Any]:
    """Return the row of a patient.

    Without progression, time runs up to the last visit and is censored there; a death without progression is
    an event of progression-free survival and of the duration of response, but censors time to progression.
    """
    row = {**course.patient, "arm": course.arm, "status": course.status}
    if course.status != OK or not course.days:
        return {**row, **_unknown(course)}
    found = course.assessment()
    last = course.days[-1]
    progressed = not math.isnan(found.progression_day)
    died = course.left == "death"
    pfs = found.progression_day if progressed else course.death_day if died else last
    ttp = found.progression_day if progressed else last
    planned = sum(course.planned)
    onset = next((day for day, grade in zip(course.days, course.grades, strict=True) if grade), math.nan)
    return {
        **row,
        "best_response": found.best or None,
        "response_day": found.response_day,
        "progression_day": found.progression_day,
        "progressed": progressed,
        "death_day": course.death_day if died else math.nan,
        "dropout_day": course.dropout_day if course.left == "dropout" else math.nan,
        "left": course.left,
        "last_visit_day": last,
        "pfs_days": pfs,
        "pfs_event": progressed or died,
        "ttp_days": ttp,
        "ttp_event": progressed,
        "dor_days": pfs - found.response_day,
        "dor_event": None if math.isnan(found.response_day) else progressed or died,
        "neuropathy_grade": max(course.grades),
        "neuropathy_day": onset,
        "dose_intensity": sum(course.doses) / planned if planned else math.nan,
        "relapse_cause": course.cause(found),
    }


def visit_rows(course: Course) -> Iterator[dict[str, Any]]:
    """Yield the rows of a patient's visits."""
    for visit, (cycle, day) in enumerate(zip(course.cycles, course.days, strict=True)):
        yield {
            "patient": course.patient["patient"],
            "cycle": cycle,
            "day": day,
            **{column: course.readings[name][visit] for name, column in _COLUMNS.items()},
            "neuropathy_grade": course.grades[visit],
            "dose_mg_m2": course.doses[visit],
        }


def _unknown(course: Course) -> dict[str, Any]:
    """Return the outcomes of a patient whose integration failed: none."""
    names = (
        "best_response", "response_day", "progression_day", "progressed", "death_day", "dropout_day",
        "pfs_days", "pfs_event", "ttp_days", "ttp_event", "dor_days", "dor_event", "neuropathy_grade",
        "neuropathy_day", "dose_intensity", "relapse_cause",
    )  # fmt: skip
    last = course.days[-1] if course.days else math.nan
    return {**dict.fromkeys(names), "left": "failed", "last_visit_day": last}
