"""The rows of findings and the experiment files behind them."""

from __future__ import annotations

import re

import pytest

from myeloniche.errors import MyelonicheError, UnknownNameError
from myeloniche.findings.catalogue import Finding, choose, load_findings
from myeloniche.findings.comparison import read_comparisons
from myeloniche.findings.panel import Panel, load_panels
from myeloniche.findings.rulebook import Rulebook, load_rulebook

FINDINGS = load_findings()
RULEBOOK = load_rulebook()
PANELS = load_panels(RULEBOOK)


def test_the_findings_are_those_of_the_papers_each_once() -> None:
    published = {"T": 98, "B": 35, "I": 11}
    known = {f"{paper}{number:02d}" for paper, last in published.items() for number in range(1, last + 1)}
    ids = [finding.id for finding in FINDINGS]
    assert set(ids) <= known
    assert len(ids) == len(set(ids))


def test_at_most_three_findings_are_given() -> None:
    assert sum(finding.given for finding in FINDINGS) <= 3


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_every_finding_is_compared_in_each_experiment_it_names(finding: Finding) -> None:
    assert finding.experiments
    assert all(PANELS[name].of(finding.id) for name in finding.experiments)


@pytest.mark.parametrize("panel", PANELS.values(), ids=lambda panel: panel.name)
def test_every_comparison_belongs_to_a_finding_that_names_the_panel(panel: Panel) -> None:
    naming = {finding.id for finding in FINDINGS if panel.name in finding.experiments}

    assert {comparison.finding for comparison in panel.comparisons} == naming


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_the_readouts_compared_are_those_of_the_row(finding: Finding) -> None:
    compared = {entry.readout for name in finding.experiments for entry in PANELS[name].of(finding.id)}

    assert compared == set(finding.readouts)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.id)
def test_the_rule_is_the_outcome_of_the_row(finding: Finding) -> None:
    rules = {entry.rule for name in finding.experiments for entry in PANELS[name].of(finding.id)}

    allowed = {finding.expected, *(words.rpartition(" ")[2] for words in finding.expected.split("; "))}
    if "abolished" in finding.expected:
        allowed |= {"induction abolished", "loss abolished"}
    if "suppressed" in finding.expected:
        allowed |= {"induction suppressed"}
    assert rules <= allowed


def test_rows_on_myeloma_lines_run_all_six() -> None:
    six = {"RPMI8226", "U266", "MM.1S", "KMS-11", "OPM-2", "INA-6"}
    for finding in FINDINGS:
        if finding.system == "six myeloma lines":
            done = [entry for name in finding.experiments for entry in PANELS[name].experiments]
            assert {arm.cells for entry in done for arm in entry.arms} == {(cell,) for cell in six}


def test_choose_keeps_the_order_of_the_catalogue() -> None:
    assert [finding.id for finding in choose(FINDINGS, ("t19", "T18"))] == ["T18", "T19"]


def test_an_unknown_finding_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown finding 'T99'"):
        choose(FINDINGS, ("T99",))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"readout": "MYC", "in": "MM", "rule": "upp", "treated": "a", "comparator": "b"},
            "unknown rule 'upp'",
        ),
        ({"readout": "MYC", "in": "MM", "rule": "up", "treated": "a"}, "expected comparator, in"),
        (
            {"readout": "MYC", "in": "MM", "rule": "up", "treated": "a", "comparator": "b", "rest": "c"},
            "rest",
        ),
        ({"readout": "MYC", "in": "MM", "rule": "up", "treated": "a", "comparator": "b", "at": "5 x"}, "5 x"),
    ],
)
def test_a_comparison_that_cannot_be_judged_is_refused(row: dict[str, str], message: str) -> None:
    rulebook: Rulebook = RULEBOOK
    with pytest.raises(MyelonicheError, match=re.escape(message)):
        list(read_comparisons("T01", [row], rulebook, where="fig.yaml"))
