"""Colours that people with any colour vision tell apart, and the plain look shared by all axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GREY", "INK", "OKABE_ITO", "plain_axes"]

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe M, Ito K, Color universal design, 2008; yellow is left out because it fades on white."""
INK, GREY = "#1d1d1b", "#8a8a86"


def plain_axes(axes: Axes) -> None:
    """Leave two axis lines and quiet ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, color=GREY, labelsize=7.5, length=3)
