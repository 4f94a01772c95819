"""What trials published, beside what simulated ones show."""

from myeloniche.trials.evidence.cohorts import judge_cohorts
from myeloniche.trials.evidence.judge import judge_rows, simulate_trials
from myeloniche.trials.evidence.rows import load_rows

__all__ = ["judge_cohorts", "judge_rows", "load_rows", "simulate_trials"]
