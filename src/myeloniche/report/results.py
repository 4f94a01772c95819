"""The outcome of an experiment as a table, as plain values for JSON, and as files."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from myeloniche.lab.result import ExperimentResult
from myeloniche.report.pictures import Film, draw_film
from myeloniche.report.words import number, pretty

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["result_as_dict", "result_table", "write_results"]


def result_table(result: ExperimentResult) -> Table:
    """Return one row per arm and time, one column per readout, as the instruments show them."""
    from rich.table import Table
    from rich.text import Text

    records = result.records()
    labels = {_label(record): str(record["shown_unit"]) for record in records}
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("arm", no_wrap=True)
    table.add_column(Text("time [h]"), justify="right")
    for label, unit in labels.items():
        table.add_column(f"{pretty(label)}\n{pretty(unit)}", justify="right")
    rows: dict[tuple[str, float], dict[str, str]] = {}
    for record in records:
        rows.setdefault((record["arm"], record["time_h"]), {})[_label(record)] = number(record["shown"])
    for (arm, time_h), cells in rows.items():
        table.add_row(pretty(arm), number(time_h), *(cells.get(label, "") for label in labels))
    if result.failed:
        table.caption = f"{result.failed} simulated dishes failed: {result.status_counts}"
    return table


def result_as_dict(result: ExperimentResult) -> dict[str, Any]:
    """Return a result as plain values; numbers that are not finite become None."""
    return {
        "title": result.experiment.title,
        "source": result.experiment.source,
        "cell": result.experiment.cell,
        "statuses": {arm: list(statuses) for arm, statuses in result.statuses.items()},
        "records": [{key: _finite(value) for key, value in record.items()} for record in result.records()],
        "references": list(result.references()),
    }


def write_results(results: Sequence[ExperimentResult], folder: str | Path) -> list[Path]:
    """Write the pictures and the numbers of one experiment file into a folder, making it if needed.

    Parameters
    ----------
    results
        One per cell row, or a single one.
    folder
        Where to write.

    Returns
    -------
    The files written, named after the experiment: a table and the pictures.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stem = _stem(results[0])
    paths = [folder / f"{stem}.csv"]
    records = [{"cell": result.experiment.cell} | record for result in results for record in result.records()]
    _write_csv(paths[0], records)
    films = [Film(result, result, result.experiment.cell) for result in results]
    for count, picture in enumerate(draw_film(films), start=1):
        path = folder / f"{stem}-{count}{picture.suffix}"
        path.write_bytes(picture.content)
        paths.append(path)
    return paths


def _write_csv(path: Path, records: Sequence[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def _label(record: dict[str, Any]) -> str:
    return f"{record['readout']} in {record['cells']}" if record["cells"] else str(record["readout"])


def _stem(result: ExperimentResult) -> str:
    name = Path(result.experiment.name).stem or result.experiment.title
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "experiment"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
