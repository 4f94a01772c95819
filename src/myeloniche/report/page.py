"""The report as one HTML file that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from myeloniche.findings.anchors.result import AnchorResult
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.scoreboard import Scoreboard
from myeloniche.findings.support import Support
from myeloniche.findings.wilson import wilson_interval
from myeloniche.report.anchors import anchor_views
from myeloniche.report.sources import PageSources
from myeloniche.report.support import support_view
from myeloniche.report.views import panel_views, result_view, rule_words
from myeloniche.report.words import percent

__all__ = ["render_page", "write_page"]


@dataclass(frozen=True)
class ScaleEntry:
    """One line of the scoreboard's picture: a share with its interval."""

    label: str
    share: float
    low: float
    high: float
    main: bool


def write_page(
    scoreboard: Scoreboard,
    folder: Path,
    *,
    sources: PageSources,
    anchors: Sequence[AnchorResult] = (),
    support: Support | None = None,
) -> Path:
    """Write ``index.html`` into a folder, making the folder if needed.

    Parameters
    ----------
    scoreboard
        What was scored.
    folder
        Where to write.
    sources
        Kinds of parameters, and the bibliography of the runs.
    anchors
        Quantitative anchors; left out if there are none.
    support
        What the plausible sets say; left out if they were not asked.

    Returns
    -------
    The file's path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    path.write_text(render_page(scoreboard, sources=sources, anchors=anchors, support=support), "utf-8")
    return path


def render_page(
    scoreboard: Scoreboard,
    *,
    sources: PageSources,
    anchors: Sequence[AnchorResult] = (),
    support: Support | None = None,
) -> str:
    """Return the report as HTML; see :func:`write_page`."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    source = files("myeloniche.report").joinpath("page.html.jinja").read_text("utf-8")
    results = [result_view(result) for result in scoreboard.results]
    counts = sorted(sources.kinds.items(), key=lambda item: -item[1])
    scale = _scale(scoreboard)
    context: dict[str, Any] = {
        "score": scoreboard.total,
        "papers": scoreboard.papers,
        "scale": scale,
        "scale_words": "; ".join(f"{entry.label}: {percent(entry.share)}" for entry in scale),
        "results": results,
        "misses": [result for result in results if result.verdict == "disagree"],
        "panels": panel_views(scoreboard),
        "simulations": _simulations(scoreboard),
        "anchors": anchor_views(anchors),
        "ensemble": support_view(support, scoreboard.confidence) if support else None,
        "rules": rule_words(load_rulebook()),
        "provenance": counts,
        "provenance_total": sum(count for _, count in counts),
        "references": sources.publications,
        "after_findings": sources.after_findings,
        "percent": percent,
        "version": version("myeloniche"),
    }
    return environment.from_string(source).render(context)


def _scale(scoreboard: Scoreboard) -> list[ScaleEntry]:
    total = scoreboard.total
    counted = max(total.counted, 1)
    entries = [ScaleEntry("this model", total.agree / counted, *total.interval, main=True)]
    for name, agree in total.baselines.items():
        interval = wilson_interval(agree, total.counted, confidence=scoreboard.confidence)
        entries.append(ScaleEntry(name, agree / counted, *interval, main=False))
    return entries


def _simulations(scoreboard: Scoreboard) -> str:
    counts = scoreboard.status_counts
    total, failed = sum(counts.values()), sum(counts.values()) - counts["ok"]
    if not failed:
        return f"{total} cultures were simulated; none failed."
    kinds = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()) if status != "ok")
    return f"{total} cultures were simulated; {failed} failed ({kinds}) and agree with nothing."
