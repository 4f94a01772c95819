"""The scoring as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from myeloniche.findings.scoreboard import FindingResult, PaperScore, Scoreboard
from myeloniche.findings.verdict import ReadoutVerdict
from myeloniche.report.views import MARKS, result_view
from myeloniche.report.words import percent, pretty

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["findings_table", "score_lines"]

_COLOURS = {"agree": "green", "disagree": "red", "given": "dim", "not modelled": "dim"}


def findings_table(results: Sequence[FindingResult]) -> Table:
    """Return one row per finding: what was published, what came out, and the verdict.

    Parameters
    ----------
    results
        Results of a scoring, in the order to print.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("finding", no_wrap=True)
    table.add_column("panel", no_wrap=True)
    table.add_column("published", ratio=1, overflow="fold")
    table.add_column("simulated", ratio=1, overflow="fold")
    for result in results:
        view, colour = result_view(result), _COLOURS[result.verdict]
        mark = f"[{colour}]{MARKS[result.verdict]}[/{colour}]"
        published = f"{view.statement} [dim]({result.finding.condition})[/dim]"
        table.add_row(mark, view.id, result.finding.panel, published, _simulated(result))
    return table


def score_lines(scoreboard: Scoreboard) -> list[str]:
    """Return the scoreboard in words, one line per paper, with interval and baselines."""
    failed = sum(count for status, count in scoreboard.status_counts.items() if status != "ok")
    lines = [_score_line(score, scoreboard.confidence) for score in scoreboard.papers]
    return [*lines, f"{failed} simulated arms failed"] if failed else lines


def _simulated(result: FindingResult) -> str:
    if result.verdict == "disagree":
        return pretty(result.reason)
    if not result.readouts:
        return result.reason
    weakest = _weakest(result.readouts)
    count = f"{len(result.readouts)} readouts, " if len(result.readouts) > 1 else ""
    return pretty(f"{count}{weakest.why}")


def _weakest(readouts: Sequence[ReadoutVerdict]) -> ReadoutVerdict:
    """Return the readout that came nearest to a miss."""
    steady = readouts[0].rule.endswith("unchanged")
    pick = max if steady else min
    return pick(readouts, key=lambda entry: abs(entry.ratio - 1))


def _score_line(score: PaperScore, confidence: float) -> str:
    interval = f"{percent(score.interval[0])} to {percent(score.interval[1])}"
    share = f"{percent(score.share)}, {percent(confidence)} interval {interval}"
    others = "; ".join(f"{name} {agree}" for name, agree in score.baselines.items())
    given = f"; {score.given} given" if score.given else ""
    missing = f"; {score.not_modelled} not modelled" if score.not_modelled else ""
    agree = f"{score.paper}: {score.agree} of {score.counted} agree ({share})"
    return f"{agree}; baselines: {others}{given}{missing}"
