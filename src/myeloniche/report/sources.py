"""What the page says about where numbers come from: parameter kinds and the bibliography."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from myeloniche.findings.scoreboard import Scoreboard
from myeloniche.lab.laboratory import Laboratory

__all__ = ["PageSources", "Publication", "page_sources"]

_DOI = "https://doi.org/"


@dataclass(frozen=True)
class Publication:
    """An entry of the bibliography: its text, and a link if it has a DOI."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class PageSources:
    """How many parameters of the model are of which kind, and the publications behind the runs."""

    kinds: Mapping[str, int]
    publications: tuple[Publication, ...]


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
    cited = {source.key: source for run in scoreboard.runs for source in run.result.sources}
    ordered = [reference for key, reference in laboratory.niche.references.items() if key in cited]
    return PageSources(
        kinds=Counter(row.kind for row in rows),
        publications=tuple(
            Publication(f"{entry.citation}.", f"{_DOI}{entry.doi}" if entry.doi else "") for entry in ordered
        ),
    )
