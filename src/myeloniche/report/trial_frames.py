"""What the figures of a trial share: a frame per arm, colours of responses, and how many patients fit."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from myeloniche.report.palette import GREY, INK, OKABE_ITO
from myeloniche.trials.analysis.response import RESPONSES

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["RESPONSE_COLOURS", "arm_frames", "evenly", "frame_title", "legend_below", "responses_present"]

RESPONSE_COLOURS = {
    "CR": OKABE_ITO[0],
    "VGPR": OKABE_ITO[5],
    "PR": OKABE_ITO[2],
    "MR": OKABE_ITO[4],
    "SD": GREY,
    "PD": OKABE_ITO[1],
    "": "#d6d6d2",
}
"""From deep to none; an empty one is that of a patient who cannot be judged."""

_TITLE = 42  # characters of a line
_LEGEND_ROW, _MOST_COLUMNS = 0.22, 7


def arm_frames(
    arms: Sequence[str], *, width: float, height: float, entries: int = 0
) -> tuple[Figure, list[Axes]]:
    """Return a figure with a frame per arm side by side, in rows of two, and room for a legend below.

    Parameters
    ----------
    arms
        Their names.
    width, height
        Of a frame [inch].
    entries
        Of the legend.
    """
    from matplotlib.figure import Figure

    columns = min(2, len(arms))
    rows = -(-len(arms) // columns)
    legend = 0.1 + _LEGEND_ROW * -(-entries // _MOST_COLUMNS)
    figure = Figure(figsize=(width * max(columns, 2), height * rows + legend), layout="constrained")
    share = legend / (height * rows + legend)
    figure.get_layout_engine().set(rect=(0, share, 1, 1 - share))  # type: ignore[union-attr, call-arg]
    frames = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for spare in frames.ravel()[len(arms) :]:
        spare.set_axis_off()
    return figure, list(frames.ravel()[: len(arms)])


def legend_below(figure: Figure, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """Put one legend under all frames."""
    figure.legend(
        handles,
        labels,
        loc="lower center",
        ncols=min(len(labels), _MOST_COLUMNS),
        frameon=False,
        fontsize=7.5,
        handlelength=1.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def frame_title(axes: Axes, arm: str, patients: int, *, usable: int, shown: int) -> None:
    """Write the arm and its patients, how many cannot be shown, and how many are where there is no room."""
    without = f", {patients - usable} without a value" if usable < patients else ""
    fewer = f"; {shown} of them, evenly by rank" if shown < usable else ""
    what = f"{patients} patients{without}{fewer}"
    axes.set_title(f"{fill(arm, _TITLE)}\n{what}", fontsize=8.5, loc="left", color=INK)


def evenly(order: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Return at most so many entries of an order, evenly spaced, the first and the last with them."""
    if order.size <= most:
        return order
    return order[np.linspace(0, order.size - 1, most).round().astype(np.int64)]


def responses_present(best: Sequence[str]) -> list[str]:
    """Return which responses a legend has to name, best first."""
    return [response for response in (*RESPONSES, "") if response in set(best)]
