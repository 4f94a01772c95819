"""The documentation runs, and leaves no word of the bench out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from myeloniche.lab.reader import read_experiments
from myeloniche.lab.run import run
from myeloniche.lab.steps import WORDS

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "experiments.md").read_text("utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


def test_the_guide_to_ensembles_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}

    exec("".join(blocks((ROOT / "docs" / "ensembles.md").read_text("utf-8"), "python")), names)

    assert names["some"].shape == (100,)


@pytest.mark.parametrize("page", ["README.md", "docs/experiments.md"])
def test_the_python_of_a_page_runs(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    for code in blocks((ROOT / page).read_text("utf-8"), "python"):
        exec(compile(code, page, "exec"), {})

    assert re.search("of reference lane|% of control", capsys.readouterr().out)


def test_the_experiment_file_of_the_guide_runs(tmp_path: Path) -> None:
    path = tmp_path / "experiment.yaml"
    path.write_text(blocks(GUIDE, "yaml")[0], "utf-8")

    results = run(read_experiments(path))

    assert [result.failed for result in results] == [0, 0]


@pytest.mark.parametrize("word", sorted(WORDS))
def test_the_guide_names_every_step(word: str) -> None:
    assert f"`{word}" in GUIDE
    assert f"`.{word}(" in GUIDE


def test_relative_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"
