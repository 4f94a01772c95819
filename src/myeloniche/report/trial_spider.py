"""The spider plot: the marker by which each patient is followed, over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.report.palette import GREY, OKABE_ITO, plain_axes
from myeloniche.report.trial_frames import arm_frames, evenly, frame_title, legend_below
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, arms_of, numbers, words
from myeloniche.trials.analysis.marker import relative_courses

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_spider"]

_MOST = 60
_LOWEST = 0.1  # per cent; what is lower is drawn there
_GROUPS = {
    "CR, VGPR or PR": (("CR", "VGPR", "PR"), OKABE_ITO[0]),
    "MR or SD": (("MR", "SD"), OKABE_ITO[4]),
    "PD or not evaluable": (("PD", ""), OKABE_ITO[1]),
}


def draw_spider(patients: pyarrow.Table, visits_of: Callable[[Sequence[int]], pyarrow.Table]) -> Figure:
    """Draw M-protein or light chain at every visit, a line per patient, a frame per arm; sixty at most.

    Parameters
    ----------
    patients
        A row per patient.
    visits_of
        Returns the visits of some patients.
    """
    from matplotlib.lines import Line2D

    arms, days = words(patients, "arm"), numbers(patients, "pfs_days")
    names = arms_of(patients)
    figure, frames = arm_frames(names, width=3.6, height=2.9, entries=len(_GROUPS))
    for axes, name in zip(frames, names, strict=True):
        mine = np.flatnonzero((arms == name) & np.isfinite(days))
        order = evenly(mine[np.argsort(days[mine], kind="stable")], _MOST)
        _put_lines(axes, patients.take(order), visits_of)
        frame_title(axes, name, int((arms == name).sum()), usable=mine.size, shown=order.size)
        axes.axhline(100, color=GREY, lw=0.8)
        axes.set_xlabel("time [months]", fontsize=8)
        axes.set_xlim(left=0)
        plain_axes(axes)
    frames[0].set_yscale("log")
    frames[0].set_ylim(bottom=_LOWEST * 0.9)
    frames[0].yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    frames[0].set_ylabel("M-protein or free light chain\n[% of the first visit]", fontsize=8)
    handles = [Line2D([], [], color=colour, lw=1.6) for _, colour in _GROUPS.values()]
    legend_below(figure, handles, [f"best response {name}" for name in _GROUPS])
    return figure


def _colour(response: str) -> str:
    return next((colour for words_, colour in _GROUPS.values() if response in words_), GREY)


def _put_lines(
    axes: Axes, patients: pyarrow.Table, visits_of: Callable[[Sequence[int]], pyarrow.Table]
) -> None:
    identities = patients.column("patient").to_pylist()
    if not identities:
        return
    courses = relative_courses(patients, visits_of(identities))
    for patient, response in zip(identities, words(patients, "best_response").tolist(), strict=True):
        if patient in courses:
            days, shares = courses[patient]
            levels = np.maximum(100 * shares, _LOWEST)
            axes.plot(days / DAYS_PER_MONTH, levels, color=_colour(response), lw=0.8, alpha=0.7)
