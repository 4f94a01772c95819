"""Virtual patients and clinical trials: populations, arms, rules, response, running, survival, biomarkers."""

from myeloniche.trials.analysis.biomarkers import best_cut_offs, judge_rule, single_against_combined
from myeloniche.trials.analysis.cohort import Durations, durations_of
from myeloniche.trials.analysis.response import response_table
from myeloniche.trials.analysis.survival import compare_arms, kaplan_meier
from myeloniche.trials.clinic.results import PatientResults
from myeloniche.trials.clinic.simulate import simulate_patients
from myeloniche.trials.patients.population import Population
from myeloniche.trials.patients.population_file import populations, read_population
from myeloniche.trials.protocol.design import Trial
from myeloniche.trials.protocol.trial import read_trial, trial_from
from myeloniche.trials.running.results_folder import TrialResults, read_results
from myeloniche.trials.running.runner import Watcher, run_trial
from myeloniche.trials.running.verify import Verification, verify

__all__ = [
    "Durations",
    "PatientResults",
    "Population",
    "Trial",
    "TrialResults",
    "Verification",
    "Watcher",
    "best_cut_offs",
    "compare_arms",
    "durations_of",
    "judge_rule",
    "kaplan_meier",
    "populations",
    "read_population",
    "read_results",
    "read_trial",
    "response_table",
    "run_trial",
    "simulate_patients",
    "single_against_combined",
    "trial_from",
    "verify",
]
