"""The quantitative anchors for the page and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.report.anchor_plot import draw_anchor
from myeloniche.report.pictures import Picture, as_picture
from myeloniche.report.views import MARKS
from myeloniche.report.words import number, pretty

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["AnchorLine", "AnchorView", "anchor_views", "anchors_table"]


@dataclass(frozen=True)
class AnchorLine:
    """One number in words."""

    name: str
    wanted: str
    value: str
    tolerance: str
    mark: str
    css: str


@dataclass(frozen=True)
class AnchorView:
    """One anchor in words."""

    id: str
    title: str
    statement: str
    source: str
    kind: str
    mark: str
    css: str
    verdict: str
    lines: tuple[AnchorLine, ...]
    picture: Picture
    choices: tuple[str, ...]


def anchor_views(results: Sequence[AnchorResult]) -> list[AnchorView]:
    """Put anchors into words, in order."""
    return [_view(result) for result in results]


def anchors_table(results: Sequence[AnchorResult]) -> Table:
    """Return one row per anchor: what it is about, whose numbers, and how many are within.

    Parameters
    ----------
    results
        Anchors in the order to print.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("anchor", no_wrap=True)
    table.add_column("about", ratio=1, overflow="fold")
    table.add_column("numbers of", no_wrap=True)
    table.add_column("simulated", ratio=1, overflow="fold")
    for result in results:
        colour, css = ("green", "agree") if result.within else ("red", "disagree")
        mark = f"[{colour}]{MARKS[css]}[/{colour}]"
        table.add_row(mark, result.id, pretty(result.title), result.kind, _verdict(result))
    return table


def _view(result: AnchorResult) -> AnchorView:
    anchor, mark = result.anchor, MARKS["agree" if result.within else "disagree"]
    return AnchorView(
        id=anchor.id,
        title=pretty(anchor.title),
        statement=pretty(anchor.statement),
        source=anchor.source,
        kind=anchor.kind,
        mark=mark,
        css="agree" if result.within else "disagree",
        verdict=_verdict(result),
        lines=tuple(_line(row) for row in result.rows),
        picture=_picture(result),
        choices=tuple(pretty(choice) for choice in anchor.choices),
    )


def _picture(result: AnchorResult) -> Picture:
    return as_picture(
        draw_anchor(result.rows),
        "image/svg+xml",
        f"What was simulated for {result.id} over what is wanted; the numbers are in the table below.",
        "A dot within its bar is accepted; open marks do not decide; what lies beyond stands at the end.",
    )


def _verdict(result: AnchorResult) -> str:
    counted = result.counted
    missed = [row for row in counted if not row.within]
    words = f"{len(counted) - len(missed)} of {len(counted)} within"
    if missed:
        wanted = f", wanted {number(missed[-1].target)}" if missed[-1].target is not None else ""
        words += f"; {missed[-1].name}: {_with_unit(missed[-1].value, missed[-1])}{wanted}"
    if result.failed:
        words += f"; {result.failed} simulated arms failed"
    return pretty(words)


def _line(row: AnchorRow) -> AnchorLine:
    mark, css = "", "given"
    if row.within is not None:
        css = "agree" if row.within else "disagree"
        mark = MARKS[css]
    if not row.counts:
        mark = f"{mark} beside".strip()
    wanted = _with_unit(row.target, row) if row.target is not None else ""
    return AnchorLine(pretty(row.name), wanted, _with_unit(row.value, row), row.tolerance, mark, css)


def _with_unit(value: float, row: AnchorRow) -> str:
    return pretty(number(value) if row.unit == "1" else f"{number(value)} {row.unit}")
