"""The measurements of ensembles: what they make of their runs, and that they run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import ensemble_memory
from benchmarks.cascade import cascade, spread
from benchmarks.two_cores import Run, Task, ratio

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux what a run took")


def run(pair: int, workers: int, wall: float, others: float = 0.0) -> Run:
    own = 1.0 if workers == 1 else 0.02
    return Run(
        "task", 8, pair, workers, wall, cpu_s=1.0, calling_thread_s=own, others=others, stolen=0.0, load=0.0
    )


def test_the_cascade_has_25_states() -> None:
    model = cascade()
    assert len(model.states) == ensemble_memory.STATES
    assert set(ensemble_memory.VARIED) < set(model.parameters)
    assert spread(model, 3, ["kt"])["kt"].shape == (3,)


def test_a_ratio_leaves_disturbed_pairs_out() -> None:
    runs = [run(0, 1, 1.0), run(0, 2, 0.5), run(1, 1, 1.0), run(1, 2, 0.8, others=0.3)]
    runs += [run(2, 1, 1.1), run(2, 2, 0.5)]
    found = ratio(runs)
    assert (found.pairs, found.undisturbed, found.best) == (3, 2, 2.0)
    assert found.median == pytest.approx(2.1)
    assert found.by_work == pytest.approx(1.0 / 0.51, abs=0.01)


def test_a_ratio_of_nothing_but_disturbed_pairs_says_so() -> None:
    found = ratio([run(0, 1, 1.0, others=0.5), run(0, 2, 0.8)])
    assert (found.undisturbed, found.best) == (0, 1.25)


@pytest.mark.parametrize("stored", [False, True])
def test_a_task_does_its_work(stored: bool) -> None:
    model = cascade()
    task = Task("cascade", model, spread(model, 8), {}, 1.0, {}, stored)
    task.run(1)
    assert task.members == 8


@pytest.mark.parametrize("way", ensemble_memory.WAYS)
def test_memory_is_measured_for_every_way(way: str, tmp_path: Path) -> None:
    row = ensemble_memory.one(way, 32, tmp_path)
    assert row["failed"] == 0
    assert 0 < row["resident_before_mb"] <= row["peak_resident_mb"]
    assert (row["on_disk_mb"] > 0) == (way == "store")
