"""What the page says about where numbers come from: parameter kinds and the bibliography."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from myeloniche.findings.scoreboard import Scoreboard
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.tables import citation_keys

__all__ = ["PageSources", "Publication", "page_sources"]

_DOI = "https://doi.org/"


@dataclass(frozen=True)
class Publication:
    """An entry of the bibliography: its text, and a link if it has a DOI."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class PageSources:
    """Where the numbers come from.

    Parameters
    ----------
    kinds
        How many parameters of the model are of which kind.
    publications
        Bibliography of the runs.
    after_findings
        How many parameters name the very paper whose findings are scored as their source.
    """

    kinds: Mapping[str, int]
    publications: tuple[Publication, ...]
    after_findings: int = 0


def page_sources(scoreboard: Scoreboard, laboratory: Laboratory) -> PageSources:
    """Gather the provenance of a scoring.

    Parameters
    ----------
    scoreboard
        Whose runs cite what they rest on.
    laboratory
        Where they were run.
    """
    rows = laboratory.niche.parameters.values()
    scored = {run.panel.source.partition(",")[0].replace(" ", "") for run in scoreboard.runs}
    cited = {source.key for run in scoreboard.runs for source in run.result.sources}
    publications = tuple(
        Publication(f"{entry.citation}.", f"{_DOI}{entry.doi}" if entry.doi else "")
        for key, entry in laboratory.niche.references.items()
        if key in cited
    )
    after_findings = sum(bool(scored.intersection(citation_keys(row.source))) for row in rows)
    return PageSources(Counter(row.kind for row in rows), publications, after_findings)
