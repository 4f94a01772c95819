"""Verifying a folder of results, and reading it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from stand_in import StandIn, simulate

from myeloniche.errors import MyelonicheError
from myeloniche.trials.analysis.marker import best_changes
from myeloniche.trials.running.results_folder import read_results
from myeloniche.trials.running.runner import run_trial
from myeloniche.trials.running.verify import verify

TRIAL = StandIn(size=50)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return complete results."""
    return run_trial(TRIAL, tmp_path / "out", simulate=simulate, workers=1, chunk=10)


def replace(folder: Path, name: str, data: bytes, *, honest: bool) -> None:
    """Replace a file, and its hash too where that is claimed to be honest."""
    path = folder / name
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(data)
    if honest:
        ledger = folder / "parts.sha256"
        ledger.write_text(ledger.read_text("utf-8").replace(old, hashlib.sha256(data).hexdigest()), "utf-8")


def test_what_was_written_holds(folder) -> None:
    found = verify(folder, TRIAL, simulate=simulate, sample=7)

    assert (len(found.patients), found.complete, found.parts) == (7, 5, 5)
    assert found.holds
    assert str(found) == "holds: 5 of 5 parts are whole, and 7 patients were simulated again"


def test_one_changed_bit_of_a_number_is_found(folder) -> None:
    path = folder / "patients.parquet" / "patients-000003.parquet"
    table = pq.read_table(path)
    days = table["pfs_days"].to_numpy().copy()
    days.view("int64")[4] ^= 1
    place = table.column_names.index("pfs_days")
    changed = pa.BufferOutputStream()
    pq.write_table(table.set_column(place, "pfs_days", pa.array(days)), changed)
    replace(folder, "patients.parquet/patients-000003.parquet", changed.getvalue().to_pybytes(), honest=True)
    found = verify(folder, TRIAL, simulate=simulate, sample=50)

    assert not found.holds
    assert len(found.problems) == 1
    assert found.problems[0].startswith("patients of patient 34: pfs_days of row 0 is ")


def test_one_changed_bit_of_a_file_is_found_without_simulating(folder) -> None:
    name = "visits.parquet/visits-000001.parquet"
    data = bytearray((folder / name).read_bytes())
    data[100] ^= 1
    replace(folder, name, bytes(data), honest=False)
    found = verify(folder, TRIAL, simulate=simulate, sample=0)

    assert found.problems == (f"{name} is not as it was written",)
    assert (found.complete, found.holds) == (4, False)


def test_a_changed_version_is_said(folder) -> None:
    path = folder / "manifest.json"
    text = path.read_text("utf-8")
    import numpy

    path.write_text(text.replace(f'"numpy": "{numpy.__version__}"', '"numpy": "1.0"'), "utf-8")

    assert verify(folder, TRIAL, simulate=simulate, sample=1).changed.startswith('numpy ("1.0", now "')


def test_what_cannot_be_verified_is_refused(folder, tmp_path) -> None:
    with pytest.raises(
        MyelonicheError, match=r"has no manifest\.json, so it is no folder of a trial's results"
    ):
        verify(tmp_path, TRIAL, simulate=simulate)
    with pytest.raises(MyelonicheError, match="is of another trial than 'Stand-in'"):
        verify(folder, StandIn(size=50, content="other"), simulate=simulate)
    (folder / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(MyelonicheError, match=r"manifest\.json: cannot be read"):
        verify(folder, TRIAL, simulate=simulate)


def test_results_are_read_whole(folder) -> None:
    found = read_results(folder)
    whole = simulate(TRIAL, 0, 50)

    assert found.title == "Stand-in"
    assert found.patients.equals(whole.patients)
    assert found.failed() == {}
    some = found.visits_of([41, 3])
    assert some.equals(whole.visits.filter(pc.is_in(whole.visits["patient"], pa.array([3, 41]))))
    assert found.best_changes() == pytest.approx(best_changes(whole.patients, whole.visits), nan_ok=True)


def test_incomplete_results_are_refused(folder) -> None:
    (folder / "visits.parquet" / "visits-000001.parquet").unlink()

    with pytest.raises(
        MyelonicheError, match=r"4 of 5 parts are done; visits\.parquet/visits-000001\.parquet is gone"
    ):
        read_results(folder)
