"""Simulating the trials behind published numbers, and saying which numbers lie within."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from myeloniche.trials.clinic.simulate import simulate_patients
from myeloniche.trials.evidence.rows import ClinicalRow, shipped
from myeloniche.trials.evidence.statistics import COMPARISONS, STATISTICS, Columns, columns_of
from myeloniche.trials.protocol.design import Trial
from myeloniche.trials.protocol.trial import trial_from
from myeloniche.trials.running.results_folder import TrialResults, read_results
from myeloniche.trials.running.runner import Watcher, run_trial

__all__ = ["DRAWS", "TRIALS", "JudgedRow", "judge_rows", "shipped_trial", "simulate_trials"]

DRAWS = 1000
"""How many trials of the published size are drawn from the patients of a simulated one."""

TRIALS = ("apex", "second_line", "route_and_schedule", "narita")
"""The trials that ship with the package; the last one holds the cohorts of findings B31 to B35."""

_MIDDLE = (2.5, 97.5)
_ROUNDING = 1e-9


@dataclass(frozen=True)
class JudgedRow:
    """A published number beside what simulated trials of its size show.

    Attributes
    ----------
    row
        What was published.
    simulated
        The number in all simulated patients.
    low, high
        Middle 95 % of what trials of the published size show.
    """

    row: ClinicalRow
    simulated: float
    low: float
    high: float

    @property
    def within(self) -> bool:
        """Whether the published number lies within; sums of doses are equal to rounding only."""
        slack = _ROUNDING * abs(self.row.published)
        return self.low - slack <= self.row.published <= self.high + slack


def shipped_trial(name: str, *, size: int | None = None) -> Trial:
    """Return a trial that ships with the package, with another number of patients if asked for."""
    folder = shipped() / "trials"
    trial = trial_from(
        (folder / f"{name}.yaml").read_text("utf-8"), name=f"{name}.yaml", folder=Path(str(folder))
    )
    return trial if size is None else replace(trial, size=size)


def simulate_trials(
    folder: str | Path,
    names: Sequence[str] = TRIALS,
    *,
    size: int | None = None,
    workers: int | None = None,
    watcher: Watcher | None = None,
) -> Mapping[str, TrialResults]:
    """Simulate trials of the package, or go on where it was stopped.

    Parameters
    ----------
    folder
        Where each gets a folder of its own.
    names
        Which of :data:`TRIALS`.
    size
        Patients of each; that of its file by default.
    workers, watcher
        See :func:`~myeloniche.trials.running.runner.run_trial`.
    """
    return {
        name: read_results(
            run_trial(
                shipped_trial(name, size=size),
                Path(folder) / name,
                simulate=simulate_patients,
                workers=workers,
                watcher=watcher,
            )
        )
        for name in names
    }


def judge_rows(
    rows: Sequence[ClinicalRow], results: Mapping[str, TrialResults], *, draws: int = DRAWS, seed: int = 0
) -> tuple[JudgedRow, ...]:
    """Say of each published number whether it lies within what trials of its size show.

    Parameters
    ----------
    rows
        Published numbers.
    results
        Of the trials that they are about, by name.
    draws
        Trials of the published size to draw, with replacement, from the simulated patients.
    seed
        Of these draws.
    """
    known: dict[tuple[str, str, tuple[str, float] | None], Columns] = {}

    def arm(row: ClinicalRow, name: str) -> Columns:
        key = (row.trial, name, row.subset)
        if key not in known:
            known[key] = columns_of(results[row.trial], name, row.subset)
        return known[key]

    return tuple(
        _judged(row, arm(row, row.arm), arm(row, row.against) if row.against else None, draws, seed)
        for row in rows
    )


def _judged(row: ClinicalRow, own: Columns, other: Columns | None, draws: int, seed: int) -> JudgedRow:
    rng = np.random.default_rng(seed)
    take = _statistic(row)
    found = [
        take(
            _drawn(own, row.patients, rng),
            None if other is None else _drawn(other, row.patients_against, rng),
        )
        for _ in range(draws)
    ]
    low, high = np.nanpercentile(np.where(np.isnan(found), np.inf, found), _MIDDLE, method="nearest")
    return JudgedRow(row, take(own, other), float(low), float(high))


def _statistic(row: ClinicalRow) -> Callable[[Columns, Columns | None], float]:
    """Return what is taken of an arm and the one it is compared with: a value, a ratio, or their own."""
    if row.statistic in COMPARISONS:
        compared = COMPARISONS[row.statistic]
        return lambda own, other: compared(own, other or {})
    take = STATISTICS[row.statistic]

    def value(own: Columns, other: Columns | None) -> float:
        if other is None:
            return take(own)
        below = take(other)
        return take(own) / below if below else np.inf

    return value


def _drawn(columns: Columns, patients: int, rng: np.random.Generator) -> Columns:
    chosen = rng.integers(0, next(iter(columns.values())).size, size=patients)
    return {name: values[chosen] for name, values in columns.items()}
