"""The picture of an anchor: a mark per number that has a tolerance, where it belongs."""

from __future__ import annotations

import math

import pytest

from myeloniche.findings.anchors.result import AnchorRow
from myeloniche.report.anchor_plot import draw_anchor

ROWS = (
    AnchorRow("near", 2.0, 2.2, "1", "15 %", within=True),
    AnchorRow("far", 2.0, 200.0, "1", "factor 2", within=False),
    AnchorRow("bounded", None, 0.1, "1", "at least 0.8", within=False, counts=False),
    AnchorRow("only reported", None, 3.0, "h", "", within=None),
    AnchorRow("failed", 1.0, math.nan, "1", "15 %", within=False),
)


def test_each_number_with_a_tolerance_stands_over_what_is_wanted() -> None:
    (axes,) = draw_anchor(ROWS).axes
    folds = [float(line.get_xdata()[0]) for line in axes.lines[: len(ROWS) - 1]]
    assert folds == pytest.approx([1.1, 8.0, 1 / 8, 1 / 8])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["near", "far", "bounded", "failed"]


def test_bars_are_what_is_accepted() -> None:
    (axes,) = draw_anchor(ROWS).axes
    bars = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes.patches]
    assert bars == [pytest.approx(ends) for ends in [(0.85, 1.15), (0.5, 2.0), (1.0, 8.0), (0.85, 1.15)]]
