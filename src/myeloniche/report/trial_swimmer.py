"""The swimmer plot: how long each patient goes without progression, and what happens on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.report.palette import INK, OKABE_ITO, plain_axes
from myeloniche.report.trial_frames import (
    RESPONSE_COLOURS,
    arm_frames,
    evenly,
    frame_title,
    legend_below,
    responses_present,
)
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, Words, arms_of, numbers, words

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_swimmer"]

_MOST = 40
_EVENT: dict[str, Any] = {"marker": "X", "ms": 4.5, "color": INK, "ls": "", "mew": 0, "clip_on": False}
_ONGOING: dict[str, Any] = {"marker": ">", "ms": 4.0, "color": INK, "ls": "", "mew": 0, "clip_on": False}
_NERVES: dict[str, Any] = {
    "marker": "o",
    "ms": 3.6,
    "mfc": "white",
    "mec": OKABE_ITO[6],
    "ls": "",
    "mew": 0.9,
}
_MARKS = {"progression or death": _EVENT, "ongoing": _ONGOING, "first neuropathy": _NERVES}


def draw_swimmer(patients: pyarrow.Table) -> Figure:
    """Draw a lane per patient, longest first, a frame per arm; forty of an arm at most."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    arms, best = words(patients, "arm"), words(patients, "best_response")
    days = numbers(patients, "pfs_days")
    names = arms_of(patients)
    lanes = [np.flatnonzero((arms == name) & np.isfinite(days)) for name in names]
    chosen = [evenly(mine[np.argsort(-days[mine], kind="stable")], _MOST) for mine in lanes]
    most = max(order.size for order in chosen)
    present = responses_present(best[np.concatenate(chosen)].tolist())
    figure, frames = arm_frames(
        names, width=3.6, height=0.9 + 0.1 * max(most, 12), entries=len(present) + len(_MARKS)
    )
    for axes, name, mine, order in zip(frames, names, lanes, chosen, strict=True):
        _put_lanes(axes, patients, order, best)
        frame_title(axes, name, int((arms == name).sum()), usable=mine.size, shown=order.size)
        axes.set_xlabel("time without progression [months]", fontsize=8)
        axes.set_ylim(most - 0.3, -0.7)
        axes.set_yticks([])
        plain_axes(axes)
        axes.spines["left"].set_visible(False)
    marks = [Line2D([], [], **style) for style in _MARKS.values()]
    legend_below(
        figure,
        [*(Patch(color=RESPONSE_COLOURS[response]) for response in present), *marks],
        [
            *(response or "not evaluable" for response in present),
            *_MARKS,
        ],
    )
    return figure


def _put_lanes(axes: Axes, patients: pyarrow.Table, order: NDArray[np.int64], best: Words) -> None:
    months = numbers(patients, "pfs_days")[order] / DAYS_PER_MONTH
    events = numbers(patients, "pfs_event")[order] > 0
    places = np.arange(order.size)
    colours = [RESPONSE_COLOURS.get(word, RESPONSE_COLOURS[""]) for word in best[order].tolist()]
    axes.barh(places, months, height=0.72, color=colours, lw=0)
    axes.plot(months[events], places[events], **_EVENT)
    axes.plot(months[~events], places[~events], **_ONGOING)
    if "neuropathy_day" in patients.column_names:
        nerves = numbers(patients, "neuropathy_day")[order] / DAYS_PER_MONTH
        seen = np.isfinite(nerves) & (nerves <= months)
        axes.plot(nerves[seen], places[seen], **_NERVES)
    axes.set_xlim(left=0)
