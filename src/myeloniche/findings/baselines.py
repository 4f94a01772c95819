"""What would be scored without a model: two guesses, judged by the same rules on hypothetical ratios."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from myeloniche.findings.catalogue import Finding
from myeloniche.findings.comparison import Comparison
from myeloniche.findings.panel import Panel, agents
from myeloniche.findings.rulebook import Evidence, Rule, Rulebook

__all__ = ["COMMONER_SIGN", "EVERY_INHIBITOR_LOWERS", "baseline_agreement", "hypothetical"]

COMMONER_SIGN = "commoner sign"
EVERY_INHIBITOR_LOWERS = "every inhibitor lowers everything"

Compared = Sequence[tuple[Panel, Comparison]]


def baseline_agreement(
    findings: Sequence[Finding],
    panels: Mapping[str, Panel],
    rulebook: Rulebook,
    lowering: Callable[[str], bool],
) -> dict[str, dict[str, bool]]:
    """Return, per baseline and finding, whether the guess agrees.

    Parameters
    ----------
    findings
        Those that count.
    panels
        The experiments behind them.
    rulebook
        The rules; the guesses state every change with its baseline fold.
    lowering
        Tells whether a drug or siRNA of that name takes something away.

    Notes
    -----
    *Commoner sign* says of every comparison what most findings say. *Every inhibitor lowers
    everything* says "down" wherever the treated arm gets an inhibitor, siRNA or toxin that its
    comparator does not get, and elsewhere the commoner sign of the remaining findings, which
    makes it harder to beat than silence would. Where a rule asks what is left of an induction,
    the induction itself is granted to both.
    """
    compared = {finding.id: _compared(finding, panels) for finding in findings}
    common = _commoner(compared.values(), rulebook)
    elsewhere = _commoner(
        ([pair for pair in pairs if not _inhibited(pair, lowering)] for pairs in compared.values()), rulebook
    )
    guesses: dict[str, Callable[[tuple[Panel, Comparison]], int]] = {
        COMMONER_SIGN: lambda _: common,
        EVERY_INHIBITOR_LOWERS: lambda pair: -1 if _inhibited(pair, lowering) else elsewhere,
    }
    return {
        name: {
            identifier: all(_agrees(pair[1], guess(pair), rulebook) for pair in pairs)
            for identifier, pairs in compared.items()
        }
        for name, guess in guesses.items()
    }


def hypothetical(comparison: Comparison, rule: Rule, fold: float) -> Evidence:
    """Return the numbers of a guess that treated is ``fold`` times its comparator, which is one.

    The premise of a rule on what an inhibitor takes away, a twofold change by default, is granted.
    """
    premise = max(fold, 1 / fold)
    match rule.kind:
        case "doses":
            return Evidence(doses=tuple(fold**step for step in range(len(comparison.doses))))
        case "transient":
            return Evidence({"comparator": 1}, times_h=(0, rule.thresholds["within_h"]), course=(1, fold))
        case "onset":
            return Evidence({"comparator": 1}, times_h=(0, rule.thresholds["from_h"]), course=(1, fold))
        case "remaining" | "lost":
            induced = 1 / premise if rule.kind == "remaining" and rule.direction == "down" else premise
            return Evidence({"treated": induced * fold, "induced": induced, "rest": 1})
        case "regained":
            return Evidence({"treated": fold / premise, "lost": 1 / premise, "rest": 1})
    return Evidence({"treated": fold, "comparator": 1})


def _agrees(comparison: Comparison, sign: int, rulebook: Rulebook) -> bool:
    rule = rulebook.rule(comparison.rule)
    evidence = hypothetical(comparison, rule, rulebook.baseline_fold**sign)
    return rulebook.judge(comparison.rule, evidence).agree


def _compared(finding: Finding, panels: Mapping[str, Panel]) -> Compared:
    return [(panels[name], entry) for name in finding.experiments for entry in panels[name].of(finding.id)]


def _commoner(rows: Iterable[Compared], rulebook: Rulebook) -> int:
    """Return the sign that more findings have; one vote per finding, that of most of its comparisons."""
    votes = (sum(rulebook.rule(comparison.rule).sign for _, comparison in pairs) for pairs in rows)
    count = Counter((vote > 0) - (vote < 0) for vote in votes)
    return 1 if count[1] > count[-1] else -1


def _inhibited(pair: tuple[Panel, Comparison], lowering: Callable[[str], bool]) -> bool:
    panel, comparison = pair
    treated, reference = (agents(panel.arm(arm.arm)) for arm in (comparison.treated, comparison.reference))
    return any(lowering(name) for name in treated - reference)
