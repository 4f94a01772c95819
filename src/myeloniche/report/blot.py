"""Virtual western blots: bands whose darkness follows the simulated amount, as film would show it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Annotation", "BlotBlock", "BlotGroup", "BlotRow", "draw_blots", "film_strip"]

# Layout in inches, pixels per lane and strip, and the look of film; nothing here is data.
_LANE, _STRIP, _GAP, _LINE, _MARGIN = 0.34, 0.27, 0.14, 0.19, 0.08
_LANE_PIXELS, _STRIP_PIXELS = 44, 36
_WIDE, _LETTER = 5, 0.072
_LABEL_LETTER, _LABEL_LINE_LETTER, _TITLE_LETTER = 0.075, 0.068, 0.072
_SATURATION, _PAPER, _GRAIN = 1.6, 0.945, 0.012
_EDGE, _SOFTNESS, _THICKNESS, _SMILE = 0.13, 0.028, 0.17, 0.07
_INK, _FRAME = "#1d1d1b", "#8a8a86"


@dataclass(frozen=True)
class BlotRow:
    """One probed protein on one film.

    Parameters
    ----------
    label
        Name of the protein.
    amounts
        Amount per lane (any unit; NaN if a simulation failed).
    darkest
        Amount that makes the film black [same unit], the highest of all lanes exposed together.
    """

    label: str
    amounts: tuple[float, ...]
    darkest: float


@dataclass(frozen=True)
class Annotation:
    """One line over the lanes, for example ``LLZ1640-2 (µM)`` with ``−``, ``1``, ``5``."""

    label: str
    marks: tuple[str, ...]

    @property
    def upright(self) -> bool:
        """Whether the marks are too long to stand side by side."""
        return max(len(mark) for mark in self.marks) > _WIDE

    @property
    def height(self) -> float:
        """Height of the line [inch]."""
        return max(len(mark) for mark in self.marks) * _LETTER + 0.06 if self.upright else _LINE


@dataclass(frozen=True)
class BlotGroup:
    """Lanes that stand together: a title, lines over the lanes, and the proteins probed."""

    title: str
    annotations: tuple[Annotation, ...]
    rows: tuple[BlotRow, ...]
    loading: str = "β-actin"

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.rows[0].amounts)

    @property
    def width(self) -> float:
        """Width [inch], of the lanes or of a title that is wider."""
        return max(self.lanes * _LANE, len(self.title) * _TITLE_LETTER)


@dataclass(frozen=True)
class BlotBlock:
    """Groups that stand side by side and show the same proteins."""

    groups: tuple[BlotGroup, ...]

    @property
    def width(self) -> float:
        """Width [inch], label column and margins included."""
        lanes = sum(group.width for group in self.groups)
        return self.label + lanes + (len(self.groups) - 1) * _GAP + _MARGIN

    @property
    def label(self) -> float:
        """Width of the column of labels [inch]."""
        first = self.groups[0]
        rows = max(len(label) for label in (first.loading, *(row.label for row in first.rows)))
        lines = max((len(line.label) for line in first.annotations), default=0)
        return max(rows * _LABEL_LETTER, lines * _LABEL_LINE_LETTER) + 0.2

    @property
    def height(self) -> float:
        """Height [inch]."""
        first = self.groups[0]
        lines = sum(line.height for line in first.annotations)
        return _LINE * _title_lines(self) + lines + (len(first.rows) + 1) * (_STRIP + 0.06)


def film_strip(relative: Sequence[float], *, rng: np.random.Generator | None = None) -> np.ndarray:
    """Return the picture of one strip of film.

    Parameters
    ----------
    relative
        Amount per lane as a share of the darkest lane; NaN leaves the lane empty.
    rng
        Source of the film's grain; None for film without grain.

    Returns
    -------
    Brightness, rows by columns, from 0 (black) to 1 (white).

    Notes
    -----
    Film darkens as ``1 - exp(-k amount)``: it saturates, so a band twice as strong looks less
    than twice as dark, and strong bands look thicker, as on a real film.
    """
    amounts = np.nan_to_num(np.asarray(relative, dtype=float), nan=0.0)
    exposure = np.kron(amounts, _band()).clip(0)
    darkness = -np.expm1(-_SATURATION * exposure) / -math.expm1(-_SATURATION)
    strip = _PAPER * (1 - 0.97 * darkness)
    if rng is not None:
        strip = strip + rng.normal(0, _GRAIN, strip.shape)
    return np.asarray(strip.clip(0, 1))


def draw_blots(blocks: Sequence[BlotBlock]) -> Figure:
    """Draw blots as one figure, block under block.

    Parameters
    ----------
    blocks
        What to draw; see :class:`BlotBlock`.

    Returns
    -------
    A figure in its natural size; nothing is shown and no state of pyplot is touched.
    """
    from matplotlib.figure import Figure

    label = max(block.label for block in blocks)
    width = max(block.width - block.label for block in blocks) + label
    gap = 0.22
    height = sum(block.height for block in blocks) + gap * (len(blocks) - 1) + 2 * _MARGIN
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    rng = np.random.default_rng(0)
    top = height - _MARGIN
    for block in blocks:
        _draw_block(axes, block, (label, top), rng)
        top -= block.height + gap
    return figure


def _band() -> np.ndarray:
    """Return one band: flat across the lane with soft ends, a slight smile, a bell down the film."""
    x = (np.arange(_LANE_PIXELS) + 0.5) / _LANE_PIXELS
    y = (np.arange(_STRIP_PIXELS)[:, None] + 0.5) / _STRIP_PIXELS
    across = 1 / (1 + np.exp((_EDGE - x) / _SOFTNESS)) / (1 + np.exp((x - 1 + _EDGE) / _SOFTNESS))
    centre = 0.53 - _SMILE * (2 * x - 1) ** 2
    return np.asarray(across * np.exp(-(((y - centre) / _THICKNESS) ** 2)))


def _title_lines(block: BlotBlock) -> int:
    return int(any(group.title for group in block.groups))


def _draw_block(axes: Axes, block: BlotBlock, corner: tuple[float, float], rng: np.random.Generator) -> None:
    left, top = corner
    for number, group in enumerate(block.groups):
        _draw_group(axes, group, (left, top), rng, titled=bool(_title_lines(block)), labelled=number == 0)
        left += group.width + _GAP


def _draw_group(
    axes: Axes,
    group: BlotGroup,
    corner: tuple[float, float],
    rng: np.random.Generator,
    *,
    titled: bool,
    labelled: bool,
) -> None:
    left, top = corner
    right = left + group.lanes * _LANE
    if titled:
        # a title wider than its lanes starts with them and runs on into the space kept for it
        place, side = (
            (left, "left") if group.width > right - left + _MARGIN else ((left + right) / 2, "center")
        )
        axes.text(place, top - 0.04, group.title, ha=side, va="top", fontsize=8.5, color=_INK)
        axes.plot([left + 0.04, right - 0.04], [top - _LINE] * 2, color=_FRAME, linewidth=0.6)
        top -= _LINE
    for line in group.annotations:
        _draw_annotation(axes, line, left, top, labelled=labelled)
        top -= line.height
    for row in (*group.rows, BlotRow(group.loading, (1.0,) * group.lanes, 1.0)):
        _draw_strip(axes, row, left, top - 0.06, rng)
        if labelled:
            axes.text(left - 0.09, top - 0.06 - _STRIP / 2, row.label, ha="right", va="center", fontsize=8.5)
        top -= _STRIP + 0.06


def _draw_annotation(axes: Axes, line: Annotation, left: float, top: float, *, labelled: bool) -> None:
    middle = top - line.height / 2 - 0.02
    if labelled:
        axes.text(left - 0.09, middle, line.label, ha="right", va="center", fontsize=7.5, color="#4a4a46")
    for lane, mark in enumerate(line.marks):
        place = (left + (lane + 0.5) * _LANE, top - line.height + 0.01 if line.upright else middle)
        bottom = "bottom" if line.upright else "center"
        axes.text(*place, mark, ha="center", va=bottom, fontsize=8, color=_INK, rotation=90 * line.upright)


def _draw_strip(axes: Axes, row: BlotRow, left: float, top: float, rng: np.random.Generator) -> None:
    relative = [amount / row.darkest if row.darkest > 0 else 0.0 for amount in row.amounts]
    extent = (left, left + len(relative) * _LANE, top - _STRIP, top)
    axes.imshow(
        film_strip(relative, rng=rng), extent=extent, cmap="gray", vmin=0, vmax=1, aspect="auto",
        interpolation="bilinear",
    )  # fmt: skip
    x0, x1, y0, y1 = extent
    axes.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color=_FRAME, linewidth=0.7)
    for lane, amount in enumerate(row.amounts):
        if not math.isfinite(amount):
            axes.text(
                left + (lane + 0.5) * _LANE,
                top - _STRIP / 2,
                "failed",
                ha="center",
                va="center",
                fontsize=5.5,
            )
