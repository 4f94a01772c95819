"""Score the model: run every experiment behind the findings at once, and judge each finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from myeloniche.findings.baselines import baseline_agreement
from myeloniche.findings.bench import do_panels, lowering_agents
from myeloniche.findings.catalogue import Finding, choose, load_findings
from myeloniche.findings.comparison import Comparison
from myeloniche.findings.misses import load_misses
from myeloniche.findings.panel import Panel, load_panels
from myeloniche.findings.rulebook import Rulebook, load_rulebook
from myeloniche.findings.scoreboard import FindingResult, Run, Scoreboard
from myeloniche.findings.verdict import ReadoutVerdict, judge_comparison, overall

__all__ = ["judge_readouts", "judge_runs", "score"]

STROMA = "BMSC"


def score(
    only: Sequence[str] | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Scoreboard:
    """Re-do the experiments behind the findings and judge every finding.

    Parameters
    ----------
    only
        Ids of findings, for example ``["T18", "T19"]``; all of them by default. The verdict on a
        finding does not depend on which others are asked for.
    workers
        How many cores to use; all by default.
    progress
        Called with the number of simulations done and their total.

    Raises
    ------
    UnknownNameError
        If there is no finding of that id.
    """
    rulebook = load_rulebook()
    findings = choose(load_findings(), tuple(only) if only else None)
    panels = load_panels(rulebook)
    needed = dict.fromkeys(name for finding in findings for name in finding.experiments)
    runs = do_panels([panels[name] for name in needed], workers=workers, progress=progress)
    return judge_runs(findings, panels, runs, rulebook, lowering=lowering_agents())


def judge_runs(
    findings: Sequence[Finding],
    panels: Mapping[str, Panel],
    runs: Sequence[Run],
    rulebook: Rulebook,
    *,
    lowering: Callable[[str], bool],
) -> Scoreboard:
    """Judge findings on runs that are there already.

    Parameters
    ----------
    findings, panels, rulebook
        What is judged, by which experiments and rules.
    runs
        The simulated experiments; every one that a finding needs.
    lowering
        Tells whether a drug or siRNA takes something away, for the baseline that needs to know.
    """
    results = tuple(_result(finding, runs, rulebook) for finding in findings)
    counted = [entry.finding for entry in results if entry.verdict in ("agree", "disagree")]
    baselines = baseline_agreement(counted, panels, rulebook, lowering)
    return Scoreboard(results, baselines, rulebook.confidence, tuple(runs))


def _result(finding: Finding, runs: Sequence[Run], rulebook: Rulebook) -> FindingResult:
    mine = tuple(run for run in runs if run.panel.of(finding.id))
    if not finding.experiments:
        return FindingResult(finding, "not modelled", (), "no experiment re-does it yet")
    readouts = judge_readouts(finding, mine, rulebook)
    agree, reason = overall(readouts)
    failed = sum(run.result.failed for run in mine)
    if failed:
        reason += f"; {failed} simulated arms failed"
    if finding.given:
        return FindingResult(finding, "given", readouts, "restates an input of the model", mine)
    if agree:
        return FindingResult(finding, "agree", readouts, reason, mine)
    return FindingResult(finding, "disagree", readouts, reason, mine, load_misses().get(finding.id, ""))


def judge_readouts(finding: Finding, runs: Sequence[Run], rulebook: Rulebook) -> tuple[ReadoutVerdict, ...]:
    """Judge every readout of a finding on the runs that show it, in order."""
    return tuple(_judge(comparison, run, rulebook) for run in runs for comparison in run.panel.of(finding.id))


def _judge(comparison: Comparison, run: Run, rulebook: Rulebook) -> ReadoutVerdict:
    cell = run.cell or _cell_of(run, comparison)
    return judge_comparison(comparison, run.course, rulebook, cell=cell, panel=run.panel.name)


def _cell_of(run: Run, comparison: Comparison) -> str:
    """Return the row of the cell that is measured: stroma by its name, else the partner or the only one.

    Of an animal it is the animal itself.
    """
    arm = run.result.experiment.arm(comparison.treated.arm)
    if arm.animal:
        return arm.animal
    added = [step.text("cells") for step in arm.steps if step.word == "add_cells"]
    present = [*arm.cells, *added]
    stroma = [name for name in present if name == STROMA]
    others = [name for name in present if name != STROMA]
    return (stroma or others)[0] if comparison.instance == STROMA else (others or stroma)[0]
