"""The page: one file, every image in words, misses first, every finding on it."""

from __future__ import annotations

import itertools
import math
import re
import time
from html.parser import HTMLParser

import pytest
from fake_bench import changed, do_panels, is_lowering

from myeloniche.findings.catalogue import load_findings
from myeloniche.findings.panel import load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.score import judge_runs
from myeloniche.findings.scoreboard import Run, Scoreboard
from myeloniche.report.page import render_page
from myeloniche.report.sources import PageSources, Publication
from myeloniche.report.table import findings_table, score_lines

SOURCES = PageSources(
    {"assumed": 3, "measured": 1}, (Publication("A & B. A <title>.", "https://doi.org/10.1/x"),)
)

COUNTED = sum(not finding.given for finding in load_findings())


class Reader(HTMLParser):
    """Collects tags with their attributes, and checks that they close."""

    VOID = frozenset({"meta", "img", "br", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def board(runs: list[Run] | None = None) -> Scoreboard:
    rulebook = load_rulebook()
    panels = load_panels(rulebook)
    done = runs if runs is not None else do_panels(list(panels.values()))
    return judge_runs(load_findings(), panels, done, rulebook, lowering=is_lowering)


@pytest.fixture(scope="module")
def scoreboard() -> Scoreboard:
    return board()


@pytest.fixture(scope="module")
def page(scoreboard: Scoreboard) -> str:
    return render_page(scoreboard, sources=SOURCES)


@pytest.fixture(scope="module")
def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader()
    reader.feed(page)
    return reader.tags


def test_the_page_needs_nothing_from_outside(
    page: str, tags: list[tuple[str, dict[str, str | None]]]
) -> None:
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object"}
    assert all(str(attrs["src"]).startswith("data:") for tag, attrs in tags if tag == "img")
    assert "url(" not in page
    assert "@import" not in page
    links = [str(attrs["href"]) for tag, attrs in tags if tag == "a"]
    assert {link for link in links if not link.startswith("#")} == {"https://doi.org/10.1/x"}


def test_every_image_is_told_in_words(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    images = [attrs for tag, attrs in tags if tag == "img"]

    assert len(images) >= 20
    assert all(len(str(attrs.get("alt"))) > 20 for attrs in images)
    assert all(attrs.get("aria-label") for tag, attrs in tags if tag == "svg")


def test_every_finding_has_its_place_and_every_link_leads_to_one(
    tags: list[tuple[str, dict[str, str | None]]],
) -> None:
    places = [attrs["id"] for _, attrs in tags if attrs.get("id")]
    targets = {
        str(attrs["href"])[1:] for tag, attrs in tags if tag == "a" and str(attrs["href"]).startswith("#")
    }

    assert len(places) == len(set(places))
    assert targets <= set(places)
    assert {finding.id for finding in load_findings()} <= set(places)


def test_headings_do_not_skip_a_level(tags: list[tuple[str, dict[str, str | None]]]) -> None:
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]

    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_misses_come_before_the_panels(page: str) -> None:
    assert page.index('id="misses"') < page.index('id="panels"')
    assert page.index("T17, Figure S1") < page.index('id="panels"')


def test_text_from_tables_is_escaped(page: str) -> None:
    assert "A &amp; B. A &lt;title&gt;." in page


def test_the_page_is_the_same_every_time(scoreboard: Scoreboard, page: str) -> None:
    assert render_page(scoreboard, sources=SOURCES) == page


def test_the_page_is_small_and_quick(scoreboard: Scoreboard, page: str) -> None:
    begin = time.perf_counter()
    render_page(scoreboard, sources=SOURCES)

    assert len(page.encode()) < 6e6
    assert time.perf_counter() - begin < 15  # five seconds on an idle machine


def test_failed_simulations_are_counted_on_the_page() -> None:
    panels = load_panels(load_rulebook())
    runs = [changed(run, math.nan, status="step limit") for run in do_panels(list(panels.values()))]

    text = render_page(board(runs), sources=SOURCES)

    assert re.search(r"\d+ failed \(\d+ step limit\) and agree with nothing", text)
    assert f"0 of {COUNTED} findings agree" in text


def test_the_terminal_table_has_a_row_per_finding(scoreboard: Scoreboard) -> None:
    assert findings_table(scoreboard.results).row_count == len(load_findings())


def test_the_scoreboard_line_names_interval_and_baselines(scoreboard: Scoreboard) -> None:
    lines = score_lines(scoreboard)
    shown = r"[A-Z0-9]+: \d+ of (\d+) agree \(\d+ %, 95 % interval \d+ % to \d+ %\)"
    papers = [line for line in lines if re.match(shown, line)]

    assert sum(int(re.match(shown, line).group(1)) for line in papers) == COUNTED
    assert all("commoner sign" in line for line in papers)
    assert all("every inhibitor lowers everything" in line for line in papers)
