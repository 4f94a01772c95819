"""What a trial shows: survival, responses and biomarkers."""

from myeloniche.trials.analysis.biomarkers import (
    best_cut_offs,
    judge_rule,
    mann_whitney,
    roc,
    single_against_combined,
)
from myeloniche.trials.analysis.cohort import Durations, durations_of
from myeloniche.trials.analysis.response import response_table
from myeloniche.trials.analysis.survival import compare_arms, kaplan_meier, log_rank

__all__ = [
    "Durations",
    "best_cut_offs",
    "compare_arms",
    "durations_of",
    "judge_rule",
    "kaplan_meier",
    "log_rank",
    "mann_whitney",
    "response_table",
    "roc",
    "single_against_combined",
]
