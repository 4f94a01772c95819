"""All checks of the niche, and how to run them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from myeloniche.niche.checks.issue import AbstractCheck, Issue, Severity
from myeloniche.niche.checks.model import (
    CheckConservation,
    CheckRest,
    CheckSbmlUnits,
    CheckUnits,
    CheckValidSbml,
)
from myeloniche.niche.checks.rows import (
    CheckCellValues,
    CheckIdentifiers,
    CheckNumbersInLaws,
    CheckOrphans,
    CheckParametersUsed,
    CheckProcessEvidence,
    CheckRanges,
    CheckSources,
)
from myeloniche.niche.niche import Niche

__all__ = ["CHECKS", "AbstractCheck", "Issue", "Severity", "run_checks"]

CHECKS: tuple[AbstractCheck, ...] = (
    CheckParametersUsed(),
    CheckIdentifiers(),
    CheckProcessEvidence(),
    CheckRanges(),
    CheckCellValues(),
    CheckSources(),
    CheckOrphans(),
    CheckNumbersInLaws(),
    CheckValidSbml(),
    CheckUnits(),
    CheckSbmlUnits(),
    CheckConservation(),
    CheckRest(),
)


def run_checks(
    niche: Niche,
    checks: Sequence[AbstractCheck] = CHECKS,
    progress: Callable[[int, int], object] | None = None,
) -> list[Issue]:
    """Return what the checks find, the worst first, otherwise in the order of the checks.

    Parameters
    ----------
    niche
        The assembled niche, with or without attachments.
    checks
        Which checks to run; all by default, of which :class:`CheckRest` simulates and takes seconds.
    progress
        Called after each check with the number of those done and their total.
    """
    issues: list[Issue] = []
    for done, check in enumerate(checks, start=1):
        issues += check.run(niche)
        if progress is not None:
            progress(done, len(checks))
    return sorted(issues, key=lambda issue: -issue.severity)
