"""Time courses: one small frame per readout, one line per arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from myeloniche.report.palette import INK, OKABE_ITO, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Frame", "Line", "draw_curves"]

_COLUMNS, _WIDTH, _HEIGHT = 3, 2.4, 1.75
_KEY, _LETTER, _LEGEND_LINE = 0.5, 0.062, 0.19  # inch, of a legend in 8 point
_STYLES = ("-", "--", "-.", ":")
_THICK, _THIN, _STEP = 2.8, 1.2, 0.6


@dataclass(frozen=True)
class Line:
    """One arm: its label, times in the unit of the frame, and values in the unit of the frame."""

    label: str
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Frame:
    """One readout with its unit and the lines in it."""

    title: str
    unit: str
    lines: tuple[Line, ...]


def draw_curves(frames: Sequence[Frame], *, time_label: str) -> Figure:
    """Draw time courses side by side.

    Parameters
    ----------
    frames
        One per readout.
    time_label
        Text of the time axis with its unit, for example ``"min after TNF"``.

    Returns
    -------
    A figure with one legend for all frames; colour and dash both tell arms apart.
    """
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(frames))
    rows = -(-len(frames) // columns)
    labels = list(dict.fromkeys(line.label for frame in frames for line in frame.lines))
    entry = _KEY + max(map(len, labels), default=0) * _LETTER
    width = max(columns * _WIDTH, entry)
    legend_columns = max(1, min(len(labels), int(width / entry)))
    legend = 0.1 + -(-len(labels) // legend_columns) * _LEGEND_LINE
    height = rows * _HEIGHT + legend
    figure = Figure(figsize=(width, height))
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.subplots_adjust(
        left=0.55 / width,
        right=1 - 0.1 / width,
        bottom=0.42 / height,
        top=1 - (legend + 0.22) / height,
        wspace=0.38,
        hspace=0.62,
    )
    for frame, target in zip(frames, axes.flat, strict=False):
        _draw_frame(target, frame, time_label)
    for target in axes.flat[len(frames) :]:
        target.set_axis_off()
    handles, _ = axes.flat[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="upper left", ncols=legend_columns, frameon=False, fontsize=8, borderaxespad=0.1
    )
    return figure


def _draw_frame(axes: Axes, frame: Frame, time_label: str) -> None:
    for number, line in enumerate(frame.lines):
        # later lines are thinner, so that two arms that coincide both show
        colour, style = OKABE_ITO[number % len(OKABE_ITO)], _STYLES[number % len(_STYLES)]
        width = max(_THIN, _THICK - number * _STEP)
        drawn = axes.plot(line.times, line.values, style, color=colour, linewidth=width, label=line.label)
        drawn[0].set(marker="o", markersize=2.6)
    axes.set_title(frame.title, fontsize=9, loc="left", color=INK)
    axes.set_ylabel(frame.unit, fontsize=7.5)
    axes.set_xlabel(time_label, fontsize=7.5)
    highest = max((value for line in frame.lines for value in line.values if isfinite(value)), default=0.0)
    axes.set_ylim(0, highest * 1.08 or 1)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 4), useMathText=True)
    plain_axes(axes)
