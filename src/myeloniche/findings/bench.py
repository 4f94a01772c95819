"""Where the findings meet the laboratory: panels go in, simulated readouts come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from myeloniche.findings.panel import Panel, load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.scoreboard import Run
from myeloniche.lab.experiment import Experiment, Replicates
from myeloniche.lab.run import MAX_STEPS, check, run
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import find_drug, load_drugs

__all__ = ["check_panels", "do_panels", "do_sets", "lowering_agents"]

Progress = Callable[[int, int], object]


def do_panels(
    panels: Sequence[Panel], *, workers: int | None = None, progress: Progress | None = None
) -> list[Run]:
    """Run every experiment of some panels, all at once.

    Parameters
    ----------
    panels
        What to re-do.
    workers
        How many cores to use; all by default.
    progress
        Called with the number of simulations done and their total.

    Returns
    -------
    One run per panel and cell row, in order. What is scored are nominal cells; where a panel asks
    for replicates these are run beside them, for the whiskers of its picture.
    """
    jobs = [(panel, experiment) for panel in panels for experiment in panel.experiments]
    nominal = [replace(experiment, replicates=Replicates()) for _, experiment in jobs]
    repeated = [experiment for _, experiment in jobs if experiment.replicates.n > 1]
    results = iter(run([*nominal, *repeated], workers=workers, progress=progress))
    scored = [next(results) for _ in nominal]
    drawn = {id(experiment): next(results) for experiment in repeated}
    return [
        Run(panel, experiment.cell, result, drawn.get(id(experiment)))
        for (panel, experiment), result in zip(jobs, scored, strict=True)
    ]


def do_sets(
    panels: Sequence[Panel],
    parameter_sets: Sequence[Mapping[str, float]],
    *,
    workers: int | None = None,
    max_steps: int = MAX_STEPS,
) -> list[list[Run]]:
    """Run every experiment of some panels for every parameter set, nominal cells only.

    Returns
    -------
    One list of runs per parameter set, each as :func:`do_panels` returns them but without repeats.
    """
    jobs = [(panel, experiment) for panel in panels for experiment in panel.experiments]
    nominal = [replace(experiment, replicates=Replicates()) for _, experiment in jobs]
    results = iter(run(nominal, workers=workers, parameter_sets=parameter_sets, max_steps=max_steps))
    return [[Run(panel, one.cell, next(results)) for panel, one in jobs] for _ in parameter_sets]


def check_panels() -> int:
    """Check that every experiment behind the findings can be done as written; return how many there are.

    Raises
    ------
    MyelonicheError
        With every problem of all experiments.
    """
    experiments: list[Experiment] = [
        experiment for panel in load_panels(load_rulebook()).values() for experiment in panel.experiments
    ]
    check(experiments)
    return len(experiments)


def lowering_agents() -> Callable[[str], bool]:
    """Return a function that tells whether a drug or siRNA takes something away.

    Inhibitors, toxins, and siRNAs with a target do; cytokines and scrambled siRNA do not.
    """
    drugs = load_drugs()
    return lambda name: _lowers(find_drug(name, drugs))


def _lowers(drug: Drug) -> bool:
    return drug.kind in ("inhibitor", "chemotherapy") or bool(drug.cuts_synthesis)
