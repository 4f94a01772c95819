"""Every miss is explained, and nothing that agrees is."""

from __future__ import annotations

from myeloniche.findings.misses import load_misses
from myeloniche.findings.score import score


def test_the_explained_misses_are_the_misses() -> None:
    missed = {result.finding.id for result in score().results if result.verdict == "disagree"}

    assert missed == set(load_misses())
