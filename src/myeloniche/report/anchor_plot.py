"""An anchor as a picture: every number over the wanted one, with the range that is accepted behind it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from myeloniche.findings.anchors.result import AnchorRow
from myeloniche.findings.anchors.tolerance import read_tolerance
from myeloniche.report.palette import INK, OKABE_ITO, plain_axes
from myeloniche.report.words import pretty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_anchor"]

_ROW, _EDGE, _LETTER, _AXIS = 0.2, 0.62, 0.072, 3.2  # inch
_FARTHEST = 8.0  # folds that the axis shows; what lies beyond stands at its end
_BAND = "#d9d7d0"


def draw_anchor(rows: Sequence[AnchorRow]) -> Figure:
    """Draw the numbers of an anchor that have a tolerance.

    Parameters
    ----------
    rows
        The numbers, as they are listed.

    Returns
    -------
    A figure with a line per number: a dot for the simulated over the wanted one on a logarithmic axis, the
    accepted range as a bar. Where only a range is wanted, its middle or its bound stands for the number.
    """
    from matplotlib.figure import Figure

    shown = [row for row in rows if row.within is not None]
    names = max((len(row.name) for row in shown), default=0) * _LETTER + 0.2
    width, height = names + _AXIS + 0.15, len(shown) * _ROW + _EDGE
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((names / width, 0.45 / height, _AXIS / width, len(shown) * _ROW / height))
    axes.set_xscale("log", base=2)
    axes.set_xlim(1 / _FARTHEST / 1.15, _FARTHEST * 1.15)
    for place, row in enumerate(shown):
        _draw_row(axes, place, row)
    axes.axvline(1.0, color=INK, linewidth=0.7, zorder=1)
    axes.set_yticks(range(len(shown)), [pretty(row.name) for row in shown])
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xticks([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    axes.set_xlabel("simulated over wanted; bar: accepted", fontsize=7.5)
    plain_axes(axes)
    return figure


def _draw_row(axes: Axes, place: int, row: AnchorRow) -> None:
    low, high = read_tolerance(row.tolerance).bounds(row.target)
    reference = _reference(row.target, low, high)
    left, right = _fold(low, reference), _fold(high, reference)
    axes.barh(place, right - left, left=left, height=0.72, color=_BAND, zorder=0)
    colour, marker = (OKABE_ITO[0], "o") if row.within else (OKABE_ITO[1], "X")
    inside = colour if row.counts else "white"
    drawn = axes.plot(_fold(row.value, reference), place, marker, color=colour, markersize=5, clip_on=False)
    drawn[0].set_markerfacecolor(inside)


def _reference(target: float | None, low: float, high: float) -> float:
    """Return the number that stands for what is wanted."""
    if target is not None:
        return target
    ends = [end for end in (low, high) if math.isfinite(end) and end > 0]
    return math.exp(sum(map(math.log, ends)) / len(ends)) if ends else 1.0


def _fold(value: float, reference: float) -> float:
    """Return a value over the reference, no farther than the axis goes."""
    if math.isnan(value) or value <= 0 or reference <= 0:
        return 1 / _FARTHEST
    return min(max(value / reference, 1 / _FARTHEST), _FARTHEST)
