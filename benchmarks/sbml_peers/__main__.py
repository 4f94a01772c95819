"""The command: measure everything, print as it goes, and write the tables after every model."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sbml_peers.collection import Collection, MissingCollection, open_collection
from benchmarks.sbml_peers.machine import describe
from benchmarks.sbml_peers.measure import Plan, measure
from benchmarks.sbml_peers.process import NOT_INSTALLED
from benchmarks.sbml_peers.rows import MachineRow, Row, SweepRow, machine_file, sweep_file, write_rows
from benchmarks.sbml_peers.simulators import SIMULATORS

OUT = Path("benchmarks/results/sbml_peers.csv")
TOLERANCES = tuple(10.0**-digits for digits in range(3, 11))


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the command line's options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sbml_peers",
        description="Measure this engine beside its peers on a collection of SBML models.",
    )
    parser.add_argument("--collection", type=Path, required=True, help="folder; see docs/benchmarks.md")
    parser.add_argument("--models", help="names with commas between; all of the collection by default")
    parser.add_argument("--simulators", default=",".join(SIMULATORS), help="names with commas between")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3, help="turns that each simulator takes")
    parser.add_argument("--budget", type=float, default=10.0, help="CPU seconds that one turn may take")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which one is stopped")
    parser.add_argument("--warm-starts", type=int, default=3, help="0 leaves starting up out")
    parser.add_argument("--no-sweep", action="store_true", help="leave the work-precision curves out")
    parser.add_argument("--core", type=int, default=0, help="processor to stay on")
    parser.add_argument("--out", type=Path, default=OUT)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for."""
    options = parsed(arguments)
    try:
        collection = open_collection(options.collection)
        cases = [collection.case(name) for name in _models(options, collection)]
    except MissingCollection as error:
        sys.exit(str(error))
    plan = Plan(
        members=options.members,
        rounds=options.rounds,
        budget=options.budget,
        limit=options.limit,
        tolerances=() if options.no_sweep else TOLERANCES,
        warm_starts=options.warm_starts,
        core=options.core,
    )
    simulators = options.simulators.split(",")
    with tempfile.TemporaryDirectory() as compiled:
        os.environ["NUMBA_CACHE_DIR"] = compiled
        machine = describe(simulators)
        print(*(f"{fact.what}: {fact.value}" for fact in machine), sep="\n", flush=True)
        facts = {fact.what: fact.value for fact in machine}
        present = [name for name in simulators if facts[f"version of {name}"] != NOT_INSTALLED]
        rows: list[Row] = []
        points: list[SweepRow] = []
        for case in cases:
            found, curves = measure(case, present, plan)
            rows += found
            points += curves
            print(*map(_line, found), sep="\n", flush=True)
            _write(options.out, rows, points, machine)


def _models(options: argparse.Namespace, collection: Collection) -> Sequence[str]:
    return options.models.split(",") if options.models else collection.names


def _write(
    path: Path, rows: Sequence[Row], points: Sequence[SweepRow], machine: Sequence[MachineRow]
) -> None:
    write_rows(path, rows)
    write_rows(sweep_file(path), points)
    write_rows(machine_file(path), machine)


def _line(row: Row) -> str:
    if row.status != "ok":
        return f"{row.model:26s}{row.states:5d} {row.simulator:14s}{row.status}"
    return (
        f"{row.model:26s}{row.states:5d} {row.simulator:14s}"
        f"cold {row.cold_s:6.2f} s  warm {row.warm_s:6.2f} s  "
        f"single {row.single_ms:9.3f} ms  batch {row.batch_ms:9.3f} ms  of {row.members:3d}  "
        f"error {row.error_median:8.1e} {row.error_largest:8.1e}  failed {row.failed}"
    )


if __name__ == "__main__":
    main()
