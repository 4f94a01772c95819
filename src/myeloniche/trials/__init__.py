"""Patients and trials: survival, responses, biomarkers, and running a trial anywhere."""

from myeloniche.trials.biomarkers import best_cut_offs, judge_rule, single_against_combined
from myeloniche.trials.cohort import Durations, durations_of
from myeloniche.trials.response import response_table
from myeloniche.trials.runner import Watcher, run_trial
from myeloniche.trials.survival import compare_arms, kaplan_meier

__all__ = [
    "Durations",
    "Watcher",
    "best_cut_offs",
    "compare_arms",
    "durations_of",
    "judge_rule",
    "kaplan_meier",
    "response_table",
    "run_trial",
    "single_against_combined",
]
