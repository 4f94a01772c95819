"""What is there in a folder of results while a run is at work on it, and who is at work."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from myeloniche.trials.running.same_bits import differing_rows


def tables(folder: Path) -> tuple[pa.Table, pa.Table]:
    """Return both tables of a folder, whole."""
    patients, visits = (
        pq.read_table(folder / f"{kind}.parquet").combine_chunks() for kind in ("patients", "visits")
    )
    return patients, visits


def same(folder: Path, expected: Iterable[pa.Table]) -> bool:
    """Tell whether a folder's tables have the bits of others."""
    return all(
        not differing_rows(found, table) for found, table in zip(tables(folder), expected, strict=True)
    )


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every part."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.parquet/*.parquet"))}


def count(folder: Path) -> int:
    """Return how many files of parts there are."""
    return len(list(folder.glob("*.parquet/*.parquet")))


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "took too long"
        time.sleep(0.01)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has begun."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    )
    return [int(word) for word in listed.stdout.split()]


def is_alive(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() not in ("", "Z", "Z+")
