"""What happens to a patient: marrow and drugs, visits, response, harm and relapse."""

from myeloniche.trials.clinic.imwg import Assessment, Criteria, assess, load_criteria
from myeloniche.trials.clinic.neuropathy import Neuropathy, load_neuropathy
from myeloniche.trials.clinic.relapse import relapse_cause
from myeloniche.trials.clinic.results import PatientResults
from myeloniche.trials.clinic.simulate import simulate_patients

__all__ = [
    "Assessment",
    "Criteria",
    "Neuropathy",
    "PatientResults",
    "assess",
    "load_criteria",
    "load_neuropathy",
    "relapse_cause",
    "simulate_patients",
]
