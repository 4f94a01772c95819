"""Write ``docs/benchmarks.md`` and its figure from the tables of a run.

python -m benchmarks.sbml_peers.page
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined

from benchmarks.sbml_peers.figure import common_models, draw
from benchmarks.sbml_peers.rows import MachineRow, Row, SweepRow, machine_file, read_rows, sweep_file

__all__ = ["page"]

WORDS = Path(__file__).with_name("page.md.jinja")
RESULTS = Path("benchmarks/results/sbml_peers.csv")
DOSING = Path("benchmarks/results/daily_dosing.csv")
PAGE = Path("docs/benchmarks.md")
FIGURE = Path("docs/figures/work_precision.png")
OURS, YARDSTICK = "myeloniche", "libRoadRunner"
NOTHING = "-"
EVERYBODY = 200

Measured = Mapping[tuple[str, str], Row]


def page(
    rows: Sequence[Row],
    points: Sequence[SweepRow],
    machine: Sequence[MachineRow],
    dosing: Sequence[Mapping[str, str]] = (),
) -> str:
    """Return the page as Markdown; the rows of daily doses are as their benchmark wrote them."""
    measured = {(row.model, row.simulator): row for row in rows}
    models = list(dict.fromkeys(row.model for row in rows))
    simulators = list(dict.fromkeys(row.simulator for row in rows))
    template = Environment(undefined=StrictUndefined, keep_trailing_newline=True).from_string(
        WORDS.read_text("utf-8")
    )
    return template.render(
        ensemble=_spread(_ratios(measured, models, OURS, lambda row: row.batch_ms)),
        accurate=_spread(_accurate_ratios(measured, points, models)),
        single=_spread(_ratios(measured, models, OURS, lambda row: row.single_mean_ms)),
        compared=len(_ratios(measured, models, OURS, lambda row: row.batch_ms)),
        failed=_failures(measured, models),
        duel=_duel(measured, points, models),
        overview=_overview(measured, models, simulators),
        everyone=_everyone(measured, models, simulators),
        missing=[row for row in rows if row.status != "ok"],
        starts=_starts(measured, models, simulators),
        common=len(common_models(points)) if points else 0,
        figure=FIGURE.relative_to(PAGE.parent).as_posix(),
        dosing=_dosing(dosing),
        doses=dosing[0] if dosing else {},
        facts=[MachineRow(fact.what.removeprefix("version of "), fact.value) for fact in machine],
    )


def _failures(measured: Measured, models: Sequence[str]) -> str:
    ours = [measured[model, OURS] for model in models if (model, OURS) in measured]
    return f"{sum(row.failed for row in ours)} of {sum(row.members for row in ours)}"


def _no_less_accurate(points: Sequence[SweepRow], ours: Row, theirs: Row) -> float:
    """Return our quickest time per member [ms] at a tolerance whose errors are no larger than theirs."""
    if not _comparable(ours, theirs):
        return np.nan
    tried = [
        (point.cpu_ms, point.failed, point.error_median, point.error_largest)
        for point in points
        if (point.model, point.simulator, point.together) == (ours.model, OURS, True)
    ]
    tried.append((ours.batch_ms, ours.failed, ours.error_median, ours.error_largest))
    return min(
        (
            time
            for time, failed, middle, worst in tried
            if not failed and middle <= theirs.error_median and worst <= theirs.error_largest
        ),
        default=np.nan,
    )


def _accurate_ratios(measured: Measured, points: Sequence[SweepRow], models: Sequence[str]) -> list[float]:
    pairs = [(measured.get((m, OURS)), measured.get((m, YARDSTICK))) for m in models]
    times = [
        (theirs.batch_ms, _no_less_accurate(points, ours, theirs))
        for ours, theirs in pairs
        if ours is not None and theirs is not None
    ]
    return [theirs / ours for theirs, ours in times if ours == ours]


def _duel(measured: Measured, points: Sequence[SweepRow], models: Sequence[str]) -> str:
    head = [
        "model",
        "states",
        "reactions",
        "parameters",
        "libRoadRunner, ms",
        "one at a time, ms",
        "ensemble, ms",
    ]
    head += [
        "ratio, one",
        "ratio, ensemble",
        "ratio, no less accurate",
        "libRoadRunner, error",
        "ours, error",
    ]
    body = []
    for model in models:
        ours, theirs = (measured.get((model, name)) for name in (OURS, YARDSTICK))
        if ours is None or theirs is None:
            continue
        numbers = [theirs.batch_ms, ours.single_mean_ms, ours.batch_ms]
        rivals = [*numbers[1:], _no_less_accurate(points, ours, theirs)]
        ratios = [theirs.batch_ms / time if _comparable(ours, theirs) else np.nan for time in rivals]
        errors = [_errors(theirs), _errors(ours)]
        size = [str(ours.states), str(ours.reactions), str(ours.parameters)]
        body.append([model, *size, *map(_number, numbers), *map(_ratio, ratios), *errors])
    return _table(head, body, text=1)


def _overview(measured: Measured, models: Sequence[str], simulators: Sequence[str]) -> str:
    head = ["simulator", "models done", "ratio, median", "least", "most", "error, median of models", "failed"]
    body = []
    for name in simulators:
        done = [measured[m, name] for m in models if (m, name) in measured and _done(measured[m, name])]
        counts = [
            f"{len(done)} of {len(models)}",
            _error(float(np.nanmedian([row.error_median for row in done]))) if done else NOTHING,
            f"{sum(row.failed for row in done)} of {sum(row.members for row in done)}",
        ]
        for label, time in _ways(name, done).items():
            ratios = _ratios(measured, models, name, time)
            spread = [float(np.median(ratios)), min(ratios), max(ratios)] if ratios else [np.nan] * 3
            body.append([label, counts[0], *map(_ratio, spread), *counts[1:]])
    return _table(head, body, text=1)


def _ways(name: str, done: Sequence[Row]) -> dict[str, Callable[[Row], float]]:
    """Return the times by which a simulator may be judged, by what to call it then."""
    ways: dict[str, Callable[[Row], float]] = {name: lambda row: row.batch_ms}
    if name == OURS:
        ways[f"{name}, one member at a time"] = lambda row: row.single_mean_ms
    if any(row.solving_ms == row.solving_ms for row in done):
        ways[f"{name}, its integrator alone"] = lambda row: row.solving_ms
    return ways


def _everyone(measured: Measured, models: Sequence[str], simulators: Sequence[str]) -> str:
    body = [[model, *(_cell(measured.get((model, name))) for name in simulators)] for model in models]
    return _table(["ms per member (error)", *simulators], body, text=1)


def _cell(row: Row | None) -> str:
    if row is None or not _done(row):
        return NOTHING
    fewer = f", {row.members} members" if row.members < EVERYBODY else ""
    failed = f", {row.failed} failed" if row.failed else ""
    return f"{_number(row.batch_ms)} ({_error(row.error_median)}{fewer}{failed})"


def _starts(measured: Measured, models: Sequence[str], simulators: Sequence[str]) -> str:
    names = [name for name in simulators if any(_started(measured.get((m, name))) for m in models)]
    head = ["cold / warm, s", *names]
    body = [[m, *(_start(measured.get((m, name))) for name in names)] for m in models]
    middle = ["**median**"]
    for name in names:
        known = [measured[m, name] for m in models if _started(measured.get((m, name)))]
        middle.append(
            _pair(*(float(np.median(x)) for x in zip(*((r.cold_s, r.warm_s) for r in known), strict=True)))
        )
    return _table(head, [*body, middle], text=1) if names else ""


def _dosing(rows: Sequence[Mapping[str, str]]) -> str:
    shown: dict[str, Callable[[str], str]] = {
        "who": str,
        "members": str,
        "rtol": lambda cell: _error(float(cell)),
        "ms_per_member": lambda cell: _number(float(cell)),
        "ratio": lambda cell: _ratio(float(cell)),
        "failed": str,
        "error_median": lambda cell: _error(float(cell or "nan")),
        "error_largest": lambda cell: _error(float(cell or "nan")),
    }
    head = ["", "members", "rtol", "ms per member", "ratio", "failed", "error, median", "error, worst"]
    return (
        _table(head, [[say(row[name]) for name, say in shown.items()] for row in rows], text=1)
        if rows
        else ""
    )


def _done(row: Row) -> bool:
    return row.status == "ok" and row.batch_ms == row.batch_ms


def _comparable(one: Row, other: Row) -> bool:
    """Return whether times can be compared: what a member costs that fails is only a matter of patience."""
    return _done(one) and _done(other) and not one.failed and not other.failed


def _started(row: Row | None) -> bool:
    return row is not None and row.cold_s == row.cold_s


def _start(row: Row | None) -> str:
    return _pair(row.cold_s, row.warm_s) if row is not None and _started(row) else NOTHING


def _pair(cold: float, warm: float) -> str:
    return f"{_number(cold)} / {_number(warm)}"


def _ratios(
    measured: Measured, models: Sequence[str], name: str, time: Callable[[Row], float]
) -> list[float]:
    """Return libRoadRunner's time over another's, for the models that both did without a failure."""
    pairs = [(measured.get((m, YARDSTICK)), measured.get((m, name))) for m in models]
    return [
        yardstick.batch_ms / time(row)
        for yardstick, row in pairs
        if yardstick is not None and row is not None and _comparable(yardstick, row)
    ]


def _spread(ratios: Sequence[float]) -> str:
    if not ratios:
        return NOTHING
    middle = float(np.median(ratios))
    return f"{_ratio(middle)} (median; least {_ratio(min(ratios))}, most {_ratio(max(ratios))})"


def _errors(row: Row) -> str:
    if not _done(row):
        return NOTHING
    return f"{_error(row.error_median)}, {_error(row.error_largest)}"


def _error(value: float) -> str:
    return NOTHING if value != value else f"{value:.0e}".replace("e-0", "e-")


def _number(value: float) -> str:
    return NOTHING if value != value else np.format_float_positional(float(f"{value:.3g}"), trim="-")


def _ratio(value: float) -> str:
    return NOTHING if value != value else np.format_float_positional(float(f"{value:.2g}"), trim="-")


def _table(head: Sequence[str], body: Iterable[Sequence[str]], *, text: int) -> str:
    rule = ["---" if place < text else "---:" for place in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *body])


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Read the tables and write page and figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sbml_peers.page", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--dosing", type=Path, default=DOSING, help="results of benchmarks.daily_dosing")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--figure", type=Path, default=FIGURE)
    options = parser.parse_args()
    rows = read_rows(options.results, Row)
    sweep = sweep_file(options.results)
    points = read_rows(sweep, SweepRow) if sweep.exists() else []
    machine = read_rows(machine_file(options.results), MachineRow)
    dosing = _read(options.dosing) if options.dosing.exists() else []
    options.page.write_text(page(rows, points, machine, dosing), "utf-8")
    if points:
        options.figure.parent.mkdir(parents=True, exist_ok=True)
        draw(rows, points, options.figure)


if __name__ == "__main__":
    main()
