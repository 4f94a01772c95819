"""The ablations as a page: ``python -m myeloniche.findings.ablation_page > docs/ablations.md``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myeloniche.findings.ablation import AblationResult, ablate
from myeloniche.findings.ablation_file import Reason
from myeloniche.findings.markdown import number, table
from myeloniche.findings.scoreboard import FindingResult, Scoreboard
from myeloniche.findings.verdict import ReadoutVerdict

__all__ = ["ablations_page"]

_HEAD = """# Ablations

This page is generated; write it anew with `python -m myeloniche.findings.ablation_page > docs/ablations.md`.

An edge is removed in every cell row and every arm, before the cells rest, and all findings are judged
again. The findings that rest on the edge have to break, and all others that agree have to stay; tests hold
both. An edge whose removal breaks nothing is not tested by the findings, which is said.

The numbers are what the rule looks at (a fold change, or the share of a change), of the readout that misses
first.
"""


def ablations_page(results: Sequence[AblationResult]) -> str:
    """Return all ablations as Markdown: an overview, then one section each."""
    overview = table(
        ("removed", "findings that agree", "break", "broken"),
        [
            (
                result.ablation.name,
                f"{result.ablated.total.agree} of {result.ablated.total.counted}",
                str(len(result.breaks)),
                ", ".join(result.breaks) or "none",
            )
            for result in results
        ],
    )
    nominal = results[0].nominal.total
    before = f"Nothing removed: {nominal.agree} of {nominal.counted} agree.\n"
    return "\n".join([_HEAD, before, overview, *(_section(result) for result in results)]) + "\n"


def _section(result: AblationResult) -> str:
    ablation = result.ablation
    sets = ", ".join(f"`{name}` = {value:g}" for name, value in ablation.sets.items())
    parts = [f"\n## {ablation.name}\n", f"{ablation.removed} Sets {sets}.\n"]
    if ablation.breaks:
        rows = [line for reason in ablation.breaks for line in _lines(reason, result)]
        parts += ["What breaks:\n", *_because(ablation.breaks), ""]
        parts.append(table(("finding", "expected", "readout", "before", "after"), rows))
    else:
        parts.append("No finding breaks: this edge is not tested by the findings.")
    if ablation.stays:
        parts += ["\nWhat stays, though one might expect otherwise:\n", *_because(ablation.stays)]
    if ablation.quantities:
        parts += [f"\n{ablation.quantities.because}\n", _quantities(result)]
    return "\n".join(parts)


def _because(reasons: Sequence[Reason]) -> list[str]:
    return [f"- {', '.join(reason.findings)}: {reason.because}" for reason in reasons]


def _lines(reason: Reason, result: AblationResult) -> list[tuple[str, ...]]:
    """Return a line per finding: the readout that misses first, and its number before and after."""
    lines: list[tuple[str, ...]] = []
    for finding in reason.findings:
        before, after = _of(result.nominal, finding), _of(result.ablated, finding)
        missing = [place for place, readout in enumerate(after.readouts) if not readout.agree]
        place = missing[0] if missing else 0
        first, then = before.readouts[place], after.readouts[place]
        words = (finding, after.finding.expected, _readout(then))
        lines.append((*words, number(first.ratio), number(then.ratio)))
    return lines


def _readout(verdict: ReadoutVerdict) -> str:
    arm = f", {verdict.treated}" if verdict.treated != verdict.cell else ""
    return f"{verdict.name} in {verdict.cell}{arm}"


def _quantities(result: AblationResult) -> str:
    return table(
        ("number", "before", "after"),
        [
            (first.name, number(first.value), number(then.value))
            for first, then in zip(result.before, result.after, strict=True)
        ],
    )


def _of(board: Scoreboard, finding: str) -> FindingResult:
    return next(result for result in board.results if result.finding.id == finding)


if __name__ == "__main__":
    sys.stdout.write(ablations_page(ablate()))
