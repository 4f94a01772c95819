"""Bars: one small frame per cell row, one bar per arm, replicates as dots with their standard deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.report.palette import INK, OKABE_ITO, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Bar", "BarFrame", "draw_bars"]

_COLUMNS, _BAR, _EDGE, _NOTE = 3, 0.2, 0.62, 0.15


@dataclass(frozen=True)
class Bar:
    """One arm: its label, its value, and the replicates behind it if there are any."""

    label: str
    value: float
    replicates: tuple[float, ...] = ()

    @property
    def spread(self) -> float:
        """Standard deviation of the replicates; 0 for fewer than two."""
        return float(np.std(self.replicates, ddof=1)) if len(self.replicates) > 1 else 0.0


@dataclass(frozen=True)
class BarFrame:
    """The bars of one cell row or readout; with a label of its own a frame has its own axis.

    The note, such as the outcome of a test, stands below the title.
    """

    title: str
    bars: tuple[Bar, ...]
    label: str = ""
    note: str = ""


def draw_bars(frames: Sequence[BarFrame], *, label: str = "") -> Figure:
    """Draw horizontal bars, labels written in full beside them.

    Parameters
    ----------
    frames
        One per cell row or readout, with the same arms.
    label
        Text of the value axis with its unit, where frames have none of their own.

    Returns
    -------
    A figure whose frames share the value axis, unless they have labels of their own. Error bars are standard
    deviations of replicates.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    names = max(len(bar.label) for frame in frames for bar in frame.bars) * 0.075 + 0.15
    tall = max(len(frame.bars) for frame in frames) * _BAR
    width = names + columns * (1.85 if columns > 1 else 3.6) + 0.15
    note = _NOTE if any(frame.note for frame in frames) else 0.0
    height = rows * (tall + _EDGE + note) + 0.1
    figure = Figure(figsize=(width, height))
    own = any(frame.label for frame in frames)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=not own, sharey=columns > 1)
    figure.subplots_adjust(left=names / width, right=1 - 0.12 / width, bottom=0.42 / height,
                           top=1 - (0.26 + note) / height, wspace=0.1,
                           hspace=(_EDGE + note) / tall)  # fmt: skip
    for number, (frame, target) in enumerate(zip(frames, axes.flat, strict=False)):
        _draw_frame(target, frame)
        target.set_xlim(0, _reach([frame] if own else frames) * 1.06 or 1.0)
        if own or number >= len(frames) - columns:
            target.set_xlabel(frame.label or label, fontsize=7.5)
            target.tick_params(labelbottom=True)
    for target in axes.flat[len(frames) :]:
        target.set_axis_off()
    return figure


def _draw_frame(axes: Axes, frame: BarFrame) -> None:
    places = np.arange(len(frame.bars))
    values = [bar.value for bar in frame.bars]
    spread = [bar.spread for bar in frame.bars]
    colours = [OKABE_ITO[0] if number == 0 else OKABE_ITO[5] for number in places]
    axes.barh(places, values, height=0.66, color=colours)
    if any(spread):
        axes.errorbar(values, places, xerr=spread, fmt="none", ecolor=INK, elinewidth=0.9, capsize=2)
    for place, bar in enumerate(frame.bars):
        if not np.isfinite(bar.value):
            axes.text(0, place, " failed", va="center", fontsize=7.5, color=INK)
    axes.set_yticks(places, [bar.label for bar in frame.bars])
    axes.set_ylim(len(frame.bars) - 0.4, -0.6)
    axes.set_title(frame.title, fontsize=9, loc="left", color=INK, pad=15 if frame.note else None)
    if frame.note:
        axes.text(0, 1.03, frame.note, transform=axes.transAxes, fontsize=7, va="bottom", color=INK)
    plain_axes(axes)


def _reach(frames: Sequence[BarFrame]) -> float:
    """Return where the longest bar with its whisker ends."""
    ends = [bar.value + bar.spread for frame in frames for bar in frame.bars]
    return max((end for end in ends if np.isfinite(end)), default=1.0)
