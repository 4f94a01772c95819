"""What the findings and the anchors say of parameter sets, and which of these are plausible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.findings.anchors.support import AnchorSupport, score_anchors
from myeloniche.findings.support import Support, score_sets

__all__ = ["Demand", "Judged", "judge", "judge_plausible", "together"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# An arm of any finding takes some thousand steps; a set that needs many more is not worth the time.
_MAX_STEPS = 20_000
_FAILED = 1e3


@dataclass(frozen=True)
class Demand:
    """What is asked of a plausible set, besides that no simulated arm fails.

    Attributes
    ----------
    findings
        Share of the findings that it agrees with at least.
    anchors
        Share of the anchors' numbers that it has within their tolerance at least.
    """

    findings: float
    anchors: float


@dataclass(frozen=True, eq=False)
class Judged:
    """Parameter sets with what findings and anchors say of them."""

    findings: Support
    anchors: AnchorSupport

    @property
    def failed(self) -> Flags:
        """Which sets failed in some arm, shape (set,)."""
        flags: Flags = (self.findings.failed > 0) | (self.anchors.failed > 0)
        return flags

    @property
    def violation(self) -> Floats:
        """By how much each set misses findings and anchors: the sum over all numbers, shape (set,).

        Every readout and every number counts alike; none has a weight.
        """
        missed = self.findings.shortfalls.sum(axis=1) + self.anchors.excess.sum(axis=1)
        return np.asarray(missed + _FAILED * self.failed)

    def plausible(self, demand: Demand) -> Flags:
        """Return which sets are plausible, shape (set,)."""
        agree = self.findings.agree.mean(axis=1) >= demand.findings
        near = self.anchors.within.mean(axis=1) >= demand.anchors
        flags: Flags = agree & near & ~self.failed
        return flags

    def among(self, kept: Flags) -> Judged:
        """Return the same of some of the sets, by flags of shape (set,)."""
        return Judged(self.findings.among(kept), self.anchors.among(kept))


def judge(
    parameter_sets: Sequence[Mapping[str, float]],
    only: Sequence[str] | None = None,
    *,
    workers: int | None = None,
) -> Judged:
    """Score parameter sets on findings and anchors.

    Parameters
    ----------
    parameter_sets
        Values of model parameters by name, one mapping per set; at least one.
    only
        Ids of findings; all that count by default.
    workers
        How many cores to use; all by default.
    """
    return Judged(
        score_sets(parameter_sets, only, workers=workers, max_steps=_MAX_STEPS),
        score_anchors(parameter_sets, workers=workers, max_steps=_MAX_STEPS),
    )


def judge_plausible(
    parameter_sets: Sequence[Mapping[str, float]],
    demand: Demand,
    only: Sequence[str] | None = None,
    *,
    workers: int | None = None,
) -> tuple[Flags, Judged | None]:
    """Return which sets are plausible, shape (set,), and what is said of these.

    The anchors are run only for sets that agree with enough findings, which spares a third of the time.
    """
    support = score_sets(parameter_sets, only, workers=workers, max_steps=_MAX_STEPS)
    flags: Flags = (support.agree.mean(axis=1) >= demand.findings) & (support.failed == 0)
    if not flags.any():
        return flags, None
    passed = [one for one, flag in zip(parameter_sets, flags, strict=True) if flag]
    judged = Judged(support.among(flags), score_anchors(passed, workers=workers, max_steps=_MAX_STEPS))
    kept = judged.plausible(demand)
    flags[flags] = kept
    return flags, judged.among(kept)


def together(parts: Sequence[Judged]) -> Judged:
    """Return what is said of all sets of some parts, in order."""
    return Judged(
        Support.together([part.findings for part in parts]),
        AnchorSupport.together([part.anchors for part in parts]),
    )
