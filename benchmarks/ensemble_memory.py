"""Peak memory of ensembles of more and more members: in memory, in a Zarr store, and as endpoints.

Each ensemble (25 states, 101 output times) runs in a process of its own, whose largest resident set the
operating system reports. Writes ``results/ensemble_memory.csv``:

    python -m benchmarks.ensemble_memory
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WAYS = ("store", "endpoints", "memory")
STATES, POINTS, HOURS = 25, 101, 48.0
VARIED = ("ka1", "kd1", "ka8", "kd8", "v1", "kt")
LARGEST_IN_MEMORY = 100_000


def one(way: str, members: int, folder: Path) -> dict[str, object]:
    """Return what one ensemble took, in this process."""
    import numpy as np

    from benchmarks.cascade import cascade, spread
    from myeloniche.engine import Endpoint, ensemble

    model = cascade()
    columns = spread(model, members, VARIED)
    times = np.linspace(0.0, HOURS, POINTS)
    ends = (Endpoint("maximum", "K16"), Endpoint("area", "P1"))
    asked: Mapping[str, object] = {
        "store": {"store": folder / "runs.zarr"},
        "endpoints": {"endpoints": ends},
        "memory": {},
    }[way]
    ensemble(model, {name: column[:16] for name, column in columns.items()}, times)
    before, wall, cpu = _resident("VmRSS"), time.perf_counter(), time.process_time()
    found = ensemble(model, columns, times, **asked)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "way": way,
        "members": members,
        "states": STATES,
        "points": POINTS,
        "dense_mb": round(members * STATES * POINTS * 8e-6, 1),
        "resident_before_mb": before,
        "peak_resident_mb": _resident("VmHWM"),
        "on_disk_mb": _written(folder),
        "failed": int((found["status"] != "ok").sum()),
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "load": round(os.getloadavg()[0], 2),
        "workers": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }


def _resident(what: str) -> float:
    """Return the resident set [MB], now (VmRSS) or at its largest (VmHWM)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(what))
    return round(kilobytes * 1.024e-3, 1)


def _written(folder: Path) -> float:
    """Return the size of all files [MB]."""
    return round(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6, 1)


def measured(counts: Sequence[int]) -> Iterator[dict[str, str]]:
    """Yield a row per ensemble, each from a process of its own."""
    for members in counts:
        for way in WAYS:
            if way == "memory" and members > LARGEST_IN_MEMORY:
                continue
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", __spec__.name, "--one", way, str(members), folder]
                lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                yield next(csv.DictReader(lines.splitlines()))


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--one", nargs=3, metavar=("WAY", "MEMBERS", "FOLDER"), help="only this, here")
    options = parser.parse_args()
    if options.one:
        way, members, folder = options.one
        row = one(way, int(members), Path(folder))
        writer = csv.DictWriter(sys.stdout, list(row))
        writer.writeheader()
        writer.writerow(row)
        return
    RESULTS.mkdir(exist_ok=True)
    with (RESULTS / "ensemble_memory.csv").open("w", newline="", encoding="utf-8") as file:
        writer = None
        for row in measured(options.members):
            if writer is None:
                writer = csv.DictWriter(file, list(row))
                writer.writeheader()
            writer.writerow(row)
            file.flush()
            print(f"{row['way']:10s}{row['members']:>9s} members, dense {row['dense_mb']:>8s} MB: ", end="")
            print(f"peak {row['peak_resident_mb']:>8s} MB, {row['wall_s']} s, {row['on_disk_mb']} MB on disk")


if __name__ == "__main__":
    main()
