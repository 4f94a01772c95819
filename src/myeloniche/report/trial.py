"""Everything that a trial's folder shows: tables and figures beside the parts they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from myeloniche.errors import MyelonicheError
from myeloniche.report.trial_biomarkers import analyse_markers
from myeloniche.report.trial_spider import draw_spider
from myeloniche.report.trial_survival import comparison_words, strata_of, survival_by_arm
from myeloniche.report.trial_swimmer import draw_swimmer
from myeloniche.report.trial_tables import response_text, survival_text, write_responses
from myeloniche.report.trial_waterfall import draw_waterfall
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, ENDPOINTS, durations_of
from myeloniche.trials.analysis.response import response_table
from myeloniche.trials.analysis.survival import compare_arms
from myeloniche.trials.running.results_folder import TrialResults

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

__all__ = ["TrialReport", "write_trial"]

_DPI = 160
_COLUMNS = 140  # of the summary


@dataclass(frozen=True)
class TrialReport:
    """What was written, and what there is to read.

    Attributes
    ----------
    paths
        Files.
    tables
        For a terminal; the same is in ``summary.txt``.
    remarks
        Failed patients, figures that could not be drawn and why, and comparisons of arms.
    """

    paths: tuple[Path, ...]
    tables: tuple[RenderableType, ...]
    remarks: tuple[str, ...]


def write_trial(
    results: TrialResults,
    *,
    endpoints: Sequence[str] = tuple(ENDPOINTS),
    interim_days: Sequence[float] = (),
    stratify: Sequence[str] = (),
) -> TrialReport:
    """Write tables and figures into the folder of a trial's results.

    Parameters
    ----------
    results
        Of a trial that is complete.
    endpoints
        Times to an event that the trial is judged by; responses and side effects are always written.
    interim_days
        When progression-free survival is looked at before the end; every patient enters on day 0.
    stratify
        Covariates of randomisation; the tests are stratified by them.
    """
    writer = _Writer(results, tuple(stratify))
    writer.responses()
    for endpoint in endpoints:
        writer.survival(endpoint)
    for day in interim_days:
        writer.interim(day)
    patients = results.patients
    writer.figure("waterfall", lambda: draw_waterfall(patients, results.best_changes()))
    writer.figure("swimmer", lambda: draw_swimmer(patients))
    writer.figure("spider", lambda: draw_spider(patients, results.visits_of))
    seed = int(results.manifest.decides["seed"])
    writer.markers(seed)
    return writer.report()


class _Writer:
    """A report while it is written."""

    def __init__(self, results: TrialResults, stratify: tuple[str, ...]) -> None:
        self.results = results
        self.stratify = stratify
        self.paths: list[Path] = []
        self.tables: list[RenderableType] = []
        self.remarks = [
            f"{count} of {results.patients.num_rows} simulated patients failed: {status}"
            for status, count in results.failed().items()
        ]
        if results.rejected:
            total = sum(results.rejected.values())
            reasons = ", ".join(f"{why} ({count})" for why, count in results.rejected.items())
            self.remarks.append(f"{total} draws of patients were rejected and drawn again: {reasons}")

    def responses(self) -> None:
        """Write the response table."""
        rows = response_table(self.results.patients)
        path = self.results.folder / "response.csv"
        write_responses(rows, path)
        self.paths.append(path)
        self.tables.append(response_text(rows))

    def survival(self, endpoint: str) -> None:
        """Write the curves of one endpoint by arm."""
        found = survival_by_arm(self.results.patients, endpoint, stratify=self.stratify)
        if not found.curves:
            self.remarks.append(f"{endpoint}: no patient has one, so there is no curve")
            return
        name = ENDPOINTS[endpoint]
        self.figure(endpoint, found.figure)
        self.tables.append(survival_text(name, found.curves))
        by = f", stratified by {' and '.join(self.stratify)}" if self.stratify else ""
        self.remarks += [f"{name}: {comparison_words(one)}{by}" for one in found.comparisons]

    def interim(self, day: float) -> None:
        """Say what an interim look at progression-free survival shows."""
        durations = durations_of(self.results.patients).seen_by(day)
        strata = strata_of(self.results.patients, durations, self.stratify)
        compared = compare_arms(durations, strata=strata)
        when = f"interim look at {day / DAYS_PER_MONTH:.1f} months, {int(durations.events.sum())} events"
        self.remarks += [f"{when}: {comparison_words(one)}" for one in compared]

    def markers(self, seed: int) -> None:
        """Write the analysis of biomarkers, or say why there is none."""
        try:
            found = analyse_markers(self.results.patients, seed=seed)
        except MyelonicheError as error:
            self.remarks.append(f"no analysis of biomarkers: {error}")
            return
        self.remarks += found.words()
        self.figure("biomarkers", found.figure)

    def figure(self, name: str, draw: Callable[[], Figure]) -> None:
        """Write a figure."""
        figure = draw()
        path = self.results.folder / f"{name}.png"
        figure.savefig(path, dpi=_DPI)
        self.paths.append(path)

    def report(self) -> TrialReport:
        """Write the summary, and return all."""
        from rich.console import Console

        path = self.results.folder / "summary.txt"
        with path.open("w", encoding="utf-8") as file:
            console = Console(file=file, width=_COLUMNS)
            console.print(self.results.title, highlight=False)
            for table in self.tables:
                console.print(table)
            console.print("\n" + "\n".join(self.remarks), highlight=False, markup=False, soft_wrap=True)
        return TrialReport((path, *self.paths), tuple(self.tables), tuple(self.remarks))
