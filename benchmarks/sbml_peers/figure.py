"""The work-precision figure: CPU time per member against the error achieved, over the tolerances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sbml_peers.rows import Row, SweepRow
from myeloniche.report.palette import GREY, INK, OKABE_ITO, plain_axes

__all__ = ["common_models", "draw"]

SHOWN = (
    "Bachmann_MSB2011",
    "Fujita_SciSignal2010",
    "SalazarCavazos_MBoC2020",
    "Smith_BMCSystBiol2013",
    "BIOMD0000000151",
    "Chen_MSB2009",
)
SINGLE = "myeloniche, one at a time"
MARKERS = ("o", "o", "s", "^", "D", "v")
MARKED = 1e-6

Curve = list[SweepRow]
Curves = Mapping[str, Mapping[str, Curve]]


def draw(rows: Sequence[Row], points: Sequence[SweepRow], path: Path) -> None:
    """Write the figure: the median over models that all have in common, and some models by themselves."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    curves = _curves(points)
    labels = list(dict.fromkeys(_label(point) for point in points))
    style = {label: _style(label, labels) for label in labels}
    shown = [name for name in SHOWN if name in curves] or sorted(curves)[:6]
    figure = plt.figure(figsize=(10.0, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.0, 1.5))
    _median_panel(left.subplots(), curves, labels, style)
    columns = 3
    grid = list(right.subplots(-(-len(shown) // columns), columns, squeeze=False).flat)
    for axes, name in zip(grid, shown, strict=False):
        row = next(row for row in rows if row.model == name)
        _model_panel(axes, row, curves[name], style)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    right.supylabel("CPU time per member [ms]", fontsize=8, color=INK)
    right.supxlabel("error of the median member [1]", fontsize=8, color=INK)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def common_models(points: Sequence[SweepRow]) -> list[str]:
    """Return the models for which every curve has every tolerance, with most members at the end."""
    curves = _curves(points)
    wanted = {_label(point) for point in points}
    tolerances = {point.rtol for point in points}
    return [
        model
        for model, found in curves.items()
        if all({p.rtol for p in found.get(label, []) if _finished(p)} == tolerances for label in wanted)
    ]


def _median_panel(axes: Any, curves: Curves, labels: Sequence[str], style: Mapping[str, Any]) -> None:
    points = [point for found in curves.values() for curve in found.values() for point in curve]
    common = common_models(points)
    for label in labels:
        by_tolerance = [
            [point for model in common for point in curves[model][label] if point.rtol == rtol]
            for rtol in sorted({point.rtol for point in points}, reverse=True)
        ]
        xs = [float(np.median([p.error_median for p in group])) for group in by_tolerance if group]
        ys = [float(np.median([p.cpu_ms for p in group])) for group in by_tolerance if group]
        axes.plot(xs, ys, label=label, **style[label])
    axes.set_title(f"median of {len(common)} models", fontsize=9, color=INK, loc="left")
    axes.set_xlabel("error of the median member [1]", fontsize=8, color=INK)
    axes.set_ylabel("CPU time per member [ms]", fontsize=8, color=INK)
    _log(axes)
    axes.figure.legend(loc="outside lower center", ncols=2, fontsize=7.5, frameon=False)


def _model_panel(axes: Any, row: Row, found: Mapping[str, Curve], style: Mapping[str, Any]) -> None:
    for label, curve in found.items():
        good = [point for point in curve if _finished(point)]
        axes.plot([p.error_median for p in good], [p.cpu_ms for p in good], **style[label])
        at = [p for p in good if p.rtol == MARKED]
        axes.plot(
            [p.error_median for p in at], [p.cpu_ms for p in at], "o", ms=8, mfc="none", mec=GREY, mew=0.8
        )
    _log(axes)
    lowest = axes.get_xlim()[1]
    if row.uncertainty > lowest:
        axes.axvspan(lowest, row.uncertainty, color=GREY, alpha=0.15, lw=0)
        axes.set_xlim(right=lowest)
    author = row.model.partition("_")[0]
    axes.set_title(f"{author}, {row.states} states", fontsize=7, color=INK, loc="left")


def _log(axes: Any) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.invert_xaxis()
    plain_axes(axes)


def _curves(points: Sequence[SweepRow]) -> dict[str, dict[str, Curve]]:
    """Return the points by model and label, the loosest tolerance first."""
    curves: dict[str, dict[str, Curve]] = {}
    for point in sorted(points, key=lambda point: -point.rtol):
        curves.setdefault(point.model, {}).setdefault(_label(point), []).append(point)
    return curves


def _finished(point: SweepRow) -> bool:
    """Say whether most members came to the end."""
    return point.error_median == point.error_median and 2 * point.failed < point.members


def _label(point: SweepRow) -> str:
    return SINGLE if point.simulator == "myeloniche" and not point.together else point.simulator


def _style(label: str, labels: Sequence[str]) -> dict[str, Any]:
    names = [name for name in labels if name != SINGLE]
    place = names.index("myeloniche") if label == SINGLE else names.index(label)
    return {
        "color": OKABE_ITO[place],
        "marker": MARKERS[place + 1],
        "markersize": 3.5,
        "linewidth": 1.2,
        "linestyle": "--" if label == SINGLE else "-",
        "markerfacecolor": "white" if label == SINGLE else OKABE_ITO[place],
    }
