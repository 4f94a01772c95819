"""What the page says about findings and panels, as plain words ready to print."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from myeloniche.findings.catalogue import Finding
from myeloniche.findings.rulebook import Rule, Rulebook
from myeloniche.findings.scoreboard import FindingResult, Run, Scoreboard
from myeloniche.findings.verdict import ReadoutVerdict
from myeloniche.report.pictures import Film, Picture, draw_film
from myeloniche.report.words import number, percent, pretty

__all__ = ["MARKS", "PanelView", "ReadoutView", "ResultView", "figure_label", "panel_views", "result_view",
           "rule_words"]  # fmt: skip

MARKS: Mapping[str, str] = MappingProxyType(
    {"agree": "✓", "disagree": "✗", "given": "○", "not modelled": "·"}
)

_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "up": "goes up",
        "down": "goes down",
        "much higher": "is much higher",
        "dose-dependent up": "goes up with the dose",
        "dose-dependent down": "goes down with the dose",
        "transient down": "is lost and comes back",
        "rises from day 6": "begins to rise about day 6",
        "induction abolished": "is no longer induced",
        "induction suppressed": "is induced less",
        "induction abolished or suppressed": "no longer respond, or respond less",
        "partial down": "is lost in part",
        "unchanged": "does not change",
        "nearly unchanged": "hardly changes",
    }
)
_PLURALS = (("goes", "go"), ("is ", "are "), ("comes", "come"), ("does", "do"), ("changes", "change"))
_SHARES = (
    "induction abolished",
    "loss abolished",
    "induction suppressed",
    "partial down",
    "restored",
    "prevented",
)


@dataclass(frozen=True)
class ReadoutView:
    """One line of a table of comparisons; ``cells`` says in how many cell rows it agrees."""

    finding: str
    cells: str
    name: str
    unit: str
    treated: str
    reference: str
    value: str
    comparator: str
    ratio: str
    rule: str
    agrees: str
    css: str


@dataclass(frozen=True)
class ResultView:
    """One finding with its verdict."""

    id: str
    anchor: str
    panel: str
    statement: str
    setting: str
    note: str
    verdict: str
    mark: str
    css: str
    reason: str
    understanding: str


@dataclass(frozen=True)
class PanelView:
    """One published panel: its findings, pictures, comparisons, and the choices made.

    ``rows`` puts the cell rows of a comparison into one line; ``all_rows`` is empty if that hides nothing.
    """

    anchor: str
    label: str
    title: str
    source: str
    results: tuple[ResultView, ...]
    rows: tuple[ReadoutView, ...]
    all_rows: tuple[ReadoutView, ...]
    pictures: tuple[Picture, ...]
    choices: tuple[str, ...]


def figure_label(name: str) -> str:
    """Return ``Figure 2C`` for ``fig2C`` and ``Figure S1`` for ``figS1``."""
    return re.sub(r"^fig", "Figure ", name.split("_")[0])


def result_view(result: FindingResult) -> ResultView:
    """Put a finding and its verdict into words."""
    finding = result.finding
    return ResultView(
        id=finding.id,
        anchor=finding.id,
        panel=f"Figure {finding.panel}",
        statement=_statement(finding),
        setting=pretty(
            f"{_capital(finding.system)}; {finding.condition}, compared with {finding.compared_with}."
        ),
        note=pretty(finding.note),
        verdict=result.verdict,
        mark=MARKS[result.verdict],
        css=result.verdict.replace(" ", "-"),
        reason=_capital(pretty(result.reason)),
        understanding=pretty(result.understanding),
    )


def panel_views(scoreboard: Scoreboard) -> list[PanelView]:
    """Return the published panels in the order of their first finding, with pictures."""
    by_figure: dict[str, list[Run]] = {}
    for run in scoreboard.runs:
        by_figure.setdefault(run.panel.name.split("_")[0], []).append(run)
    views = [_panel_view(name, runs, scoreboard.results) for name, runs in by_figure.items()]
    order = {result.finding.id: place for place, result in enumerate(scoreboard.results)}
    return sorted(views, key=lambda view: min(order[result.id] for result in view.results))


def rule_words(rulebook: Rulebook) -> list[tuple[str, str]]:
    """Return every rule with its thresholds in words."""
    return [(name, _rule_words(rule)) for name, rule in rulebook.rules.items()]


def _panel_view(name: str, runs: Sequence[Run], results: Sequence[FindingResult]) -> PanelView:
    first = runs[0].panel
    choices = dict.fromkeys(choice for run in runs for choice in run.panel.choices)
    mine = [result for result in results if any(run.panel.of(result.finding.id) for run in runs)]
    rows = tuple(line for result in mine for line in _lines(result, merged=True))
    every = tuple(line for result in mine for line in _lines(result, merged=False))
    return PanelView(
        anchor=name,
        label=figure_label(name),
        title=pretty(first.title),
        source=first.source,
        results=tuple(result_view(result) for result in mine),
        rows=rows,
        all_rows=every if len(every) > len(rows) else (),
        pictures=tuple(draw_film([Film(run.result, run.repeats, _film_title(run)) for run in runs])),
        choices=tuple(pretty(choice) for choice in choices),
    )


def _film_title(run: Run) -> str:
    """Return the cell row for which a panel was run apart from others; empty if it holds them all."""
    if run.cell:
        return run.cell
    cells = {cell for arm in run.result.experiment.arms for cell in arm.cells}
    return cells.pop() if "_" in run.panel.name and len(cells) == 1 else ""


def _statement(finding: Finding) -> str:
    outcome = _OUTCOMES.get(finding.expected, finding.expected)
    names = [pretty(name) for name in finding.readouts]
    if len(names) > 1:
        for singular, plural in _PLURALS:
            outcome = outcome.replace(singular, plural)
    subject = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    time = {"rest": " at rest", "minutes": " within minutes"}.get(finding.time, f" at {finding.time}")
    return f"{_capital(subject)} {outcome}{time}"


def _lines(result: FindingResult, *, merged: bool) -> Iterator[ReadoutView]:
    """Yield the comparisons of a finding, all cell rows of one comparison in one line if merged."""
    same: dict[tuple[str, ...], list[ReadoutVerdict]] = {}
    for entry in result.readouts:
        arms = (entry.treated, entry.reference) if entry.cell != entry.treated else ("each", entry.reference)
        key = (
            (entry.name, *arms, entry.rule) if merged else (entry.name, entry.treated, entry.rule, entry.cell)
        )
        same.setdefault((*key, entry.reference), []).append(entry)
    for entries in same.values():
        yield _line(result.finding.id, entries)


def _line(finding: str, entries: Sequence[ReadoutVerdict]) -> ReadoutView:
    first, many = entries[0], len(entries) > 1
    misses = [entry.cell for entry in entries if not entry.agree]
    agrees = MARKS["disagree"] if misses else MARKS["agree"]
    if many:
        agrees += f" {len(entries) - len(misses)} of {len(entries)}"
    if many and 0 < len(misses) < len(entries):
        agrees += f", not {', '.join(misses)}"
    return ReadoutView(
        finding=finding,
        cells=f"{len(entries)} cells" if many else first.cell,
        name=pretty(first.name),
        unit="" if many or first.unit in ("1", "relative") else pretty(first.unit),
        treated="each" if many and first.treated == first.cell else pretty(first.treated),
        reference=pretty(first.reference) if first.reference != first.treated else "before",
        value="" if many else number(first.value),
        comparator="" if many else number(first.comparator),
        ratio=_range([entry.ratio for entry in entries], percent if first.rule in _SHARES else number),
        rule=first.rule,
        agrees=agrees,
        css="disagree" if misses else "agree",
    )


def _range(values: Sequence[float], write: Callable[[float], str]) -> str:
    """Write one number, or the lowest and highest of several."""
    ends = list(dict.fromkeys([write(min(values)), write(max(values))]))
    return " to ".join(ends)


def _rule_words(rule: Rule) -> str:
    limit = rule.thresholds
    bound = (
        f"at least {limit['at_least']:g}"
        if "at_least" in limit
        else f"at most {limit.get('at_most', math.nan):g}"
    )
    match rule.kind:
        case "fold":
            return f"treated / compared is {bound}"
        case "doses":
            slack = percent(limit["slack"])
            return f"top dose / no drug is {bound}, and every step goes the same way but for {slack}"
        case "transient":
            dip = f"falls to {percent(limit['at_most'])} of rest or less within {limit['within_h']:g} h"
            back = f"is back at {percent(limit['back_at_least'])} or more within {limit['back_within_h']:g} h"
            return f"{dip} and {back}"
        case "onset":
            window = f"from {limit['from_h'] / 24:g} to {limit['to_h'] / 24:g} d"
            return f"{bound} times the start for the first time {window}, and rising from there"
        case "remaining":
            left = f"(treated − rest) / (induced − rest) is at most {percent(limit['at_most'])}"
            return f"{left}; the induction itself has to meet the rule “{rule.induction}”"
        case "regained":
            return f"at least {percent(limit['at_least'])} of what was lost is regained"
        case "lost":
            return (
                f"between {percent(limit['at_least'])} and {percent(limit['at_most'])} of the effect is lost"
            )
    return f"treated / compared stays within {percent(limit['tolerance'])} of 1"


def _capital(text: str) -> str:
    keep = not text[:1].isascii() or text.startswith(("p-", "siR", "nan"))
    return text if keep else text[:1].upper() + text[1:]
