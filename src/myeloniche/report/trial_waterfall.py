"""The waterfall: each patient's best change of the tumour marker, deepest last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from myeloniche.report.palette import GREY, INK, plain_axes
from myeloniche.report.trial_frames import (
    RESPONSE_COLOURS,
    arm_frames,
    evenly,
    frame_title,
    legend_below,
    responses_present,
)
from myeloniche.trials.analysis.cohort import Floats, arms_of, words

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure

__all__ = ["draw_waterfall"]

_MOST, _FEW = 300, 60
_HIGHEST = 100.0  # per cent; what rises further is cut there
_LEVELS = {"MR": -25.0, "PR": -50.0, "VGPR": -90.0}


def draw_waterfall(patients: pyarrow.Table, changes: Floats) -> Figure:
    """Draw the best change of each patient, a frame per arm.

    Parameters
    ----------
    patients
        A row per patient.
    changes
        Best change of each [1]; NaN where there is none, and such patients are counted in the title.
    """
    from matplotlib.patches import Patch

    arms, best = words(patients, "arm"), words(patients, "best_response")
    names = arms_of(patients)
    figure, frames = arm_frames(names, width=3.6, height=2.9, entries=len(RESPONSE_COLOURS))
    for axes, name in zip(frames, names, strict=True):
        mine = np.flatnonzero((arms == name) & np.isfinite(changes))
        order = evenly(mine[np.argsort(-changes[mine], kind="stable")], _MOST)
        heights = np.minimum(100 * changes[order], _HIGHEST)
        colours = [RESPONSE_COLOURS.get(word, RESPONSE_COLOURS[""]) for word in best[order].tolist()]
        axes.bar(
            np.arange(order.size), heights, width=1.0 if order.size > _FEW else 0.85, color=colours, lw=0
        )
        for label, level in _LEVELS.items():
            axes.axhline(level, color=GREY, lw=0.6, ls=":")
            where = axes.get_yaxis_transform()
            axes.text(1.01, level, label, fontsize=7, color=INK, va="center", transform=where)
        axes.axhline(0, color=GREY, lw=0.8)
        axes.set_xticks([])
        axes.set_xlim(-0.6, max(order.size, 1) - 0.4)
        frame_title(axes, name, int((arms == name).sum()), usable=mine.size, shown=order.size)
        plain_axes(axes)
        axes.spines["bottom"].set_visible(False)
    frames[0].set_ylim(bottom=-103)
    frames[0].set_ylabel("best change of M-protein or\nfree light chain [%]", fontsize=8)
    present = responses_present(best.tolist())
    legend_below(
        figure,
        [Patch(color=RESPONSE_COLOURS[response]) for response in present],
        [response or "not evaluable" for response in present],
    )
    return figure
