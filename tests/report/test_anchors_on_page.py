"""The anchors where people read them: on the page and in the terminal."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner
from rich.console import Console

from myeloniche.cli import main
from myeloniche.findings.anchors.anchor import load_anchors
from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.scoreboard import Scoreboard
from myeloniche.report.anchors import anchor_views, anchors_table
from myeloniche.report.page import render_page
from myeloniche.report.sources import PageSources

ROWS = (
    AnchorRow("IkBa at 5 min", 0.9, 0.5, "1", "15 %", False),
    AnchorRow("dose", 1.78, math.inf, "uM", "factor 3", False, counts=False),
    AnchorRow("told only", None, 3.0, "nM", "", None, counts=False),
    AnchorRow("peak", None, 19.3, "min", "15 to 30", True),
)
MISSED = AnchorResult(load_anchors()[0], ROWS)
MET = replace(MISSED, rows=ROWS[1:])


def test_a_miss_is_said_with_its_number() -> None:
    (view,) = anchor_views([MISSED])

    assert (view.mark, view.css) == ("✗", "disagree")
    assert view.verdict == "1 of 2 within; IκBα at 5 min: 0.5, wanted 0.9"


def test_a_row_beside_does_not_decide() -> None:
    (view,) = anchor_views([MET])

    assert view.mark == "✓"
    assert [line.mark for line in view.lines] == ["✗ beside", "beside", "✓"]
    assert view.lines[0].value == "∞\N{NO-BREAK SPACE}µM"


def test_failed_arms_are_counted() -> None:
    (view,) = anchor_views([replace(MET, failed=2)])

    assert view.verdict.endswith("2 simulated arms failed")


def test_the_terminal_shows_every_anchor() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(anchors_table([MISSED, MET]))

    assert console.export_text().count("A1") == 2


def test_the_page_shows_anchors_only_if_there_are_some() -> None:
    board = Scoreboard((), {}, load_rulebook().confidence)
    sources = PageSources({}, ())

    assert 'id="anchors"' not in render_page(board, sources=sources)
    page = render_page(board, sources=sources, anchors=[MISSED])
    assert "Quantitative anchors" in page
    assert "told only" in page


def test_reproduce_shows_anchors_before_the_scoreboard(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["reproduce", "--out", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert "\nQuantitative anchors\n" in result.stdout
    assert any(line.startswith("TAK1: ") for line in result.stdout.splitlines())
    assert 'id="anchors"' in (tmp_path / "index.html").read_text("utf-8")
