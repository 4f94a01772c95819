"""The tables of a trial: one row per patient, and one per patient and visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from myeloniche.trials.patients.population import Population

if TYPE_CHECKING:
    import pyarrow

__all__ = ["PatientResults", "patient_schema", "tabled", "visit_schema"]

_OUTCOMES = {
    "best_response": "string",
    "response_day": "double",
    "progression_day": "double",
    "progressed": "bool",
    "death_day": "double",
    "dropout_day": "double",
    "left": "string",
    "last_visit_day": "double",
    "pfs_days": "double",
    "pfs_event": "bool",
    "ttp_days": "double",
    "ttp_event": "bool",
    "dor_days": "double",
    "dor_event": "bool",
    "neuropathy_grade": "int64",
    "neuropathy_day": "double",
    "dose_intensity": "double",
    "relapse_cause": "string",
}
_VISIT = {
    "patient": "int64",
    "cycle": "int64",
    "day": "double",
    "m_protein_g_L": "double",
    "flc_mg_L": "double",
    "ctx": "double",
    "p1np": "double",
    "bone_density": "double",
    "marrow_burden": "double",
    "neuropathy_grade": "int64",
    "dose_mg_m2": "double",
}


@dataclass(frozen=True, eq=False)
class PatientResults:
    """What some patients of a trial came to.

    Attributes
    ----------
    patients
        One row per patient, those included whose integration failed (``status``); how many draws of them the
        population rejected, and why, is told by :func:`~myeloniche.trials.patients.population.rejections`.
    visits
        One row per patient and visit, the first on the day therapy begins.

    Notes
    -----
    ``best_response`` is null where no visit could confirm any. ``left`` says why a patient was followed no
    longer: ``progression``, ``death``, ``dropout``, ``end`` or ``failed``. ``neuropathy_day`` is the visit at
    which neuropathy was first seen, ``dose_intensity`` what was given of the arm's first drug over what was
    planned. Days that never came are null.
    """

    patients: pyarrow.Table
    visits: pyarrow.Table


def patient_schema(population: Population) -> dict[str, str]:
    """Return the columns of the patient table with their types."""
    covariates = {
        covariate.name: "string" if covariate.is_text else "double" for covariate in population.covariates
    }
    first = {"patient": "int64", "arm": "string", "status": "string"}
    return {**first, **covariates, "plausible_set": "int64", **_OUTCOMES}


def visit_schema() -> dict[str, str]:
    """Return the columns of the visit table with their types."""
    return dict(_VISIT)


def tabled(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pyarrow.Table:
    """Return rows as a table; a number that is none becomes null."""
    import pyarrow

    types = {"double": pyarrow.float64(), "int64": pyarrow.int64(), "bool": pyarrow.bool_()}
    arrays = {
        name: pyarrow.array([row[name] for row in rows], types.get(kind, pyarrow.string()), from_pandas=True)
        for name, kind in columns.items()
    }
    return pyarrow.table(arrays)
