"""What a trial shows, from patients in memory or from a folder: tables and figures one at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from myeloniche.errors import ExperimentError
from myeloniche.report.trial_biomarkers import MarkerAnalysis, analyse_markers
from myeloniche.report.trial_course import draw_course
from myeloniche.report.trial_spider import draw_spider
from myeloniche.report.trial_survival import ArmSurvival, survival_by_arm
from myeloniche.report.trial_swimmer import draw_swimmer
from myeloniche.report.trial_tables import response_text
from myeloniche.report.trial_waterfall import draw_waterfall
from myeloniche.trials.analysis.marker import best_changes
from myeloniche.trials.analysis.response import response_table
from myeloniche.trials.clinic.results import PatientResults
from myeloniche.trials.running.results_folder import TrialResults

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.figure import Figure
    from rich.table import Table

__all__ = ["TrialView"]


@dataclass(frozen=True, eq=False)
class TrialView:
    """Tables and figures of a trial, each made when it is asked for.

    ::

        view = TrialView(simulate_patients(trial, 0, trial.size))
        view.responses()
        view.survival("pfs").figure()

    Attributes
    ----------
    found
        Patients in memory, or the results of a folder.
    stratify
        Covariates of randomisation; tests are stratified by them.
    seed
        Of what biomarkers need to be drawn by lot; a report on a folder takes that of the trial.
    """

    found: PatientResults | TrialResults
    stratify: tuple[str, ...] = ()
    seed: int = 0

    @property
    def patients(self) -> pyarrow.Table:
        """A row per patient."""
        return self.found.patients

    def course(self, patient: int) -> Figure:
        """Draw what is read at every visit of one patient, named by its number."""
        return draw_course(self.patients, self._visits_of([patient]), patient)

    def responses(self) -> Table:
        """Return responses, neuropathy and causes of relapse with an arm per column."""
        return response_text(response_table(self.patients))

    def survival(self, endpoint: str = "pfs") -> ArmSurvival:
        """Return the curves of ``"pfs"``, ``"ttp"`` or ``"dor"`` by arm, and what tells the arms apart.

        Raises
        ------
        ExperimentError
            If no patient has such a time.
        """
        found = survival_by_arm(self.patients, endpoint, stratify=self.stratify)
        if not found.curves:
            raise ExperimentError(f"{endpoint}: got no patient with such a time. Simulate more patients.")
        return found

    def markers(self) -> MarkerAnalysis:
        """Return the analysis of the markers before therapy.

        Raises
        ------
        MyelonicheError
            If there are too few patients or markers.
        """
        return analyse_markers(self.patients, seed=self.seed)

    def waterfall(self) -> Figure:
        """Draw the best change of each patient's tumour marker."""
        if isinstance(self.found, TrialResults):
            return draw_waterfall(self.patients, self.found.best_changes())
        return draw_waterfall(self.patients, best_changes(self.patients, self.found.visits))

    def swimmer(self) -> Figure:
        """Draw how long each patient goes without progression."""
        return draw_swimmer(self.patients)

    def spider(self) -> Figure:
        """Draw each patient's tumour marker over time."""
        return draw_spider(self.patients, self._visits_of)

    def _visits_of(self, patients: Sequence[int]) -> pyarrow.Table:
        if isinstance(self.found, TrialResults):
            return self.found.visits_of(patients)
        import pyarrow.compute

        chosen = pyarrow.compute.is_in(self.found.visits["patient"], pyarrow.array(patients))
        return self.found.visits.filter(chosen)
