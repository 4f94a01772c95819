"""Verdicts, counts and baselines on a bench without a model."""

from __future__ import annotations

import json
import math

import pytest
from fake_bench import changed, do_panels, emptied, is_lowering

from myeloniche.errors import TableError, UnknownNameError
from myeloniche.findings.catalogue import choose, load_findings
from myeloniche.findings.panel import load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.score import judge_runs
from myeloniche.findings.scoreboard import FindingResult, Run, Scoreboard
from myeloniche.findings.verdict import Course, value_at
from myeloniche.units import times

RULEBOOK = load_rulebook()
PANELS = load_panels(RULEBOOK)
ANIMALS = {"fig6", "figS7", "discussion_bone", "iap_mouse"}  # the bench without a model has no animals


def scored(*only: str, runs: list[Run] | None = None) -> Scoreboard:
    every = choose(load_findings(), only)
    findings = [finding for finding in every if not ANIMALS & set(finding.experiments)]
    names = dict.fromkeys(name for finding in findings for name in finding.experiments)
    done = runs if runs is not None else do_panels([PANELS[name] for name in names])
    return judge_runs(findings, PANELS, done, RULEBOOK, lowering=is_lowering)


def result(identifier: str, runs: list[Run] | None = None) -> FindingResult:
    return scored(identifier, runs=runs).results[0]


def test_a_finding_on_lines_is_judged_in_every_line() -> None:
    assert {entry.cell for entry in result("T03").readouts} == {
        "RPMI8226", "U266", "MM.1S", "KMS-11", "OPM-2", "INA-6",
    }  # fmt: skip


def test_one_line_that_misses_makes_the_finding_miss() -> None:
    runs = do_panels([PANELS["fig1B"]])
    runs[-1] = changed(runs[-1], 1.0)

    missed = result("T03", runs)

    assert missed.verdict == "disagree"
    assert "INA-6" in missed.reason


def test_a_given_row_is_shown_and_never_counted() -> None:
    board = scored("T01", "T02")

    assert [entry.verdict for entry in board.results] == ["given", "agree"]
    assert (board.total.counted, board.total.given) == (1, 1)


def test_a_failed_simulation_agrees_with_nothing_and_is_counted() -> None:
    runs = [changed(run, math.nan, status="step limit") for run in do_panels([PANELS["figS5"]])]

    board = scored("T52", runs=runs)

    assert board.results[0].verdict == "disagree"
    assert board.status_counts["step limit"] == 2
    assert "2 simulated arms failed" in board.results[0].reason


def test_a_readout_that_was_not_measured_is_an_error_not_a_gap() -> None:
    runs = [emptied(run) for run in do_panels([PANELS["figS5"]])]

    with pytest.raises(UnknownNameError, match="unknown readout 'viability in BMSC'"):
        result("T52", runs)


def test_the_verdict_does_not_depend_on_what_else_is_scored() -> None:
    together = {entry.finding.id: entry.verdict for entry in scored().results}

    assert {name: result(name).verdict for name in ("T21", "T31", "T38")} == {
        name: together[name] for name in ("T21", "T31", "T38")
    }


def test_json_holds_exactly_what_is_promised_and_no_nan() -> None:
    content = scored("T38", "T52").as_dict()

    text = json.dumps(content, allow_nan=False)
    first = json.loads(text)["findings"][0]
    assert first.keys() == {"id", "verdict", "readouts"}
    assert first["readouts"][0].keys() == {"name", "value", "comparator", "ratio", "rule", "agree"}
    assert {"counted", "agree", "papers", "baselines"} <= content["totals"].keys()


def test_the_commoner_sign_cannot_be_right_about_induction_and_its_loss() -> None:
    guess = scored().baselines["commoner sign"]

    assert guess["T18"] != guess["T21"]
    assert not guess["T17"]
    assert not guess["T38"]


def test_inhibitors_lower_everything_but_not_what_they_raise() -> None:
    guess = scored().baselines["every inhibitor lowers everything"]

    assert all(guess[name] for name in ("T03", "T10", "T36", "T51", "T54"))
    assert not any(guess[name] for name in ("T13", "T14", "T17", "T52", "T31"))


def test_a_window_takes_the_extreme_in_the_direction_expected() -> None:
    course = Course((0, 0.25, 0.5, 1.0), (9.0, 1.0, 4.0, 2.0), "nM")
    window = times("5-60 min")

    assert (value_at(course, window, "up"), value_at(course, window, "down")) == (4.0, 1.0)


def test_without_a_time_the_last_one_counts() -> None:
    assert value_at(Course((0, 1), (1.0, 2.0), "nM"), None, "up") == 2.0


def test_a_time_that_was_not_measured_is_refused() -> None:
    with pytest.raises(TableError, match="15 min"):
        value_at(Course((0, 1), (1.0, 2.0), "nM"), times("15 min"), "up")
