"""Virtual patients and clinical trials: populations, arms, rules, response, progression and neuropathy."""

from myeloniche.trials.design import Trial
from myeloniche.trials.population import Population
from myeloniche.trials.population_file import populations, read_population
from myeloniche.trials.results import PatientResults
from myeloniche.trials.simulate import simulate_patients
from myeloniche.trials.trial import read_trial

__all__ = [
    "PatientResults",
    "Population",
    "Trial",
    "populations",
    "read_population",
    "read_trial",
    "simulate_patients",
]
