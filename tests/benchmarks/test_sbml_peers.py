"""The benchmark beside other simulators: how it reads, judges, runs and reports."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.sbml_peers.__main__ import main
from benchmarks.sbml_peers.accuracy import accuracy
from benchmarks.sbml_peers.collection import EVERY, POINTS, open_collection
from benchmarks.sbml_peers.figure import common_models, draw
from benchmarks.sbml_peers.page import page
from benchmarks.sbml_peers.rows import (
    MachineRow,
    Row,
    SweepRow,
    machine_file,
    read_rows,
    sweep_file,
    write_rows,
)
from myeloniche.engine.antimony_text import antimony_to_sbml

RATE, START, END = 0.3, 2.0, 10.0
FACTORS = np.array([[1.0], [0.5], [2.0]])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A collection of one model, exponential decay, whose reference is the closed form."""
    text = f"model decay; compartment c = 1; species A in c = {START}; k = {RATE}; A -> ; c*k*A; end"
    times = np.linspace(0.0, END, POINTS)[::EVERY]
    rows = [
        f"{member},{time},{START * np.exp(-RATE * factor * time)}"
        for member, factor in enumerate(FACTORS[:, 0])
        for time in times
    ]
    written = {
        "models": ("xml", antimony_to_sbml(text)),
        "nominal": ("csv", f"k,parameter,{RATE}\nA,state,conc\n"),
        "factors": ("csv", "k\n" + "\n".join(map(str, FACTORS[:, 0]))),
        "reference": ("csv", "trajectory,time,A\n" + "\n".join(rows)),
    }
    for name, (ending, content) in written.items():
        with tarfile.open(tmp_path / f"{name}.tar.gz", "w:gz") as archive:
            entry = tarfile.TarInfo(f"decay.{ending}")
            entry.size = len(content.encode())
            archive.addfile(entry, io.BytesIO(content.encode()))
    header = "model\treactions\tevents\tt_end\tabs\tref_uncertainty"
    (tmp_path / "index.tsv").write_text(f"{header}\ndecay\t1\t0\t{END}\t1e-9\t1e-12\n", "utf-8")
    return tmp_path


def test_a_collection_gives_a_model_with_its_members(folder: Path) -> None:
    case = open_collection(folder).case("decay")

    assert case.parameters == ("k",)
    assert case.states == (("A", "conc"),)
    np.testing.assert_allclose(case.values, RATE * FACTORS)
    assert case.reference.shape == (3, 21, 1)


def test_no_collection_is_told_in_clear_words(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no collection of models at .*other people's.*--collection"):
        main(["--collection", str(tmp_path / "nowhere")])


def test_a_member_is_as_bad_as_its_worst_number() -> None:
    reference = np.ones((3, 4, 2))
    found = reference.copy()
    found[0, 1, 0] += 0.1
    found[1, 2, 1] -= 0.3

    judged = accuracy(found, reference, atol=1e-9)

    assert judged.median == pytest.approx(0.1)
    assert judged.largest == pytest.approx(0.3)
    assert (judged.compared, judged.failed) == (3, 0)


def test_failed_members_are_counted_and_unknown_states_left_out() -> None:
    reference = np.ones((3, 4, 2))
    reference[:, :, 1] = np.nan
    reference[2] = np.nan
    found = np.ones((3, 4, 2))
    found[0] = np.nan
    found[1, :, 1] = 7.0

    judged = accuracy(found, reference, atol=1e-9)

    assert (judged.largest, judged.compared, judged.failed) == (0.0, 2, 1)


def test_a_state_near_zero_is_judged_by_the_tolerance() -> None:
    reference = np.full((1, 3, 1), 1e-12)

    assert accuracy(2 * reference, reference, atol=1e-9).largest == pytest.approx(1e-6)


def some_rows() -> tuple[list[Row], list[SweepRow], list[MachineRow]]:
    """Return results of two simulators on one model, and of one that is out."""
    ours = Row("decay", 1, 1, 1, 0, END, "myeloniche", 1e-6, 1e-9, members=200, batch_ms=0.1)
    ours = replace(ours, single_mean_ms=0.5, error_median=1e-7, error_largest=2e-7, cold_s=1.0, warm_s=0.5)
    theirs = replace(ours, simulator="libRoadRunner", batch_ms=2.0, error_median=1e-5)
    out = Row("decay", 1, 1, 1, 0, END, "diffrax", 1e-6, 1e-9, status="no events")
    points = [
        SweepRow("decay", row.simulator, True, rtol, rtol, 200, row.batch_ms, 0, rtol, rtol, rtol, 20)
        for row in (ours, theirs)
        for rtol in (1e-3, 1e-6)
    ]
    return (
        [ours, theirs, out],
        points,
        [MachineRow("date", "2026-01-01"), MachineRow("version of diffrax", "1")],
    )


def test_rows_survive_their_file(tmp_path: Path) -> None:
    rows, points, machine = some_rows()
    for written, path in (
        (rows, tmp_path / "r.csv"),
        (points, tmp_path / "p.csv"),
        (machine, tmp_path / "m.csv"),
    ):
        write_rows(path, written)

    read = read_rows(tmp_path / "r.csv", Row)

    assert [row.batch_ms for row in read[:2]] == [0.1, 2.0]
    assert read[2].status == "no events"
    assert np.isnan(read[2].batch_ms)
    assert read_rows(tmp_path / "p.csv", SweepRow) == points
    assert read_rows(tmp_path / "m.csv", MachineRow) == machine


def test_the_page_holds_ratios_errors_and_what_is_missing() -> None:
    text = page(*some_rows())

    assert "in an ensemble 20 (median; least 20, most 20) times as fast" in text
    assert "and 20 (median; least 20, most 20) times at the same tolerances" in text
    assert "one member at a time 4 (median" in text
    assert "| decay | 1 | 1 | 1 | 2 | 0.5 | 0.1 | 4 | 20 | 20 | 1e-5, 2e-7 | 1e-7, 2e-7 |" in text
    assert "| myeloniche, one member at a time | 1 of 1 | 4 |" in text
    assert "- diffrax, decay: no events" in text
    assert "| decay | 1 / 0.5 | 1 / 0.5 |" in text


def test_a_looser_tolerance_counts_where_both_errors_are_no_larger() -> None:
    rows, _, machine = some_rows()
    tried = {
        1e-3: (0.02, 1e-3, 1e-3),
        1e-4: (0.04, 1e-5, 3e-7),
        1e-5: (0.05, 1e-5, 2e-7),
        1e-6: (0.1, 1e-7, 2e-7),
    }
    points = [
        SweepRow("decay", "myeloniche", True, rtol, rtol, 200, ms, 0, middle, worst, worst, 20)
        for rtol, (ms, middle, worst) in tried.items()
    ]
    assert "| 4 | 20 | 40 | 1e-5" in page(rows, points, machine)

    worse = [rows[0], replace(rows[1], error_median=1e-9), rows[2]]
    assert "| 4 | 20 | - | 1e-9" in page(worse, points, machine)


def test_the_page_holds_daily_doses() -> None:
    numbers = {
        "rtol": "1e-06",
        "ms_per_member": "30",
        "ratio": "45",
        "error_median": "1e-5",
        "error_largest": "",
    }
    row = {"who": "libRoadRunner, one event", "members": "40", "failed": "2", "states": "192", "days": "90"}

    text = page(*some_rows(), dosing=[{**row, **numbers}])

    assert "192 states" in text
    assert "| libRoadRunner, one event | 40 | 1e-6 | 30 | 45 | 2 | 1e-5 | - |" in text


def test_the_figure_is_drawn(tmp_path: Path) -> None:
    rows, points, _ = some_rows()

    draw(rows, points, tmp_path / "figure.png")

    assert common_models(points) == ["decay"]
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.long
def test_the_command_measures_every_simulator_that_is_here(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("roadrunner")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    out = tmp_path / "results" / "peers.csv"

    options = ["--simulators", "myeloniche,libRoadRunner", "--rounds", "1", "--warm-starts", "1"]
    main(["--collection", str(folder), "--out", str(out), *options])

    rows = read_rows(out, Row)
    assert [row.simulator for row in rows] == ["myeloniche", "libRoadRunner"]
    assert [row.status for row in rows] == ["ok", "ok"]
    assert all(row.error_largest < 1e-4 and row.batch_ms > 0 and row.warm_s > 0 for row in rows)
    assert len(read_rows(sweep_file(out), SweepRow)) == 24
    assert any(fact.what == "version of libRoadRunner" for fact in read_rows(machine_file(out), MachineRow))
    assert "libRoadRunner" in capsys.readouterr().out
