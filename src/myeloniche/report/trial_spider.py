"""The spider plot: the M-protein of each patient over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.report.palette import GREY, OKABE_ITO, plain_axes
from myeloniche.report.trial_frames import arm_frames, evenly, frame_title, legend_below
from myeloniche.trials.cohort import DAYS_PER_MONTH, arms_of, numbers, words

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_spider"]

_MOST = 60
_GROUPS = {
    "CR, VGPR or PR": (("CR", "VGPR", "PR"), OKABE_ITO[0]),
    "MR or SD": (("MR", "SD"), OKABE_ITO[4]),
    "PD or not evaluable": (("PD", ""), OKABE_ITO[1]),
}


def draw_spider(patients: pyarrow.Table, visits_of: Callable[[Sequence[int]], pyarrow.Table]) -> Figure:
    """Draw the M-protein at every visit, a line per patient, a frame per arm; sixty of an arm at most.

    Parameters
    ----------
    patients
        A row per patient.
    visits_of
        Returns the visits of some patients.
    """
    from matplotlib.lines import Line2D

    arms, days = words(patients, "arm"), numbers(patients, "pfs_days")
    best, identities = words(patients, "best_response"), numbers(patients, "patient").astype(np.int64)
    names = arms_of(patients)
    figure, frames = arm_frames(names, width=3.6, height=2.9)
    for axes, name in zip(frames, names, strict=True):
        mine = np.flatnonzero((arms == name) & np.isfinite(days))
        order = evenly(mine[np.argsort(days[mine], kind="stable")], _MOST)
        colours = {int(identities[row]): _colour(str(best[row])) for row in order}
        _put_lines(axes, visits_of(list(colours)), colours)
        frame_title(axes, name, int((arms == name).sum()), usable=mine.size, shown=order.size)
        axes.set_xlabel("time [months]", fontsize=8)
        axes.set_xlim(left=0)
        plain_axes(axes)
    frames[0].set_ylim(bottom=0)
    frames[0].set_ylabel("serum M-protein [g/L]", fontsize=8)
    handles = [Line2D([], [], color=colour, lw=1.6) for _, colour in _GROUPS.values()]
    legend_below(figure, handles, [f"best response {name}" for name in _GROUPS])
    return figure


def _colour(response: str) -> str:
    return next((colour for words_, colour in _GROUPS.values() if response in words_), GREY)


def _put_lines(axes: Axes, visits: pyarrow.Table, colours: dict[int, str]) -> None:
    identities = numbers(visits, "patient").astype(np.int64)
    months, levels = numbers(visits, "day") / DAYS_PER_MONTH, numbers(visits, "m_protein_g_L")
    for patient, colour in colours.items():
        mine = np.flatnonzero(identities == patient)
        mine = mine[np.argsort(months[mine])]
        axes.plot(months[mine], levels[mine], color=colour, lw=0.8, alpha=0.7)
