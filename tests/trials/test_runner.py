"""Running a trial: the same bits whatever happens on the way, and nothing lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from result_files import children_of, files, is_alive, same, until
from stand_in import AlwaysDies, DiesOnce, Interrupted, Refuses, StandIn, simulate

from myeloniche.errors import MyelonicheError
from myeloniche.trials.running import parts as parts_module
from myeloniche.trials.running import work
from myeloniche.trials.running.runner import LOCAL_CLUSTER, Watcher, run_trial

TRIAL = StandIn(size=60)


@pytest.fixture(scope="module")
def expected():
    """Return all patients of the trial, simulated in one go."""
    return tuple(simulate(TRIAL, 0, TRIAL.size))


@pytest.mark.parametrize("chunk", [1, 64, 1000])
def test_bits_do_not_depend_on_the_chunk(chunk, expected, tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=chunk)

    assert same(folder, expected)


def test_two_processes_give_the_same_files(expected, tmp_path) -> None:
    one = run_trial(TRIAL, tmp_path / "one", simulate=simulate, workers=1, chunk=16)
    two = run_trial(TRIAL, tmp_path / "two", simulate=simulate, workers=2, chunk=16)

    assert same(two, expected)
    assert files(one) == files(two)


def test_three_kills_and_resumes_give_the_same_files(tmp_path) -> None:
    whole = run_trial(TRIAL, tmp_path / "whole", simulate=simulate, workers=1, chunk=8)
    folder = tmp_path / "killed"
    for at in (9, 25, 58):
        with pytest.raises(KeyboardInterrupt):
            run_trial(TRIAL, folder, simulate=Interrupted(at), workers=1, chunk=8)
        assert len(files(folder)) == 2 * (at // 8)
    run_trial(TRIAL, folder, simulate=simulate, workers=1)

    assert files(folder) == files(whole)


def test_what_is_done_is_not_done_again(tmp_path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_trial(TRIAL, tmp_path, simulate=Interrupted(30), workers=1, chunk=8)
    asked, seen = [], []

    def counted(trial, first, stop, *, workers=None):
        asked.append((first, stop))
        return simulate(trial, first, stop, workers=workers)

    run_trial(
        TRIAL, tmp_path, simulate=counted, workers=1, watcher=Watcher(lambda *numbers: seen.append(numbers))
    )

    assert asked == [(24, 32), (24, 32), (32, 40), (40, 48), (48, 56), (56, 60)]  # the first for the memory
    assert seen == [(24, 60), (32, 60), (40, 60), (48, 60), (56, 60), (60, 60)]


def test_a_killed_process_leaves_what_it_did_and_no_children(tmp_path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from stand_in import StandIn, slow\n"
        "from myeloniche.trials.running.runner import run_trial\n"
        "if __name__ == '__main__':\n"
        "    run_trial(StandIn(size=60), sys.argv[2], simulate=slow, workers=2, chunk=2)\n"
    )
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(program, "utf-8")
    run = subprocess.Popen([sys.executable, script, Path(__file__).parent, out])
    until(lambda: len(files(out)) >= 8)
    children = children_of(run.pid)
    run.send_signal(signal.SIGKILL)
    run.wait()
    some = files(out)
    until(lambda: not any(is_alive(child) for child in children))

    folder = run_trial(TRIAL, out, simulate=simulate, workers=1)
    whole = run_trial(TRIAL, tmp_path / "whole", simulate=simulate, workers=1, chunk=2)

    assert 8 <= len(some) < 60
    assert children
    assert files(folder) == files(whole)


def test_a_worker_that_dies_costs_its_part_only(expected, tmp_path) -> None:
    dies = DiesOnce(tmp_path / "flag", at=33)
    folder = run_trial(TRIAL, tmp_path / "out", simulate=dies, workers=2, chunk=8)

    assert dies.flag.exists()
    assert same(folder, expected)


def test_a_part_that_kills_every_worker_is_named(tmp_path) -> None:
    with pytest.raises(
        MyelonicheError, match=r"part 4 \(patients 32 to 39\): its worker died 3 times.*is done is kept"
    ):
        run_trial(TRIAL, tmp_path / "out", simulate=AlwaysDies(33), workers=2, chunk=8)

    assert len(files(tmp_path / "out")) >= 2


@pytest.mark.parametrize("scheduler", [None, LOCAL_CLUSTER])
def test_an_error_of_a_worker_comes_back_as_it_is(scheduler, tmp_path) -> None:
    with pytest.raises(MyelonicheError, match=r"unknown drug 'bortezomb'\. Did you mean 'bortezomib'"):
        run_trial(TRIAL, tmp_path / "out", simulate=Refuses(40), workers=2, chunk=8, scheduler=scheduler)


def test_a_worker_of_another_version_is_refused(tmp_path, monkeypatch) -> None:
    made_with = work.made_with
    monkeypatch.setattr(work, "made_with", lambda: {**made_with(), "numpy": "1.0"})

    with pytest.raises(
        MyelonicheError, match=r'part 0 .* has other versions than this run, numpy \(".*", now "1\.0"\)'
    ):
        run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1)
    assert files(tmp_path / "out") == {}


@pytest.mark.parametrize("damage", ["truncated", "changed", "gone"])
def test_a_damaged_part_is_told_and_simulated_again(damage, expected, tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=16)
    before = files(folder)
    path = folder / "visits.parquet" / "visits-000002.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data if damage == "changed" else data[: len(data) // 2])
    said: list[str] = []
    run_trial(TRIAL, folder, simulate=simulate, workers=1, watcher=Watcher(say=said.append))

    told = "is gone" if damage == "gone" else "is not as it was written"
    assert said[0] == f"{path} {told}; its patients are simulated again"
    assert said[1].startswith("memory: about ")
    assert files(folder) == before
    assert same(folder, expected)


def test_a_line_cut_off_in_the_ledger_costs_that_part_only(expected, tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=16)
    ledger = folder / "parts.sha256"
    ledger.write_bytes(ledger.read_bytes()[:-20])
    seen: list[tuple[int, int]] = []
    run_trial(TRIAL, folder, simulate=simulate, workers=1, watcher=Watcher(lambda *now: seen.append(now)))

    assert seen == [(48, 60), (60, 60)]
    assert same(folder, expected)


def test_the_ledger_is_one_that_sha256sum_reads(tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=16)

    checked = subprocess.run(["sha256sum", "-c", "--quiet", "parts.sha256"], cwd=folder, check=False)
    assert checked.returncode == 0


def test_a_full_disk_keeps_what_is_done(expected, tmp_path, monkeypatch) -> None:
    replace, written = os.replace, []

    def full(source, target):
        written.append(target)
        if "patients-000002" in str(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target)

    monkeypatch.setattr(parts_module.os, "replace", full)
    with pytest.raises(
        MyelonicheError, match=r"the disk is full\. 32 of 60 patients are done and kept; make room"
    ):
        run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=16)
    monkeypatch.undo()

    assert not list((tmp_path / "out").rglob("*.part"))
    assert same(run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1), expected)


def test_a_dask_cluster_gives_the_same_bits(expected, tmp_path) -> None:
    folder = run_trial(
        TRIAL, tmp_path / "out", simulate=simulate, workers=2, chunk=16, scheduler=LOCAL_CLUSTER
    )
    assert same(folder, expected)


def test_a_dask_worker_killed_by_signal_loses_nothing(expected, tmp_path) -> None:
    dies = DiesOnce(tmp_path / "flag", at=33)
    folder = run_trial(TRIAL, tmp_path / "out", simulate=dies, workers=2, chunk=8, scheduler=LOCAL_CLUSTER)

    assert dies.flag.exists()
    assert same(folder, expected)


def test_a_scheduler_goes_by_its_address(expected, tmp_path) -> None:
    import distributed

    with distributed.LocalCluster(
        1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, scheduler=cluster.scheduler_address)

    assert same(folder, expected)


def test_a_scheduler_that_is_not_there_is_told(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("myeloniche.trials.running.cluster._PATIENCE", "1s")
    with pytest.raises(MyelonicheError, match=r"tcp://127\.0\.0\.1:9: no scheduler answers there"):
        run_trial(TRIAL, tmp_path / "out", simulate=simulate, scheduler="tcp://127.0.0.1:9")


def test_another_trial_is_not_mixed_in(tmp_path) -> None:
    run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1)

    with pytest.raises(
        MyelonicheError, match=r"was begun for another .* differs in seed \(7, now 8\)\. Name"
    ):
        run_trial(StandIn(seed=8), tmp_path / "out", simulate=simulate, workers=1)
    with pytest.raises(MyelonicheError, match="was begun with 16 patients in a part, got 5"):
        run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=5)


def test_foreign_folders_and_bad_chunks_are_refused(tmp_path) -> None:
    (tmp_path / "thesis.tex").write_text("mine", "utf-8")

    with pytest.raises(MyelonicheError, match="is there already and is no folder of a trial's results"):
        run_trial(TRIAL, tmp_path, simulate=simulate, workers=1)
    with pytest.raises(MyelonicheError, match="got 0 patients in a part, expected at least 1"):
        run_trial(TRIAL, tmp_path / "new", simulate=simulate, workers=1, chunk=0)


def test_a_second_run_keeps_out(tmp_path) -> None:
    with parts_module.only_run(tmp_path), pytest.raises(MyelonicheError, match="another run is at work here"):
        run_trial(TRIAL, tmp_path, simulate=simulate, workers=1)


def test_a_simulation_that_loses_a_patient_is_refused(tmp_path) -> None:
    def forgetful(trial, first, stop, *, workers=None):
        return simulate(trial, first, max(first + 1, stop - 1), workers=workers)

    with pytest.raises(
        MyelonicheError, match=r"part 0 \(patients 0 to 15\): got 15 patients back, expected 16"
    ):
        run_trial(TRIAL, tmp_path / "out", simulate=forgetful, workers=1)


def test_the_manifest_tells_what_it_is_of(tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1)
    content = json.loads((folder / "manifest.json").read_text("utf-8"))

    assert content["chunk"] == 16
    assert {"myeloniche", "numpy", "model", "data", "code", "trial", "seed", "patients"} <= content[
        "decides"
    ].keys()
    assert (content["decides"]["seed"], content["decides"]["patients"]) == (7, 60)
    assert content["notes"]["trial"] == "title: Stand-in\n"
