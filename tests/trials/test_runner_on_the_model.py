"""Running a trial of the patients of the model: the same bits however the work is cut, placed or killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pytest
from result_files import children_of, count, files, is_alive, same, until

from myeloniche.trials import Trial, read_trial, simulate_patients
from myeloniche.trials.patients.population import rejections
from myeloniche.trials.running.results_folder import read_results
from myeloniche.trials.running.runner import LOCAL_CLUSTER, run_trial

SIZE = 70  # more than 64, so that chunks of 64 and of 1000 cut differently


class Case(NamedTuple):
    path: Path
    trial: Trial
    tables: tuple[pa.Table, pa.Table]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, trial_text: str) -> Case:
    """Return a trial of two cycles, its file, and all of its patients simulated in one go."""
    path = tmp_path_factory.mktemp("trial") / "trial.yaml"
    path.write_text(trial_text.replace("size: 24", f"size: {SIZE}").replace("63 d", "42 d"), "utf-8")
    trial = read_trial(path)
    found = simulate_patients(trial, 0, SIZE, workers=1)
    return Case(path, trial, (found.patients, found.visits))


@pytest.fixture(scope="module")
def ones(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results in parts of one patient, simulated in this process without a stop."""
    out = tmp_path_factory.mktemp("ones") / "out"
    return run_trial(case.trial, out, simulate=simulate_patients, workers=1, chunk=1)


def test_the_trial_has_what_could_depend_on_the_way(case) -> None:
    patients = case.tables[0].to_pylist()

    assert {row["arm"] for row in patients} == {"bortezomib", "observation"}
    assert any(row["dose_intensity"] is not None and row["dose_intensity"] < 1 for row in patients)
    assert all(row["resistant_share"] > 0 for row in patients)
    assert {"end", "progression", "dropout"} <= {row["left"] for row in patients}
    assert len({row["plausible_set"] for row in patients} | {row["immunoglobulin"] for row in patients}) > 3


@pytest.mark.parametrize("chunk", [64, 1000])
def test_bits_do_not_depend_on_the_chunk(chunk, case, tmp_path) -> None:
    folder = run_trial(case.trial, tmp_path / "out", simulate=simulate_patients, workers=1, chunk=chunk)

    assert len(files(folder)) == 2 * (2 if chunk < SIZE else 1)
    assert same(folder, case.tables)


def test_rejected_draws_are_summed_over_parts(case, tmp_path) -> None:
    surface, *_ = case.trial.population.limits
    picky = replace(case.trial.population, limits=(replace(surface, low=1.7, high=1.8),))
    trial = replace(case.trial, population=picky, size=12, cycles=1)
    found = [
        read_results(
            run_trial(trial, tmp_path / f"{chunk}", simulate=simulate_patients, workers=1, chunk=chunk)
        ).rejected
        for chunk in (5, 12)
    ]

    assert found[0] == found[1] == rejections(picky.draw(12, trial.seed))
    assert found[0][surface.reason] > 12


@pytest.mark.long
def test_bits_are_those_of_patients_one_at_a_time(case, ones) -> None:
    assert len(files(ones)) == 2 * SIZE
    assert same(ones, case.tables)


@pytest.mark.long
@pytest.mark.parametrize("scheduler", [None, LOCAL_CLUSTER])
def test_two_workers_give_the_files_of_one(scheduler, case, tmp_path) -> None:
    whole = run_trial(case.trial, tmp_path / "one", simulate=simulate_patients, workers=1, chunk=8)
    folder = run_trial(
        case.trial, tmp_path / "two", simulate=simulate_patients, workers=2, chunk=8, scheduler=scheduler
    )

    assert same(folder, case.tables)
    assert files(folder) == files(whole)


@pytest.mark.long
def test_three_kills_and_the_same_command_again_give_the_same_files(case, ones, tmp_path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "myeloniche", "trial", case.path, "--out", out]
    command += ["--workers", "2", "--chunk", "1"]
    children, kept = [], [0]
    for _ in range(3):
        enough = kept[-1] + 21  # odd, so that one of two kills comes between the two files of a part
        with (
            (tmp_path / "errors.txt").open("w") as errors,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors) as run,
        ):
            until(lambda run=run, enough=enough: run.poll() is not None or count(out) >= enough, seconds=600)
            assert run.poll() is None, (tmp_path / "errors.txt").read_text("utf-8")
            children += children_of(run.pid)
            run.send_signal(signal.SIGKILL)
        kept.append(count(out))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    assert kept[-1] < 2 * SIZE
    assert len(children) >= 6  # two workers of each run
    assert not any(is_alive(child) for child in children)
    assert same(out, case.tables)
    assert files(out) == files(ones)
