"""Prediction of findings that had no part in the calibration: each paper and each panel left out in turn.

The sets come from a pool that was drawn from the prior alone. Those that agree with enough of the other
findings are kept, and these predict the ones that were left out. What no set saw, the tables' own values may
have seen: they were chosen with some of the findings in view, and the pool is drawn around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from myeloniche.findings.support import Support

__all__ = ["LeftOut", "leave_out"]

_MAJORITY = 0.5


@dataclass(frozen=True)
class LeftOut:
    """What sets that never saw a group of findings say of it.

    Attributes
    ----------
    name
        Paper or panel that was left out.
    findings
        Its findings that count.
    sets
        Sets of the pool that agree with enough of all other findings.
    agree
        Share of verdicts that agree, over these sets and findings; NaN if there is no set.
    right
        Findings that the majority of these sets agrees with.
    """

    name: str
    findings: tuple[str, ...]
    sets: int
    agree: float
    right: tuple[str, ...]


def leave_out(pool: Support, groups: Mapping[str, Sequence[str]], share: float) -> list[LeftOut]:
    """Leave each group of findings out in turn and predict it.

    Parameters
    ----------
    pool
        Verdicts of sets that were drawn without looking at any finding.
    groups
        Findings by the name of their paper or panel; ids that do not count are passed over.
    share
        Share of the other findings that a set has to agree with to be kept.
    """
    return [
        _left_out(pool, name, [f for f in findings if f in pool.findings], share)
        for name, findings in groups.items()
        if any(f in pool.findings for f in findings)
    ]


def _left_out(pool: Support, name: str, findings: Sequence[str], share: float) -> LeftOut:
    out = np.isin(np.array(pool.findings), findings)
    seen = pool.agree[:, ~out]
    kept = (seen.mean(axis=1) >= share) & (pool.failed == 0) if seen.size else pool.failed == 0
    verdicts = pool.agree[kept][:, out]
    sets = int(kept.sum())
    agreeing = verdicts.mean(axis=0) if sets else np.zeros(len(findings))
    names = np.array(pool.findings)[out]
    right = tuple(str(one) for one in names[agreeing > _MAJORITY])
    return LeftOut(name, tuple(map(str, names)), sets, float(verdicts.mean()) if sets else np.nan, right)
