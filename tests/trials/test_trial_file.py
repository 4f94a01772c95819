"""Trial files: what they say, and every problem of one at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from myeloniche.errors import ExperimentError, MyelonicheError, TableError, UnknownNameError
from myeloniche.trials import read_population, read_trial
from myeloniche.trials.protocol.allocation import BLOCK, allocate

TWICE = "      - {drug: bortezomib, regimen: 1 mg/m2 iv q7d}"


def read(tmp_path, text: str):
    path = tmp_path / "trial.yaml"
    path.write_text(text, "utf-8")
    return read_trial(path)


def test_a_file_says_what_the_trial_is(trial) -> None:
    assert (trial.size, trial.seed, trial.cycles, trial.visit_cycles) == (24, 7, 3, (1, 2, 3))
    assert [arm.name for arm in trial.arms] == ["bortezomib", "observation"]
    assert [rule.action for rule in trial.arms[0].rules] == ["reduce", "stop"]
    assert trial.allocation.ratio == (2, 1)


def test_the_last_cycle_is_always_a_visit(tmp_path, trial_text) -> None:
    trial = read(tmp_path, trial_text + "visits: every 2 cycles\n")
    assert trial.visit_cycles == (2, 3)


def test_a_drug_of_ones_own_is_looked_for_beside_the_file(tmp_path, trial_text) -> None:
    from importlib.resources import files

    text = files("myeloniche.pharmacology").joinpath("drugs", "bortezomib.yaml").read_text("utf-8")
    new = text.replace("BTZ", "XYZ").replace("name: bortezomib", "name: xyzzomib").replace("btz_", "xyz_")
    new = (
        new.replace("Velcade, PS-341", "xy")
        .replace("PSMB5_XYZ", "PSMB5_BTZ")
        .replace("PSMB6_XYZ", "PSMB6_BTZ")
    )
    (tmp_path / "mine.yaml").write_text(new, "utf-8")
    trial = read(
        tmp_path, trial_text.replace("{drug: bortezomib", "{drug: mine.yaml").partition("    rules")[0]
    )
    assert trial.arms[0].treatments[0].drug == "xyzzomib"
    assert trial.drug_files == (str(tmp_path / "mine.yaml"),)


@pytest.mark.parametrize(("change", "error", "match"), [
    (("q21d", "q7d"), ExperimentError, "overlap with the next one"),
    (("    rules:", f"{TWICE}\n    rules:"), ExperimentError, "they would overlap"),
    (("ratio: [2, 1]", "ratio: [2, 0]"), TableError, "no patients for arm 'observation'"),
    (("size: 24", "size: 1"), TableError, "1 patients for 2 arms"),
    (("size: 24", "size: many"), TableError, "expected a whole number from 1 up"),
    (("ratio: [2, 1]", "ratio: [2]"), TableError, "a whole number for each arm"),
    (("[immunoglobulin]", "[age_y]"), UnknownNameError, "unknown covariate with levels 'age_y'"),
    (("seed: 7", "seed: 7\nendpoints: [PFS, QOL]"), UnknownNameError, "unknown endpoint 'QOL'"),
    (("drug: bortezomib", "drug: bortezomob"), MyelonicheError, "Did you mean 'bortezomib'"),
    (("reduce bortezomib", "reduce lenalidomide"), ExperimentError, "for a drug of its arm: bortezomib"),
    (("to 1.0 mg/m2", "to 1.0 mg"), ExperimentError, "expected mg/m2"),
    (("relapsed_refractory", "nowhere.yaml"), ExperimentError, "cannot be read"),
    (("duration: 63 d", "duration: 3 d"), TableError, "at least one cycle"),
    (("duration: 63 d", "duration: 63"), MyelonicheError, "duration"),
    (("name: observation", "name: bortezomib"), TableError, "twice"),
    (("seed: 7", "seed: 7\ninterim: [30 d, 20 d]"), TableError, "rising times"),
    (("seed: 7", "seed: 7\nvisits: now and then"), TableError, "'every cycle'"),
    (("seed: 7", "sead: 7"), TableError, "Did you mean 'seed'"),
    (("0.3", "-1"), TableError, "a rate per year"),
])  # fmt: skip
def test_bad_files_are_one_clear_error(tmp_path, trial_text, change, error, match) -> None:
    with pytest.raises(error, match=match):
        read(tmp_path, trial_text.replace(*change))


def test_all_problems_come_at_once_with_their_lines(tmp_path, trial_text) -> None:
    bad = trial_text.replace("size: 24", "size: -1").replace("ratio: [2, 1]", "ratio: [0, 1]")
    with pytest.raises(TableError, match="2 problems") as caught:
        read(tmp_path, bad)
    assert "trial.yaml:3" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a list\n", "title: nothing else\n"])
def test_what_is_no_trial_is_refused(tmp_path, text) -> None:
    with pytest.raises(MyelonicheError, match="expected"):
        read(tmp_path, text)


def test_parts_of_a_trial_get_the_same_arms_as_the_whole(tmp_path, trial_text) -> None:
    trial = read(tmp_path, trial_text.replace("size: 24", "size: 200"))
    whole = allocate(trial, 0, 200)
    assert [arm for first in range(0, 200, 7) for arm in allocate(trial, first, min(first + 7, 200))] == whole


def test_arms_keep_their_ratio_in_every_block_and_stratum(tmp_path, trial_text) -> None:
    trial = read(tmp_path, trial_text.replace("size: 24", f"size: {3 * BLOCK}"))
    arms = allocate(trial, 0, 3 * BLOCK)
    types = trial.population.draw(3 * BLOCK, trial.seed)["immunoglobulin"].to_pylist()
    for block in range(3):
        for level in set(types):
            here = [arms[i] for i in range(block * BLOCK, (block + 1) * BLOCK) if types[i] == level]
            assert abs(here.count("bortezomib") - 2 * len(here) / 3) <= 4 / 3


def test_the_examples_of_the_guide_are_read(tmp_path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "patients.md").read_text("utf-8")
    trial, people = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    assert [arm.name for arm in read(tmp_path, trial).arms] == ["bortezomib", "bortezomib and dexamethasone"]
    (tmp_path / "people.yaml").write_text(people, "utf-8")
    assert read_population(tmp_path / "people.yaml").draw(4, 0).num_rows == 4
