"""A calibration as a Markdown page: the sets, what they agree with, what they pin down, what they predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from myeloniche.calibration.calibrate import Calibration
from myeloniche.calibration.left_out import LeftOut, leave_out
from myeloniche.calibration.pinned import Pinned, pinned
from myeloniche.findings.baselines import baseline_agreement
from myeloniche.findings.bench import lowering_agents
from myeloniche.findings.catalogue import Finding, load_findings
from myeloniche.findings.markdown import number, table
from myeloniche.findings.panel import load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.wilson import wilson_interval

__all__ = ["agreement", "ensemble_page"]

_HEAD = """# Plausible sets

This page is generated; write it anew with `myeloniche calibrate --out sets.tsv --report docs/ensemble.md`.

A plausible set is one choice of all parameters that agrees with a given share of the findings and of the
anchors' numbers. A cloud of sets moved from the tables' values to where sets miss least, all findings and
anchors alike, at a fixed overall width; the sets are the plausible draws from where it ended. A finding whose
share of agreeing sets is low rests on particular numbers; one that most sets agree with rests on the wiring.
"""
_PREDICTED = """
## Prediction of what was left out

Each paper and each panel is left out in turn: sets of a pool drawn around the tables' values are kept if
they agree with enough of all other findings, and then predict the ones left out. The tables' values
themselves were chosen with findings in view, which no selection of sets can undo, so this tells how well
the findings hold each other up, not how the model would fare on a paper it has never met. A finding counts
as right if most of the kept sets agree with it.
"""
_PINNED = """
## What the findings pin down

Parameters whose distribution among the sets of the pool that agree with enough findings differs from that
among the rest, most certain first; width is the standard deviation among kept sets over that among all,
shift the difference of the means in standard deviations. All others are left free by the findings within
the width that was searched.
"""
_MOST = 0.8
_CERTAIN = 0.05  # over all parameters together


def ensemble_page(calibration: Calibration) -> str:
    """Return a calibration as Markdown."""
    provenance = [f"- {key}: {value}" for key, value in calibration.sets.provenance.items()]
    parts = [
        _HEAD,
        *provenance,
        agreement(calibration.judged.findings.share),
        _anchors(calibration),
        _PREDICTED,
        *_predictions(calibration),
        _PINNED,
    ]
    return "\n".join([*parts, _pins(calibration)]) + "\n"


def agreement(share: Mapping[str, float]) -> str:
    """Return how many findings most sets agree with, per paper, and which they do not, as Markdown.

    Parameters
    ----------
    share
        Share of the sets that agree, by finding.
    """
    counted = [finding for finding in load_findings() if finding.id in share]
    guesses = _guesses(counted)
    papers = [_paper_row(name, ids, share, guesses) for name, ids in _grouped(counted, "paper").items()]
    every = _paper_row("all", list(share), share, guesses)
    header = ("paper", "findings", f"agree in {_MOST:.0%} of the sets", "95 % interval", *guesses)
    words = "\n" + table(header, [*papers, every])
    loose = {name: value for name, value in share.items() if value < _MOST}
    if not loose:
        return words
    rows = [(name, f"{value:.0%}") for name, value in sorted(loose.items(), key=lambda item: item[1])]
    return words + "\n\nThe others:\n\n" + table(("finding", "sets that agree"), rows)


def _paper_row(
    name: str, ids: Sequence[str], share: Mapping[str, float], guesses: Mapping[str, Mapping[str, bool]]
) -> tuple[str, ...]:
    firm = sum(share[one] >= _MOST for one in ids)
    low, high = wilson_interval(firm, len(ids), confidence=0.95)
    guessed = (str(sum(guess[one] for one in ids)) for guess in guesses.values())
    return name, str(len(ids)), str(firm), f"{low:.0%} to {high:.0%}", *guessed


def _guesses(counted: Sequence[Finding]) -> Mapping[str, Mapping[str, bool]]:
    """Return which findings the baselines agree with, by name of the baseline."""
    rulebook = load_rulebook()
    return baseline_agreement(counted, load_panels(rulebook), rulebook, lowering_agents())


def _anchors(calibration: Calibration) -> str:
    """Return how many of the anchors' numbers are within, over the sets."""
    rows = [(name, f"{share:.0%}") for name, share in calibration.judged.anchors.share.items()]
    words = "\nNumbers of the [anchors](anchors.md) within their tolerance, over all sets:\n\n"
    return words + table(("anchor", "numbers within"), rows)


def _predictions(calibration: Calibration) -> list[str]:
    counted = [finding for finding in load_findings() if finding.id in calibration.pool.findings.findings]
    baselines = _guesses(counted)
    papers = leave_out(calibration.pool.findings, _grouped(counted, "paper"), calibration.demand.findings)
    panels = leave_out(calibration.pool.findings, _grouped(counted, "panel"), calibration.demand.findings)
    return [
        _left_out_table("paper", papers, baselines),
        "",
        _left_out_table("panel", panels, baselines),
    ]


def _grouped(findings: Sequence[Finding], kind: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for finding in findings:
        name = finding.paper if kind == "paper" else f"{finding.paper} {finding.panel}"
        groups.setdefault(name, []).append(finding.id)
    return groups


def _left_out_table(
    kind: str, results: Sequence[LeftOut], baselines: Mapping[str, Mapping[str, bool]]
) -> str:
    header = (kind, "findings", "sets kept", "right", "verdicts that agree", *baselines)
    rows = [
        (
            result.name,
            str(len(result.findings)),
            str(result.sets),
            str(len(result.right)) if result.sets else "no set",
            f"{result.agree:.0%}" if result.sets else "",
            *(str(sum(guess[name] for name in result.findings)) for guess in baselines.values()),
        )
        for result in results
    ]
    counted = [result for result in results if result.sets]
    total = sum(len(result.findings) for result in counted)
    right = sum(len(result.right) for result in counted)
    guessed = [
        str(sum(guess[name] for result in counted for name in result.findings))
        for guess in baselines.values()
    ]
    return table(header, [*rows, ("all", str(total), "", str(right), "", *guessed)])


def _pins(calibration: Calibration) -> str:
    kept = calibration.pool_agrees
    if kept.sum() < 2:
        return f"Too few sets of the pool agree to say ({int(kept.sum())} of {kept.size})."
    entries = pinned(calibration.prior, calibration.pool_values, kept)
    certain = [entry for entry in entries if entry.chance * len(entries) < _CERTAIN]
    words = (
        f"{int(kept.sum())} of {kept.size} sets of the pool agree; "
        f"{len(certain)} of {len(entries)} parameters differ.\n\n"
    )
    return words + table(("parameter", "width", "shift", "chance"), [_pin(entry) for entry in certain])


def _pin(entry: Pinned) -> tuple[str, ...]:
    return f"`{entry.name}`", number(entry.narrowed), number(entry.shifted), f"{entry.chance:.1g}"
