"""Ablations: an edge is removed everywhere, and the findings that rest on it have to break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from myeloniche.errors import UnknownNameError
from myeloniche.findings.ablation_file import Ablation, load_ablations
from myeloniche.findings.anchors.result import AnchorRow
from myeloniche.findings.anchors.run import take_rows
from myeloniche.findings.bench import lowering_agents
from myeloniche.findings.catalogue import load_findings
from myeloniche.findings.panel import load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.score import judge_runs
from myeloniche.findings.scoreboard import Run, Scoreboard
from myeloniche.lab.experiment import Experiment, Replicates
from myeloniche.lab.result import ExperimentResult
from myeloniche.lab.run import run

__all__ = ["AblationResult", "ablate"]


@dataclass(frozen=True)
class AblationResult:
    """What an ablation did.

    Parameters
    ----------
    ablation
        What was removed.
    nominal, ablated
        All findings without and with the ablation.
    before, after
        Its quantities without and with the ablation, row by row.
    """

    ablation: Ablation
    nominal: Scoreboard
    ablated: Scoreboard
    before: tuple[AnchorRow, ...] = ()
    after: tuple[AnchorRow, ...] = ()

    @property
    def breaks(self) -> tuple[str, ...]:
        """Ids of the findings that agree without the ablation and not with it."""
        return _difference(self.nominal, self.ablated)

    @property
    def heals(self) -> tuple[str, ...]:
        """Ids of the findings that agree only with the ablation."""
        return _difference(self.ablated, self.nominal)

    @property
    def leaves(self) -> tuple[str, ...]:
        """Ids of the findings that have to stay: all others that agree without the ablation."""
        return tuple(finding for finding in _agreeing(self.nominal) if finding not in self.ablation.broken)


def ablate(
    names: Iterable[str] | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> tuple[AblationResult, ...]:
    """Score all findings without and with each edge removed, in one call of the laboratory.

    Parameters
    ----------
    names
        Which ablations; all by default.
    workers
        How many cores to use; all by default.
    progress
        Called with the number of simulations done and their total.

    Raises
    ------
    UnknownNameError
        If there is no ablation of that name.
    """
    chosen = _chosen(names)
    sets: list[Mapping[str, float]] = [{}, *(ablation.sets for ablation in chosen)]
    panels = load_panels(load_rulebook()).values()
    scored = [
        replace(experiment, replicates=Replicates()) for panel in panels for experiment in panel.experiments
    ]
    shown = [experiment for ablation in chosen for experiment in _shown(ablation)]
    results = run([*scored, *shown], workers=workers, progress=progress, parameter_sets=sets)
    size = len(scored) + len(shown)
    nominal, *ablated = (results[start : start + size] for start in range(0, len(results), size))
    board = _board(nominal[: len(scored)])
    return tuple(
        AblationResult(
            ablation,
            board,
            _board(mine[: len(scored)]),
            _taken(ablation, shown, nominal[len(scored) :]),
            _taken(ablation, shown, mine[len(scored) :]),
        )
        for ablation, mine in zip(chosen, ablated, strict=True)
    )


def _chosen(names: Iterable[str] | None) -> tuple[Ablation, ...]:
    every = {ablation.name: ablation for ablation in load_ablations()}
    asked = tuple(every) if names is None else tuple(names)
    for name in asked:
        if name not in every:
            raise UnknownNameError("ablation", name, every)
    return tuple(every[name] for name in asked)


def _board(results: Sequence[ExperimentResult]) -> Scoreboard:
    """Judge all findings on the experiments of all panels, in order."""
    rulebook = load_rulebook()
    panels = load_panels(rulebook)
    owners = [panel for panel in panels.values() for _ in panel.experiments]
    runs = [Run(panel, result.experiment.cell, result) for panel, result in zip(owners, results, strict=True)]
    return judge_runs(load_findings(), panels, runs, rulebook, lowering=lowering_agents())


def _shown(ablation: Ablation) -> tuple[Experiment, ...]:
    return ablation.quantities.experiments if ablation.quantities else ()


def _taken(
    ablation: Ablation, experiments: Sequence[Experiment], results: Sequence[ExperimentResult]
) -> tuple[AnchorRow, ...]:
    """Take the quantities of an ablation from the results that are its own."""
    mine = _shown(ablation)
    own = [
        result
        for experiment, result in zip(experiments, results, strict=True)
        if any(experiment is one for one in mine)
    ]
    return take_rows(ablation.quantities.targets, own) if ablation.quantities else ()


def _agreeing(board: Scoreboard) -> tuple[str, ...]:
    return tuple(result.finding.id for result in board.results if result.verdict == "agree")


def _difference(one: Scoreboard, other: Scoreboard) -> tuple[str, ...]:
    kept = set(_agreeing(other))
    return tuple(finding for finding in _agreeing(one) if finding not in kept)
