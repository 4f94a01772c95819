"""The command line: what it writes, what it says, and how it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from myeloniche.cli import main
from myeloniche.findings.panel import EXPERIMENTS


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def refused(result: Result, code: int) -> str:
    """Return the message of a refusal: one on stderr, no traceback, nothing on stdout."""
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert result.stdout == ""
    assert result.stderr.count("Error:") == 1
    return result.stderr


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    folder = tmp_path_factory.mktemp("reproduced")
    return call("reproduce", "--only", "T18,T19", "--json", folder / "verdicts.json", "--out", folder), folder


def test_reproduce_ends_with_the_scoreboard(reproduced: tuple[Result, Path]) -> None:
    result, _ = reproduced

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("TAK1: ")
    assert "of 2 agree" in result.stdout.splitlines()[-1]


def test_reproduce_writes_the_page(reproduced: tuple[Result, Path]) -> None:
    _, folder = reproduced

    page = (folder / "index.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert 'id="T18"' in page


def test_reproduce_writes_json_of_what_was_asked(reproduced: tuple[Result, Path]) -> None:
    _, folder = reproduced

    content = json.loads((folder / "verdicts.json").read_text("utf-8"))
    assert content.keys() == {"findings", "totals"}
    assert [entry["id"] for entry in content["findings"]] == ["T18", "T19"]
    assert content["totals"]["counted"] == 2


def test_an_unknown_finding_leaves_with_two_and_no_traceback(tmp_path: Path) -> None:
    message = refused(call("reproduce", "--only", "T99", "--out", tmp_path), 2)

    assert "unknown finding 'T99'" in message


def test_a_folder_that_cannot_be_made_is_said_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    message = refused(call("reproduce", "--only", "T18", "--out", tmp_path / "file" / "below"), 2)

    assert "below" in message


def test_run_prints_numbers_and_writes_files(tmp_path: Path) -> None:
    result = call("run", EXPERIMENTS / "fig2E.yaml", "--out", tmp_path, "--json", tmp_path / "numbers.json")

    assert result.exit_code == 0, result.output
    assert "LLZ + BMSC" in result.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"fig2E.csv", "fig2E-1.svg", "numbers.json"}
    (experiment,) = json.loads((tmp_path / "numbers.json").read_text("utf-8"))["experiments"]
    assert {record["arm"] for record in experiment["records"]} == {"alone", "LLZ", "BMSC", "LLZ + BMSC"}


def test_a_file_with_two_problems_is_refused_with_both(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(
        "title: bad\n"
        "arms:\n"
        "  - {name: a, culture: RPMI8226, steps: [wiat: 3 h, wash: {soap: much}]}\n"
        "measure:\n"
        "  - {blot: [MYC], in: MM}\n"
    )

    message = refused(call("run", file), 2)

    assert "wiat" in message
    assert "soap" in message


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    result = call("run", tmp_path / "none.yaml")

    assert result.exit_code == 2
    assert "does not exist" in result.stderr


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("cells", "RPMI8226"),
        ("drugs", "LLZ1640-2"),
        ("drugs", "mouse: iv, ip"),
        ("species", "MM.PIM2"),
        ("readouts", "p-TAK1"),
        ("findings", "T56"),
    ],
)
def test_list_names_what_is_known(kind: str, name: str) -> None:
    result = call("list", kind)

    assert result.exit_code == 0, result.output
    assert name in result.stdout


def test_list_refuses_another_kind() -> None:
    assert call("list", "mice").exit_code == 2


def test_explain_tells_what_makes_a_species() -> None:
    result = call("explain", "MM.PIM2")

    assert result.exit_code == 0, result.output
    assert "made by" in result.stdout


def test_explain_suggests_the_nearest_name() -> None:
    assert "'MM.PIM2'" in refused(call("explain", "MM.PIM22"), 2)


def test_export_writes_sbml(tmp_path: Path) -> None:
    result = call("export", tmp_path / "model.xml")

    assert result.exit_code == 0, result.output
    assert "<sbml" in (tmp_path / "model.xml").read_text("utf-8")


def test_check_says_how_many_experiments_can_be_done() -> None:
    result = call("check")

    assert result.exit_code in (0, 1)
    assert "experiments can be done as written" in result.stdout.splitlines()[-1]


def test_help_comes_at_once() -> None:
    begin = time.perf_counter()
    code = "from myeloniche.cli import main; main(['--help'])"
    arguments = [sys.executable, "-X", "importtime", "-c", code]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)

    assert time.perf_counter() - begin < 5  # half a second on an idle machine
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {
        "numpy",
        "scipy",
        "matplotlib",
        "libsbml",
        "numba",
        "rich",
        "jinja2",
        "pydantic",
        "yaml",
    }
