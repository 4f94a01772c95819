"""From nothing to the first trajectory in a fresh process, or to the version of a simulator.

Run as ``python -m benchmarks.sbml_peers.first_result TASK.pickle``, or with ``--version NAME``.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.sbml_peers.collection import POINTS
from benchmarks.sbml_peers.process import NOT_INSTALLED, Failure, pin, reason
from benchmarks.sbml_peers.simulators import adapter
from benchmarks.sbml_peers.task import Task

__all__ = ["Start", "first_result", "installed_version"]

ROOT = Path(__file__).parents[2]
RTOL = 1e-6


@dataclass(frozen=True)
class Start:
    """Wall and CPU time of a process from its start to its end, its own children included [s]."""

    wall: float
    cpu: float


def first_result(task: Task, atol: float, limit: float) -> Start:
    """Run a simulator once in a fresh process.

    Raises
    ------
    Failure
        With what the process said last, if it failed or took too long.
    """
    file = task.cache.parent / "task.pickle"
    file.write_bytes(pickle.dumps((task, atol)))
    before, start = _cpu_of_children(), time.perf_counter()
    _run([str(file)], limit)
    return Start(time.perf_counter() - start, _cpu_of_children() - before)


def installed_version(simulator: str) -> str:
    """Return a simulator's version, or that it is not installed."""
    try:
        return _run(["--version", simulator], limit=300).strip().splitlines()[-1]
    except Failure as failure:
        if str(failure).endswith(NOT_INSTALLED):
            return NOT_INSTALLED
        raise


def _run(arguments: list[str], limit: float) -> str:
    command = [sys.executable, "-m", __name__, *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        said, complained = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise Failure(f"not done after {limit:g} s") from None
    if process.returncode:
        raise Failure((complained.strip().splitlines() or [f"exit status {process.returncode}"])[-1])
    return said


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _simulate_once(path: Path) -> None:
    task, atol = pickle.loads(path.read_bytes())
    pin(task.core)
    simulator = adapter(task.simulator).load(task.path, task.parameters, task.states, task.cache)
    found = simulator.run(task.values[:1], task.end, POINTS, RTOL, atol)
    if not np.isfinite(found.states).all():
        raise Failure("the first trajectory failed")


def main(arguments: list[str]) -> None:
    """Do what the parent asked for; an error is one line on standard error."""
    try:
        if arguments[0] == "--version":
            print(adapter(arguments[1]).version())
        else:
            _simulate_once(Path(arguments[0]))
    except Exception as error:
        sys.exit(reason(error))


if __name__ == "__main__":
    main(sys.argv[1:])
