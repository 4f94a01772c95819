"""What the plausible sets say of the findings, for the page and the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from myeloniche.findings.support import Support
from myeloniche.findings.wilson import wilson_interval
from myeloniche.report.words import number, percent, pretty

__all__ = ["SupportLine", "SupportView", "support_line", "support_view"]

# A finding rests on the ensemble if this share of the sets agrees.
_MOST = 0.8


@dataclass(frozen=True)
class SupportLine:
    """One readout over all sets: the number that its rule looks at, and the share of sets that agree."""

    finding: str
    readout: str
    rule: str
    median: str
    interval: str
    share: str
    css: str


@dataclass(frozen=True)
class SupportView:
    """The ensemble in words."""

    sets: int
    firm: int
    counted: int
    low: str
    high: str
    failed: int
    lines: tuple[SupportLine, ...]


def support_view(support: Support, confidence: float) -> SupportView:
    """Put an ensemble into words: every readout's median and 90 % interval, every finding's share of sets.

    Parameters
    ----------
    support
        Verdicts of every set.
    confidence
        Coverage of the interval of the share of findings that most sets agree with.
    """
    firm = sum(share >= _MOST for share in support.share.values())
    low, high = wilson_interval(firm, len(support.findings), confidence=confidence)
    lines = tuple(line for finding in support.findings for line in _lines(support, finding))
    return SupportView(
        sets=len(support.agree),
        firm=firm,
        counted=len(support.findings),
        low=percent(low),
        high=percent(high),
        failed=int(support.failed.sum()),
        lines=lines,
    )


def support_line(support: Support) -> str:
    """Return the ensemble as one line for the terminal."""
    firm = sum(share >= _MOST for share in support.share.values())
    return (
        f"plausible sets: {firm} of {len(support.findings)} findings agree in {percent(_MOST)} or more of "
        f"{len(support.agree)} sets"
    )


def _lines(support: Support, finding: str) -> list[SupportLine]:
    place = support.findings.index(finding)
    mine = [entry for entry, owner in zip(support.readouts, support.owner, strict=True) if owner == place]
    share = support.share[finding]
    return [
        SupportLine(
            finding=finding,
            readout=pretty(f"{entry.name}, {entry.cell}, {entry.treated}"),
            rule=entry.rule,
            median=number(middle),
            interval=f"{number(low)} to {number(high)}",
            share=percent(share),
            css="agree" if share >= _MOST else "disagree",
        )
        for entry, (low, middle, high) in zip(mine, support.quantiles(finding), strict=True)
    ]
