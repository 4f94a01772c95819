"""What became of the anchors."""

from __future__ import annotations

from dataclasses import dataclass

from myeloniche.findings.anchors.anchor import Anchor, Kind

__all__ = ["AnchorResult", "AnchorRow"]


@dataclass(frozen=True)
class AnchorRow:
    """One number of an anchor.

    Parameters
    ----------
    name
        What it is.
    target
        What is wanted; None where the tolerance says it alone, or the number is only reported.
    value
        What the simulation gives.
    unit
        Of both.
    tolerance
        How far off is within, in words; empty if the number is only reported.
    within
        Whether it is; None if the number is only reported.
    counts
        Whether the anchor rests on it.
    excess
        How far the value lies beyond what is within; 0 where it is, or is only reported.
    """

    name: str
    target: float | None
    value: float
    unit: str
    tolerance: str
    within: bool | None
    counts: bool = True
    excess: float = 0.0


@dataclass(frozen=True)
class AnchorResult:
    """One anchor with its numbers.

    Parameters
    ----------
    anchor
        What was asked.
    rows
        What came out.
    failed
        How many simulated arms failed.
    """

    anchor: Anchor
    rows: tuple[AnchorRow, ...]
    failed: int = 0

    @property
    def id(self) -> str:
        """Name of the anchor."""
        return self.anchor.id

    @property
    def title(self) -> str:
        """What the anchor is about."""
        return self.anchor.title

    @property
    def kind(self) -> Kind:
        """Whether its numbers were measured or come from another model."""
        return self.anchor.kind

    @property
    def counted(self) -> tuple[AnchorRow, ...]:
        """The rows on which the anchor rests."""
        return tuple(row for row in self.rows if row.counts and row.within is not None)

    @property
    def within(self) -> bool:
        """Whether every row that counts is within its tolerance."""
        return bool(self.counted) and all(row.within for row in self.counted)
