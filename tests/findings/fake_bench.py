"""A bench without a model: courses that follow simple made-up numbers, for tests of verdicts and pages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from myeloniche.findings.panel import Panel, agents
from myeloniche.findings.scoreboard import Run
from myeloniche.lab.experiment import Arm, Experiment, Measure
from myeloniche.lab.readouts.table import BONE, SITE, load_readouts
from myeloniche.lab.result import ExperimentResult, Series
from myeloniche.units import times

AT_A_SITE = frozenset(row.name for row in load_readouts() if row.place in (SITE, BONE))
LOWERING = frozenset({"LLZ1640-2", "TAK1 siRNA", "SMI-16a", "doxorubicin"})


def is_lowering(agent: str) -> bool:
    return agent in LOWERING


def do_panels(panels: Sequence[Panel]) -> list[Run]:
    return [_run(panel, experiment) for panel in panels for experiment in panel.experiments]


def changed(run: Run, value: float, *, status: str = "ok") -> Run:
    """Return a run whose every readout has one value and whose every arm has one status."""
    result = run.result
    arms = {
        arm: {label: _flat(series, value) for label, series in by_label.items()}
        for arm, by_label in result.arms.items()
    }
    statuses = dict.fromkeys(result.statuses, (status,))
    return Run(run.panel, run.cell, ExperimentResult(result.experiment, arms, statuses))


def emptied(run: Run) -> Run:
    """Return a run in which nothing was measured."""
    result = run.result
    nothing: dict[str, dict[str, Series]] = {arm: {} for arm in result.arms}
    return Run(run.panel, run.cell, ExperimentResult(result.experiment, nothing, result.statuses))


def _flat(series: Series, value: float) -> Series:
    values = np.full_like(series.replicates, value)
    return Series(
        series.readout, series.instrument, series.instance, series.unit, series.times_h, values, series.window
    )


def _run(panel: Panel, experiment: Experiment) -> Run:
    repeats = None
    if experiment.replicates.n > 1:
        repeats = _result(experiment, np.linspace(0.9, 1.1, experiment.replicates.n))
    return Run(panel, experiment.cell, _result(experiment, np.ones(1)), repeats)


def _result(experiment: Experiment, factors: np.ndarray) -> ExperimentResult:
    arms: dict[str, dict[str, Series]] = {arm.name: {} for arm in experiment.arms}
    for measure in experiment.measures:
        for arm in experiment.arms:
            if not measure.arms or arm.name in measure.arms:
                for name in _names(measure):
                    series = _series(arm, name, measure, factors)
                    arms[arm.name][series.label] = series
    statuses = {arm.name: ("ok",) * len(factors) for arm in experiment.arms}
    return ExperimentResult(experiment, arms, statuses)


def _names(measure: Measure) -> list[str]:
    prefix = "nuclear " if measure.instrument == "nuclear" else ""
    return [prefix + name for name in measure.readouts] or [measure.instrument]


def _series(arm: Arm, readout: str, measure: Measure, factors: np.ndarray) -> Series:
    hours = times(measure.at).hours if measure.at else (24.0,)
    values = np.array([_value(arm, readout, hour, timed=bool(measure.at)) for hour in hours])
    repeats = factors[:, None] * values
    instance = measure.cell or ("tibia" if arm.animal and readout in AT_A_SITE else "")
    return Series(readout, measure.instrument, instance, "relative", np.array(hours), repeats)


def _value(arm: Arm, readout: str, time: float, *, timed: bool) -> float:
    given = agents(arm)
    blocked = 0.1 if "TAK1 siRNA" in given else 1 / (1 + 3 * _dose(arm)) if "LLZ1640-2" in given else 1.0
    if readout == "adherent fraction":
        return 0.2 * blocked + 0.05
    if readout in ("annexin V", "cleaved caspase-3", "cleaved caspase-8", "cleaved caspase-9"):
        return 0.05 + 0.5 * (1 - blocked)
    stimulus = 2.0 if given & {"TNF", "IL-6"} or len(arm.cells) > 1 else 0.0
    if timed:
        stimulus *= time / 0.1 * math.exp(1 - time / 0.1) if time else 0.0
    if readout == "IkBa":
        return 1 / (1 + stimulus * blocked)
    base = 0.05 if arm.cells == ("PBMC",) else 1.0
    return base * (blocked + stimulus * blocked * (blocked > 0.5) + 0.1)


def _dose(arm: Arm) -> float:
    doses = [step.text("dose") for step in arm.steps if step.text("drug") == "LLZ1640-2"]
    return next((float(dose.split()[0]) for dose in doses if dose), 5.0)  # an animal gets a regimen
