"""What a sound niche is, as small classes that return issues."""

from myeloniche.niche.checks.conservation import conserved_totals
from myeloniche.niche.checks.issue import AbstractCheck, Issue, Severity
from myeloniche.niche.checks.run import CHECKS, run_checks

__all__ = ["CHECKS", "AbstractCheck", "Issue", "Severity", "conserved_totals", "run_checks"]
