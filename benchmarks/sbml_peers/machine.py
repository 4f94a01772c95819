"""The machine and the software of a run."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Sequence
from pathlib import Path

from benchmarks.sbml_peers.first_result import installed_version
from benchmarks.sbml_peers.rows import MachineRow

__all__ = ["describe", "processor"]


def describe(simulators: Sequence[str]) -> list[MachineRow]:
    """Return what the numbers were measured with."""
    facts = {
        "date": datetime.date.today().isoformat(),
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    }
    versions = {f"version of {name}": installed_version(name) for name in simulators}
    return [MachineRow(what, value) for what, value in {**facts, **versions}.items()]


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
