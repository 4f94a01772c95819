"""Experiment files: the grammar, and every problem at its line."""

import pytest

from myeloniche.errors import ExperimentError, MyelonicheError, TableError
from myeloniche.lab import Replicates, read_experiments

GOOD = """\
title: TNF in starved cells
source: a test
cells: [RPMI8226, U266]
arms:
  - {name: rest, culture: "{cell}"}
  - name: TNF
    culture: "{cell}"
    steps:
      - starve: {serum: 1% FBS, for: 12 h}
      - add: {drug: TNF, dose: 10 ng/mL}
      - wash
      - wait: 1 h
measure:
  - {blot: [p-TAK1, IkBa], in: MM, at: 15 min}
  - {viability: MM, arms: [TNF]}
  - {annexin V: MM}
replicates: {n: 3, spread: 10%, test: t-test, seed: 7}
findings: {T26: []}
"""


def write(tmp_path, text):
    path = tmp_path / "exp.yaml"
    path.write_text(text)
    return path


def test_a_file_that_names_cells_gives_one_experiment_each(tmp_path):
    first, second = read_experiments(write(tmp_path, GOOD))
    assert [first.cell, second.cell] == ["RPMI8226", "U266"]
    assert second.title == "TNF in starved cells: U266"
    assert second.arms[1].cells == ("U266",)


def test_steps_keep_their_words_and_lines(tmp_path):
    arm = read_experiments(write(tmp_path, GOOD))[0].arms[1]
    assert [step.word for step in arm.steps] == ["starve", "add", "wash", "wait"]
    assert arm.steps[0].text("for") == "12 h"
    assert arm.steps[3].text("for") == "1 h"
    assert arm.steps[1].where == "exp.yaml:10"


def test_measurements_and_replicates(tmp_path):
    experiment = read_experiments(write(tmp_path, GOOD))[0]
    blot, viability, annexin = experiment.measures
    assert (blot.instrument, blot.readouts) == ("blot", ("p-TAK1", "IkBa"))
    assert (blot.cell, blot.at) == ("MM", "15 min")
    assert (viability.cell, viability.readouts, viability.arms) == ("MM", (), ("TNF",))
    assert annexin.instrument == "annexin V"
    assert experiment.replicates == Replicates(3, 0.1, "t-test", 7)


def test_a_mapping_reads_like_a_file():
    content = {
        "title": "t",
        "arms": [{"name": "a", "coculture": ["RPMI8226", "BMSC"], "steps": [{"wait": "3 h"}]}],
        "measure": [{"qPCR": "IL6 mRNA", "in": "BMSC"}],
    }
    (experiment,) = read_experiments(content)
    assert experiment.arms[0].cells == ("RPMI8226", "BMSC")
    assert experiment.measures[0].readouts == ("IL6 mRNA",)


def test_a_drug_file_is_looked_for_beside_the_experiment(tmp_path):
    text = GOOD.replace("drug: TNF", "drug: my/new.yaml")
    step = read_experiments(write(tmp_path, text))[0].arms[1].steps[1]
    assert step.text("drug") == str(tmp_path / "my/new.yaml")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("dose: 10", "doze: 10", r"exp\.yaml:10: unknown key 'doze' in 'add'.*Did you mean 'dose'\?"),
    ("- wash", "- wahs", r"exp\.yaml:11: unknown key 'wahs' in the steps.*Did you mean 'wash'\?"),
    ("title:", "titel:", r"exp\.yaml:1: unknown key 'titel'.*Did you mean 'title'\?"),
    ("blot:", "blott:", r"exp\.yaml:14: unknown key 'blott' in a measurement.*Did you mean 'blot'\?"),
    ("spread: 10%", "spread: 10", r"exp\.yaml:17: spread: got 10, expected a unit"),
    ("n: 3", "n: 0", r"exp\.yaml:17: n: got 0, expected a whole number from 1 up"),
    ("test: t-test", "test: u-test", r"exp\.yaml:17: got test 'u-test', expected 't-test' or 'ANOVA'"),
    ("name: TNF\n", "name: rest\n", r"exp\.yaml:6: got arm 'rest' twice"),
    ("cells: [RPMI8226, U266]", "cells: []", r"exp\.yaml:3: got no cells"),
    ("cells: [RPMI8226, U266]\n", "", r"exp\.yaml:4: got '\{cell\}', expected 'cells: \[\.\.\.\]'"),
    ("wait: 1 h", "add: TNF", r"exp\.yaml:12: add: got 'TNF', expected \{drug: \.\.\., dose: \.\.\.\}"),
    ('culture: "{cell}"}', "}", r"exp\.yaml:5: got no single dish"),
    ('culture: "{cell}"}', "coculture: [U266]}", r"exp\.yaml:5: got fewer than two"),
    ("{annexin V: MM}", "{at: 3 h}", r"exp\.yaml:16: got 0 instruments"),
])  # fmt: skip
def test_a_slip_is_refused_with_its_line(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(MyelonicheError, match=message) as caught:
        read_experiments(write(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.exit_code == 2


def test_all_problems_of_a_file_come_at_once(tmp_path):
    text = GOOD.replace("dose:", "doze:").replace("blot:", "blott:").replace("- wash", "- wahs")
    with pytest.raises(MyelonicheError, match=r"exp\.yaml: 3 problems(.|\n)*:10:(.|\n)*:11:(.|\n)*:14:"):
        read_experiments(write(tmp_path, text))


def test_broken_yaml_shows_the_place(tmp_path):
    with pytest.raises(TableError, match=r"exp\.yaml:\d+: no readable YAML"):
        read_experiments(write(tmp_path, "arms: [1, 2}\n"))


def test_a_missing_file_is_refused():
    with pytest.raises(ExperimentError, match="cannot be read"):
        read_experiments("/nowhere/exp.yaml")


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ExperimentError, match="got no keys"):
        read_experiments(write(tmp_path, ""))
