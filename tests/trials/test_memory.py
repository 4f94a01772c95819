"""What a run is said to take beside what it takes."""

from __future__ import annotations

import re
import subprocess
import sys
import time

import pytest
from stand_in import StandIn, simulate

from myeloniche.trials.running.memory import estimate
from myeloniche.trials.running.runner import run_trial


@pytest.mark.parametrize("chunk", [1, 16, 60, 1000])
def test_the_disk_is_what_was_said_but_for_a_factor_of_two(chunk, tmp_path) -> None:
    trial = StandIn(size=60)
    said = estimate(simulate(trial, 0, 8), chunk=chunk, size=trial.size, workers=1).disk_mb
    folder = run_trial(trial, tmp_path / "out", simulate=simulate, workers=1, chunk=chunk)
    taken = sum(path.stat().st_size for path in folder.glob("*.parquet/*")) / 1e6

    assert taken / 2 < said < 2 * taken


def test_a_part_holds_no_more_than_all_patients() -> None:
    some = simulate(StandIn(), 0, 8)
    parts = [estimate(some, chunk=chunk, size=60, workers=1).part_mb for chunk in (30, 60, 1000)]

    assert parts == [parts[1] / 2, parts[1], parts[1]]


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, 2])
def test_the_memory_is_what_was_said_but_for_a_factor_of_two(workers, trial_text, tmp_path) -> None:
    program = """
import sys
from myeloniche.trials import read_trial, simulate_patients
from myeloniche.trials.running.runner import Watcher, run_trial
if __name__ == "__main__":
    trial = read_trial(sys.argv[1])
    run_trial(trial, sys.argv[2], simulate=simulate_patients, workers=int(sys.argv[3]), chunk=100,
              watcher=Watcher(say=print))
"""
    path, script = tmp_path / "trial.yaml", tmp_path / "script.py"
    path.write_text(trial_text.replace("size: 24", "size: 300"), "utf-8")
    script.write_text(program, "utf-8")
    command = [sys.executable, script, path, tmp_path / "out", str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        most = 0.0
        while run.poll() is None:
            most = max(most, _resident_mb(run.pid))
            time.sleep(0.05)
        said = re.match(r"memory: about ([\d,]+) MB", run.stdout.read() if run.stdout else "")

    assert said is not None
    assert 1 / 2 < float(said[1].replace(",", "")) / most < 2


def _resident_mb(pid: int) -> float:
    """Return the memory of a process and its children, what they share counted for each."""
    listed = subprocess.run(
        ["ps", "-o", "rss=", "--pid", str(pid), "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return sum(int(word) for word in listed.stdout.split()) * 1024 / 1e6
