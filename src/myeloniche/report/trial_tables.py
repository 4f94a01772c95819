"""The tables of a trial: responses, times to event and side effects per arm, as text and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from myeloniche.report.trial_survival import median_words
from myeloniche.report.words import percent, pretty
from myeloniche.trials.analysis.response import RESPONSES, ArmRow, Share
from myeloniche.trials.analysis.survival import SurvivalCurve

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["response_text", "survival_text", "write_responses"]

_SHARES = {"overall": "at least PR", "very_good": "at least VGPR", "complete": "CR"}


def response_text(rows: Sequence[ArmRow]) -> Table:
    """Return responses and side effects with an arm per column."""
    from rich.table import Table

    table = Table(title="\nBest response", title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("")
    for row in rows:
        table.add_column(f"{pretty(row.arm)} (n = {row.patients})", justify="right")
    for response in RESPONSES:
        table.add_row(response, *(str(row.best[response]) for row in rows))
    table.add_row("not evaluable", *(str(row.failed) for row in rows))
    for name, label in _SHARES.items():
        table.add_row(label, *(_share(getattr(row, name)) for row in rows))
    for grade in sorted({grade for row in rows for grade in row.neuropathy}):
        table.add_row(f"neuropathy, grade {grade} up", *(_share(row.neuropathy[grade]) for row in rows))
    table.add_row("median dose intensity", *(percent(row.dose_intensity) for row in rows))
    for cause in sorted({cause for row in rows for cause in row.relapses}):
        table.add_row(f"relapse by {pretty(cause)}", *(str(row.relapses.get(cause, 0)) for row in rows))
    return table


def survival_text(endpoint: str, curves: Mapping[str, SurvivalCurve]) -> Table:
    """Return a line per arm: patients, events, median."""
    from rich.table import Table

    title = f"\n{endpoint[0].upper()}{endpoint[1:]}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column("arm", overflow="fold")
    table.add_column("patients", justify="right")
    table.add_column("events", justify="right")
    table.add_column("median, 95 % interval", justify="right")
    for name, curve in curves.items():
        table.add_row(pretty(name), str(curve.patients), str(curve.events), median_words(curve))
    return table


def write_responses(rows: Sequence[ArmRow], path: Path) -> None:
    """Write a line per arm and row of the table: count, total, share and Wilson interval."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("arm", "what", "count", "patients", "share", "low", "high"))
        for row in rows:
            for response in (*RESPONSES, "not evaluable"):
                count = row.failed if response == "not evaluable" else row.best[response]
                writer.writerow((row.arm, response, count, row.patients, count / row.patients, "", ""))
            shares = {label: getattr(row, name) for name, label in _SHARES.items()}
            shares |= {f"neuropathy grade {grade} up": share for grade, share in row.neuropathy.items()}
            for label, share in shares.items():
                writer.writerow(
                    (row.arm, label, share.count, share.total, share.value, share.low, share.high)
                )
            writer.writerow((row.arm, "median dose intensity", "", row.patients, row.dose_intensity, "", ""))
            for cause, count in row.relapses.items():
                writer.writerow(
                    (row.arm, f"relapse by {cause}", count, row.patients, count / row.patients, "", "")
                )


def _share(share: Share) -> str:
    return f"{share.count} = {percent(share.value)} ({percent(share.low)} to {percent(share.high)})"
