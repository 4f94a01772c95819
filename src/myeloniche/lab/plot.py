"""A plain figure of a result; the report floor draws blots and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from myeloniche.lab.readouts.instrument import INSTRUMENTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from myeloniche.lab.result import ExperimentResult

__all__ = ["plot_result"]

_PANEL_INCHES = (3.4, 2.6)
_PANELS_PER_ROW = 3


def plot_result(result: ExperimentResult) -> Figure:
    """Return a figure with one panel per readout: curves over time, or bars for a single time."""
    from matplotlib.figure import Figure

    labels = list(dict.fromkeys(label for by_label in result.arms.values() for label in by_label))
    columns = min(len(labels), _PANELS_PER_ROW)
    rows = -(-len(labels) // columns)
    figure = Figure(figsize=(columns * _PANEL_INCHES[0], rows * _PANEL_INCHES[1]), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for label, panel in zip(labels, axes, strict=False):
        _panel(panel, result, label)
    for panel in axes[len(labels) :]:
        panel.set_axis_off()
    figure.suptitle(result.experiment.title)
    return figure


def _panel(panel: Axes, result: ExperimentResult, label: str) -> None:
    """Draw one readout of all arms."""
    arms = [arm for arm, by_label in result.arms.items() if label in by_label]
    shown = [result.shown(arm, label) for arm in arms]
    series = result.arms[arms[0]][label]
    if all(values.size == 1 for values in shown):
        panel.bar(arms, [float(values[0]) for values in shown], color="0.4")
        panel.tick_params(axis="x", labelrotation=90 if len(arms) > 2 else 0)
    else:
        for arm, values in zip(arms, shown, strict=True):
            times = result.arms[arm][label].times_h
            panel.plot(times, values, marker="o" if times.size < 20 else "", label=arm)
        panel.set_xlabel("time [h]")
        panel.legend(fontsize="small")
    if np.all(np.concatenate(shown) >= 0):
        panel.set_ylim(bottom=0)
    panel.set_title(label)
    panel.set_ylabel(INSTRUMENTS[series.instrument].unit or series.unit)
