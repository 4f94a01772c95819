"""Tables and figures of a trial one at a time, from memory and from a folder."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pyarrow as pa
import pytest
from stand_in import StandIn, simulate

from myeloniche.errors import ExperimentError
from myeloniche.report.trial_course import draw_course
from myeloniche.report.trial_view import TrialView
from myeloniche.trials import PatientResults, read_results, run_trial

TRIAL = StandIn(size=60)


@pytest.fixture(scope="module")
def view() -> TrialView:
    return TrialView(PatientResults(*simulate(TRIAL, 0, TRIAL.size)), seed=TRIAL.seed)


@pytest.fixture(scope="module")
def of_folder(tmp_path_factory: pytest.TempPathFactory) -> TrialView:
    folder = run_trial(TRIAL, tmp_path_factory.mktemp("out") / "out", simulate=simulate, workers=1, chunk=16)
    return TrialView(read_results(folder), seed=TRIAL.seed)


def drawn(figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["waterfall", "swimmer", "spider"])
def test_a_folder_shows_what_memory_shows(name, view, of_folder) -> None:
    assert drawn(getattr(view, name)()) == drawn(getattr(of_folder, name)())


def test_survival_says_itself_in_words(view, of_folder) -> None:
    found = view.survival("pfs")

    assert drawn(found.figure()).startswith(b"\x89PNG")
    assert repr(found) == repr(of_folder.survival("pfs"))
    assert repr(found).startswith("Progression-free survival\nbortezomib: 30 patients, ")
    assert (
        repr(found).splitlines()[-1].startswith("bortezomib + dexamethasone against bortezomib: log-rank p")
    )


def test_tests_are_stratified_as_asked(view) -> None:
    stratified = TrialView(view.found, stratify=("relapse_cause",)).survival("pfs")

    assert stratified.comparisons[0].log_rank_p != view.survival("pfs").comparisons[0].log_rank_p


def test_markers_say_themselves_in_words(view) -> None:
    found = view.markers()

    assert drawn(found.figure()).startswith(b"\x89PNG")
    assert repr(found).splitlines()[0] == "biomarkers of 60 patients:"


def test_an_endpoint_that_nobody_has_is_refused(view) -> None:
    place = view.patients.column_names.index("dor_days")
    without = view.patients.set_column(place, "dor_days", pa.nulls(TRIAL.size, pa.float64()))

    with pytest.raises(ExperimentError, match="dor: got no patient with such a time"):
        TrialView(PatientResults(without, view.found.visits)).survival("dor")


@pytest.fixture
def one():
    """Return a patient followed by light chain for a year, treated for half of it; visits in any order."""
    days = np.arange(0, 360, 30.0)
    treated = (days > 0) & (days <= 180)
    patients = pa.table({
        "patient": [7], "immunoglobulin": ["light chain"], "response_day": [60.0],
        "progression_day": pa.array([None], pa.float64()),
    })  # fmt: skip
    readouts = ("m_protein_g_L", "flc_mg_L", "marrow_burden", "ctx", "p1np", "bone_density")
    visits = pa.table({
        "patient": np.full(days.size, 7), "day": days, "dose_mg_m2": np.where(treated, 5.2, 0.0),
        "neuropathy_grade": np.arange(days.size) // 3, **dict.fromkeys(readouts, days + 1),
    })  # fmt: skip
    return patients, visits.take(np.roll(np.arange(days.size), 3))


def test_a_course_shows_readouts_with_units_doses_and_response(one) -> None:
    figure = draw_course(*one, 7)
    marks, labels = figure.axes[0].get_legend_handles_labels()

    assert drawn(figure).startswith(b"\x89PNG")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "free light chain", "myeloma in the marrow", "neuropathy",
        "CTX: resorption", "P1NP: formation", "bone volume",
    ]  # fmt: skip
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "in serum [mg/L]", "share of the room [%]", "grade",
        "in serum [ng/mL]", "in serum [ng/mL]", "BV/TV [%]",
    ]  # fmt: skip
    assert labels == ["first drug given", "first PR or better"]
    assert len(marks) == len(labels)
    months = figure.axes[0].lines[-1].get_xdata()
    assert np.all(np.diff(months) > 0)


def test_a_patient_who_is_not_there_has_no_course(one, view) -> None:
    with pytest.raises(ExperimentError, match="patient 8: got 1 other patients"):
        draw_course(*one, 8)
    with pytest.raises(ExperimentError, match="patient 7: got no visit of this patient"):
        draw_course(one[0], one[1].slice(0, 0), 7)
    with pytest.raises(ExperimentError, match="patient 60: got 60 other patients"):
        view.course(60)
