"""Tables and figures of a trial, and the two commands."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result
from matplotlib.text import Text
from stand_in import Interrupted, StandIn, simulate

from myeloniche.cli import main
from myeloniche.report.trial import write_trial
from myeloniche.report.trial_biomarkers import analyse_markers, draw_markers
from myeloniche.report.trial_frames import evenly
from myeloniche.report.trial_survival import comparison_words, draw_survival, median_words, p_words
from myeloniche.report.trial_swimmer import draw_swimmer
from myeloniche.report.trial_waterfall import draw_waterfall
from myeloniche.trials.analysis.cohort import durations_of
from myeloniche.trials.analysis.survival import Comparison, HazardRatio, compare_arms, kaplan_meier
from myeloniche.trials.patients.population import REJECTED
from myeloniche.trials.protocol.trial import trial_from
from myeloniche.trials.running.results_folder import read_results
from myeloniche.trials.running.runner import run_trial

TRIAL = StandIn(size=80)
FIGURES = ("pfs", "ttp", "dor", "waterfall", "swimmer", "spider", "biomarkers")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory):
    """Return the report of a trial, and its folder."""
    folder = run_trial(TRIAL, tmp_path_factory.mktemp("out") / "out", simulate=simulate, workers=1)
    return write_trial(read_results(folder)), folder


def test_every_table_and_figure_is_written(written) -> None:
    report, folder = written

    assert [path.name for path in report.paths] == [
        "summary.txt", "response.csv", *(f"{name}.png" for name in FIGURES)
    ]  # fmt: skip
    assert all((folder / f"{name}.png").read_bytes().startswith(b"\x89PNG") for name in FIGURES)


def test_the_guide_names_every_file(written) -> None:
    _, folder = written
    guide = (Path(__file__).parents[2] / "docs" / "trials.md").read_text("utf-8")

    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    assert [name for name in sorted(there) if f"`{name}" not in guide] == []


def test_the_trial_of_the_guide_can_be_read() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "trials.md").read_text("utf-8")
    text = guide.partition("```yaml\n")[2].partition("```")[0]
    trial = trial_from(text, name="trial.yaml", folder=Path())

    assert (trial.size, [arm.name for arm in trial.arms]) == (
        400,
        ["bortezomib", "bortezomib + dexamethasone"],
    )


def test_the_summary_says_what_the_terminal_says(written) -> None:
    report, folder = written
    text = (folder / "summary.txt").read_text("utf-8")

    assert text.startswith("Stand-in\n")
    for words in ("Best response", "at least PR", "neuropathy, grade 2 up", "relapse by stroma", "median"):
        assert words in text
    assert all(remark in text for remark in report.remarks)
    assert sum("log-rank p" in remark and "HR" in remark for remark in report.remarks) == 4
    assert sum("Mann-Whitney p" in remark for remark in report.remarks) == 7


def test_the_csv_holds_counts_shares_and_intervals(written) -> None:
    _, folder = written
    with (folder / "response.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    patients = read_results(folder).patients.to_pylist()
    mine = [row["best_response"] for row in patients if row["arm"] == "bortezomib"]
    (overall,) = (row for row in rows if (row["arm"], row["what"]) == ("bortezomib", "at least PR"))

    assert int(overall["count"]) == sum(best in ("CR", "VGPR", "PR") for best in mine)
    assert float(overall["low"]) < float(overall["share"]) < float(overall["high"])


def test_numbers_at_risk_stand_below_the_curves(cohort) -> None:
    durations = durations_of(cohort)
    curves = {
        arm: kaplan_meier(durations.days[mine], durations.events[mine])
        for arm in ("bortezomib", "bortezomib + dexamethasone")
        if (mine := durations.arms == arm).any()
    }
    figure = draw_survival(curves, title="PFS", comparisons=compare_arms(durations))
    (axes,) = figure.axes
    texts = [text.get_text() for text in axes.texts]

    assert texts.count("100") == 2
    assert "at risk, bortezomib + dexamethasone" in texts
    assert _overlaps(figure) == []


@pytest.fixture
def long_names(cohort):
    """Return a cohort of three arms with long names."""
    names = [
        "bortezomib twice weekly iv",
        "bortezomib weekly sc + dexamethasone + zoledronate",
        "observation",
    ]
    place = cohort.column_names.index("arm")
    return cohort.set_column(place, "arm", pa.array([names[row % 3] for row in range(cohort.num_rows)]))


def test_long_names_of_arms_have_room(long_names) -> None:
    durations = durations_of(long_names)
    curves = {
        arm: kaplan_meier(durations.days[durations.arms == arm], durations.events[durations.arms == arm])
        for arm in dict.fromkeys(durations.arms.tolist())
    }
    survival = draw_survival(curves, title="PFS", comparisons=compare_arms(durations))
    waterfall = draw_waterfall(long_names, np.linspace(0.3, -1.0, long_names.num_rows))

    assert [_overlaps(figure) for figure in (survival, waterfall, draw_swimmer(long_names))] == [[], [], []]


def test_words_for_what_is_not_defined() -> None:
    never = kaplan_meier(np.arange(1.0, 5.0), np.zeros(4, bool))
    nothing = HazardRatio(np.nan, np.nan, np.nan, np.nan, "no event in a")

    assert median_words(never) == "median not reached"
    assert p_words(1e-9) == "p < 0.0001"
    assert comparison_words(Comparison("a", "b", np.nan, np.nan, nothing)) == (
        "a against b: log-rank p not defined, no hazard ratio: no event in a"
    )


def test_a_long_list_is_shown_evenly_with_its_ends() -> None:
    assert evenly(np.arange(101), 3).tolist() == [0, 50, 100]
    assert evenly(np.arange(3), 5).tolist() == [0, 1, 2]


def test_an_interim_look_knows_nothing_of_later_days(cohort) -> None:
    durations = durations_of(cohort)
    seen = durations.seen_by(100.0)

    assert seen.days.max() == 100
    assert seen.events.sum() == (durations.events & (durations.days <= 100)).sum()
    assert 0 < seen.events.sum() < durations.events.sum()


def test_looks_and_strata_of_the_design_are_told(tmp_path) -> None:
    folder = run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1)
    report = write_trial(read_results(folder), interim_days=(90.0,), stratify=("relapse_cause",))

    assert sum(remark.startswith("interim look at 3.0 months, ") for remark in report.remarks) == 1
    assert sum(remark.endswith("stratified by relapse_cause") for remark in report.remarks) == 3


def test_draws_that_the_population_rejected_are_told(tmp_path) -> None:
    def picky(trial, first, stop, *, workers=None):
        found = simulate(trial, first, stop, workers=workers)
        why = f'{{"too old": {stop - first}, "too well": 1}}'
        return found._replace(patients=found.patients.replace_schema_metadata({REJECTED: why}))

    folder = run_trial(TRIAL, tmp_path / "out", simulate=picky, workers=1, chunk=20)
    write_trial(read_results(folder))

    told = "84 draws of patients were rejected and drawn again: too old (80), too well (4)"
    assert told in (folder / "summary.txt").read_text("utf-8")


def test_a_sample_for_the_biomarkers_is_told(cohort, monkeypatch) -> None:
    whole = analyse_markers(cohort, seed=1)
    monkeypatch.setattr("myeloniche.report.trial_biomarkers._MOST_PATIENTS", 150)
    some = analyse_markers(cohort, seed=1)
    texts = [[text.get_text() for text in draw_markers(found).findobj(Text)] for found in (whole, some)]
    told = "150 of 200 patients, drawn by the trial's seed"

    assert whole.words()[0] == "biomarkers of 200 patients:"
    assert some.words()[0] == f"biomarkers of {told}:"
    assert sum(test.early + test.late for test in some.tests[:1]) <= 150
    assert [told in found for found in texts] == [False, True]
    assert [pair for pair in _overlaps(draw_markers(some)) if told in pair] == []


def test_a_trial_too_small_for_biomarkers_says_so(tmp_path) -> None:
    folder = run_trial(StandIn(size=6), tmp_path / "out", simulate=simulate, workers=1)
    report = write_trial(read_results(folder))

    assert not (folder / "biomarkers.png").exists()
    assert any(remark.startswith("no analysis of biomarkers: ") for remark in report.remarks)


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the stand-in where the commands look for trials."""
    monkeypatch.setattr("myeloniche.trials.clinic.simulate.simulate_patients", simulate)
    monkeypatch.setattr("myeloniche.trials.protocol.trial.read_trial", lambda path: TRIAL)  # noqa: ARG005
    monkeypatch.setattr(
        "myeloniche.trials.protocol.trial.trial_from", lambda text, **_: StandIn(size=80, content=text)
    )


@pytest.mark.usefixtures("stand_in")
def test_the_commands_run_and_verify_a_trial(tmp_path) -> None:
    file, out = tmp_path / "trial.yaml", tmp_path / "out"
    file.write_text(TRIAL.content, "utf-8")
    run = _call("trial", file, "--out", out, "--workers", 1, "--chunk", 20)
    good = _call("verify", out, "--sample", 3)
    part = out / "patients.parquet" / "patients-000001.parquet"
    part.write_bytes(part.read_bytes()[:-1])
    bad = _call("verify", out, "--sample", 3, "--trial", file)

    assert run.exit_code == 0, run.output
    assert "memory: about" in run.stderr
    assert "Best response" in run.stdout
    assert str(out / "pfs.png") in run.stdout
    assert not (out / "ttp.png").exists()
    assert "interim look at 3.0 months" in run.stdout
    assert (good.exit_code, good.stdout) == (
        0, "holds: 4 of 4 parts are whole, and 3 patients were simulated again\n"
    )  # fmt: skip
    assert bad.exit_code == 1
    assert "patients-000001.parquet is not as it was written" in bad.stdout
    assert "does not hold: 3 of 4 parts are whole" in bad.stdout


@pytest.mark.usefixtures("stand_in")
def test_control_c_says_what_is_kept(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("myeloniche.trials.clinic.simulate.simulate_patients", Interrupted(70))
    file, out = tmp_path / "trial.yaml", tmp_path / "out"
    file.write_text("", "utf-8")
    stopped = _call("trial", file, "--out", out, "--workers", 1)

    assert stopped.exit_code == 130
    assert f"stopped; what is done is kept in {out}, and the same command goes on" in stopped.stderr


@pytest.mark.usefixtures("stand_in")
def test_the_commands_refuse_in_one_message(tmp_path) -> None:
    file = tmp_path / "trial.yaml"
    file.write_text("", "utf-8")
    both = _call("trial", file, "--out", tmp_path / "out", "--scheduler", "tcp://x:1", "--local-cluster")
    foreign = _call("trial", file, "--out", tmp_path, "--workers", 1)
    nothing = _call("verify", tmp_path)

    assert (both.exit_code, "choose one" in both.stderr) == (2, True)
    assert (foreign.exit_code, foreign.stderr.count("Error:")) == (2, 1)
    assert "is no folder of a trial's results. Name another one." in foreign.stderr
    assert (nothing.exit_code, "has no manifest.json" in nothing.stderr) == (2, True)


def _call(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def _overlaps(figure) -> list[tuple[str, str]]:
    """Return pairs of texts that overlap, or lie outside the figure."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    whole = figure.bbox
    # some ticks lie out of view
    ticks = [
        tick for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_ticklabels()
    ]
    boxes = [
        (text.get_text(), text.get_window_extent())
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in ticks
    ]
    inside = [(name, box) for name, box in boxes if box.width > 1]
    outside = [(name, "outside") for name, box in inside if box.x0 < -1 or box.x1 > whole.x1 + 1]
    return outside + [
        (one[0], other[0])
        for place, one in enumerate(inside)
        for other in inside[place + 1 :]
        if one[1].shrunk(0.95, 0.8).overlaps(other[1].shrunk(0.95, 0.8))
    ]
