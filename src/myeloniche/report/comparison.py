"""Arms side by side as a table, as numbers in a file, and as one figure per readout."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from myeloniche.lab.compare import ComparedRow, Comparison, Interval
from myeloniche.report.palette import GREY, INK, OKABE_ITO, plain_axes
from myeloniche.report.words import number, percent, pretty

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

__all__ = ["comparison_tables", "draw_comparison", "write_comparison"]

_WIDTH, _ROW, _FRAME = 6.2, 0.27, 1.0
_COLUMNS = ("cell", "readout", "arm", "time_h", "unit", "level", "level_low", "level_high", "reference",
            "ratio", "ratio_low", "ratio_high", "share_of_sets_above")  # fmt: skip


def comparison_tables(comparison: Comparison) -> list[Table]:
    """Return a table per readout and cell row: level and fold of the reference, with intervals."""
    keys = dict.fromkeys((row.readout, row.cell) for row in comparison.rows)
    return [
        _table(comparison, [row for row in comparison.rows if (row.readout, row.cell) == key]) for key in keys
    ]


def _table(comparison: Comparison, rows: Sequence[ComparedRow]) -> Table:
    from rich.table import Table

    what = f"{rows[0].readout}, {rows[0].cell}" if rows[0].cell else rows[0].readout
    title = f"\n{pretty(what)} [dim]{pretty(rows[0].unit)}[/dim]"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("arm", overflow="fold")
    for name in ("h", "level", "5 to 95 %", f"of {pretty(comparison.reference)}", "5 to 95 %", "above"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        numbers = (number(row.level.value), _span(row.level), number(row.ratio.value), _span(row.ratio))
        table.add_row(pretty(row.arm), number(row.time_h), *numbers, percent(row.rising))
    return table


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write ``comparison.csv`` and one figure per readout into a folder, making it if needed."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "comparison.csv"]
    with paths[0].open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for row in comparison.rows:
            what = (row.cell, row.readout, row.arm, row.time_h, row.unit)
            writer.writerow(
                (*what, *_numbers(row.level), comparison.reference, *_numbers(row.ratio), row.rising)
            )
    for readout in dict.fromkeys(row.readout for row in comparison.rows):
        path = folder / f"{_stem(readout)}.png"
        draw_comparison(comparison, readout).savefig(path, dpi=160)
        paths.append(path)
    return paths


def draw_comparison(comparison: Comparison, readout: str) -> Figure:
    """Draw one readout of all arms: folds of the reference arm on a logarithmic axis, or courses over time.

    Parameters
    ----------
    comparison
        Arms side by side.
    readout
        Which readout, with its cell type as the rows have it.
    """
    from matplotlib.figure import Figure

    mine = [row for row in comparison.rows if row.readout == readout]
    cells = list(dict.fromkeys(row.cell for row in mine))
    timed = len({row.time_h for row in mine}) > 1
    arms = list(dict.fromkeys(row.arm for row in mine))
    height = 2.6 if timed else _FRAME + _ROW * len(arms)
    figure = Figure(figsize=(_WIDTH, height * len(cells)), layout="constrained")
    for axes, cell in zip(figure.subplots(len(cells), 1, squeeze=False).ravel(), cells, strict=True):
        here = [row for row in mine if row.cell == cell]
        (_courses if timed else _folds)(axes, here, comparison)
        axes.set_title(pretty(f"{readout}, {cell}" if cell else readout), fontsize=9, loc="left", color=INK)
        plain_axes(axes)
    return figure


def _folds(axes: Axes, rows: Sequence[ComparedRow], comparison: Comparison) -> None:
    places = range(len(rows))
    values = [row.ratio.value for row in rows]
    if any(math.isfinite(row.ratio.low) for row in rows):
        axes.hlines(
            places,
            [row.ratio.low for row in rows],
            [row.ratio.high for row in rows],
            color=OKABE_ITO[5],
            lw=5,
        )
    axes.plot(values, places, "o", color=OKABE_ITO[0], ms=5)
    axes.axvline(1.0, color=GREY, lw=0.8, zorder=0)
    axes.set_yticks(places, [pretty(row.arm) for row in rows])
    axes.invert_yaxis()
    if all(value > 0 for value in values if math.isfinite(value)):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if _few_decades(values) else "")
    unit = pretty(rows[0].unit)
    axes.set_xlabel(
        f"fold of {pretty(comparison.reference)} ({_reference(rows, comparison)} {unit})", fontsize=8
    )
    axes.tick_params(axis="x", which="both", labelsize=7.5)
    axes.margins(y=0.2)


def _courses(axes: Axes, rows: Sequence[ComparedRow], comparison: Comparison) -> None:
    for place, arm in enumerate(dict.fromkeys(row.arm for row in rows)):
        mine = [row for row in rows if row.arm == arm]
        times, colour = [row.time_h for row in mine], OKABE_ITO[place % len(OKABE_ITO)]
        axes.plot(
            times, [row.level.value for row in mine], "o-", color=colour, ms=3, lw=1.4, label=pretty(arm)
        )
        if comparison.sets:
            lows, highs = [row.level.low for row in mine], [row.level.high for row in mine]
            axes.fill_between(times, lows, highs, color=colour, alpha=0.2, lw=0)
    axes.set_xlabel("time [h]", fontsize=8)
    axes.set_ylabel(pretty(rows[0].unit), fontsize=8)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _reference(rows: Sequence[ComparedRow], comparison: Comparison) -> str:
    return next((number(row.level.value) for row in rows if row.arm == comparison.reference), "–")


def _few_decades(values: Sequence[float]) -> bool:
    finite = [value for value in values if math.isfinite(value)]
    return bool(finite) and max(finite) / min(finite) < 5


def _stem(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")


def _numbers(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high


def _span(interval: Interval) -> str:
    return f"{number(interval.low)} to {number(interval.high)}" if math.isfinite(interval.low) else ""
