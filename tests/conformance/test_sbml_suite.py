"""The public SBML Test Suite, where someone has put it on this machine."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml

ROOT = Path(__file__).resolve().parents[2]
VARIABLE = "MYELONICHE_SBML_SUITE"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sbml_suite", ROOT / "benchmarks" / "sbml_suite.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def verdicts(runner: ModuleType, request: pytest.FixtureRequest) -> list[Any]:
    path = request.config.getoption("--sbml-suite") or os.environ.get(VARIABLE)
    if not path:
        pytest.skip(f"the public SBML Test Suite is not here: give --sbml-suite PATH or set {VARIABLE}")
    return [runner.run_case(case) for case in runner.read_cases(Path(path))]


@pytest.mark.long
def test_no_case_gives_wrong_numbers_without_an_error(verdicts: list[Any]) -> None:
    assert [v.case.name for v in verdicts if v.outcome == "wrong"] == []


@pytest.mark.long
def test_nearly_every_case_that_is_not_declined_passes(verdicts: list[Any]) -> None:
    tried = [v for v in verdicts if v.outcome != "declined"]
    failed = {v.case.name: v.message for v in tried if v.outcome != "pass"}
    assert len(failed) <= 0.005 * len(tried), failed


@pytest.mark.long
def test_every_declined_case_names_its_element(verdicts: list[Any]) -> None:
    unnamed = [v.case.name for v in verdicts if v.outcome == "declined" and "'" not in v.message]
    assert unnamed == []


def made_up_suite(folder: Path, *, expected: float, addition: str = "") -> Path:
    """Write one case in the layout of the public suite."""
    case = folder / "00001"
    case.mkdir()
    sbml = antimony_to_sbml(f"A' = -A; A = 1; {addition}")
    (case / "00001-sbml-l3v2.xml").write_text(sbml, "utf-8")
    settings = "start: 0\nduration: 1\nsteps: 1\nvariables: A\nabsolute: 1e-6\nrelative: 1e-6\namount:\n"
    (case / "00001-settings.txt").write_text(settings, "utf-8")
    (case / "00001-results.csv").write_text(f"time,A\n0,1\n1,{expected}\n", "utf-8")
    (case / "00001-model.m").write_text("componentTags: RateRule\ntestTags: Amount\n", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("expected", "addition", "outcome"),
    [
        (0.36787944, "", "pass"),
        (0.3679, "", "wrong"),
        (0.36787944, "p := delay(A, 1)", "declined"),
        (0.36787944, "p := A + q; var q", "error"),
    ],
)
def test_a_case_is_judged_by_the_rule_of_the_suite(
    expected: float, addition: str, outcome: str, runner: ModuleType, tmp_path: Path
) -> None:
    (case,) = runner.read_cases(made_up_suite(tmp_path, expected=expected, addition=addition))
    assert case.tags == ("RateRule", "Amount")
    assert runner.run_case(case).outcome == outcome


def test_the_page_counts_by_tag(runner: ModuleType, tmp_path: Path) -> None:
    (case,) = runner.read_cases(made_up_suite(tmp_path, expected=1.0))
    page = runner.table([runner.Verdict(case, "pass"), runner.Verdict(case, "declined", "fast reaction 'J'")])
    assert "| RateRule | 2 | 1 | 0 | 1 | 0 |" in page
    assert "- 1 cases: fast reaction" in page
