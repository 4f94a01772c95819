"""Ensembles that go to a Zarr store: the same numbers a chunk at a time, and on from where they stopped."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray
from small_models import BLOW_UP, HILL, ONE_COMPARTMENT, model_of

from myeloniche.engine import streaming
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.simulation import ensemble
from myeloniche.engine.timeline import Change, Period
from myeloniche.errors import IntegrationError, ModelError, MyelonicheError

TIMES = np.linspace(0.0, 24.0, 13)
MEMBERS = 23
OUTPUTS = ("M", "P", "total", "light", "transcription", "kd")
TIMELINE = (Period(10.0), Period(14.0, (Change("P", "add", 1.0), Change("kd", "scale", 2.0))))
INPUTS = ["parameters", "parameter", "parameter_unit", "initial", "initial_state", "initial_state_unit"]


@pytest.fixture(scope="module")
def hill() -> OdeModel:
    return model_of(HILL)


def columns() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    return {"v": rng.lognormal(0.7, 0.4, MEMBERS), "n": rng.uniform(1.5, 3.0, MEMBERS)}


def varied(hill: OdeModel, **settings: Any) -> xarray.Dataset:
    """Return members with own parameters and initial states, doses, outputs of all kinds and endpoints."""
    start = np.linspace(0.0, 1.0, MEMBERS)
    ends = (Endpoint("maximum", "P"), Endpoint("first crossing", "M", 0.5))
    asked: dict[str, Any] = {"initial": {"M": start}, "timeline": TIMELINE, "outputs": OUTPUTS}
    return ensemble(hill, columns(), TIMES, **{**asked, "endpoints": ends, **settings})


def assert_same_bits(left: xarray.Dataset, right: xarray.Dataset) -> None:
    assert list(left) == list(right)
    for name in left:
        assert left[name].values.tobytes() == right[name].values.tobytes(), name
    assert left["status"].values.tolist() == right["status"].values.tolist()


def chunk_files(store: Path) -> dict[str, int]:
    """Return when each chunk of an output was written."""
    return {path.name: path.stat().st_mtime_ns for path in (store / "M" / "c").iterdir()}


class Stop(Exception):
    """What interrupts a run."""


def stop_after(members: int) -> Any:
    """Return a progress function that interrupts as soon as a number of members are done."""

    def progress(done: int, _: int) -> None:
        if done >= members:
            raise Stop

    return progress


# --- the same as in memory


def test_a_store_holds_what_an_ensemble_in_memory_shows(hill: OdeModel, tmp_path: Path) -> None:
    stored = varied(hill, store=tmp_path / "runs.zarr", chunk=5, check_fraction=0.2)
    kept = varied(hill, check_fraction=0.2)
    xarray.testing.assert_equal(stored.drop_vars(INPUTS).load(), kept)
    assert list(stored) == list(kept)
    assert kept.attrs.items() <= stored.attrs.items()


@pytest.mark.parametrize(
    "settings", [{"chunk": 1}, {"chunk": 7, "workers": 3}, {"chunk": 8, "workers": 1}, {}]
)
def test_chunks_and_workers_do_not_change_a_bit(
    hill: OdeModel, settings: dict[str, Any], tmp_path: Path
) -> None:
    assert_same_bits(varied(hill, store=tmp_path / "runs.zarr", **settings), varied(hill))


def test_anyone_can_open_a_store_with_xarray(hill: OdeModel, tmp_path: Path) -> None:
    varied(hill, store=str(tmp_path / "runs.zarr"))
    found = xarray.open_zarr(tmp_path / "runs.zarr")
    assert found["M"].dims == ("member", "time")
    assert set(found["status"].values) == {"ok"}
    assert set(found.data_vars) == {*OUTPUTS, "maximum of P", "first crossing of M at 0.5"}
    np.testing.assert_array_equal(found["time"], TIMES)
    np.testing.assert_array_equal(found["parameters"].sel(parameter="n"), columns()["n"])
    np.testing.assert_array_equal(found["initial"].sel(initial_state="M"), np.linspace(0.0, 1.0, MEMBERS))


def test_numbers_are_read_only_when_asked_for(hill: OdeModel, tmp_path: Path) -> None:
    found = varied(hill, store=tmp_path / "runs.zarr", chunk=5)
    assert not found["M"].variable._in_memory
    assert not found["parameters"].variable._in_memory


def test_units_are_kept(tmp_path: Path) -> None:
    text = """model m()
      unit hour = 3600 second; unit time_unit = hour; unit nM = 1e-9 mole; unit substance = nM
      y' = -k*y; y = 1; k = 1; y has nM; unit per_h = 1/hour; k has per_h
    end"""
    model = model_of(text)
    found = ensemble(model, {"k": [1.0, 2.0]}, [0.0, 1.0], store=tmp_path / "runs.zarr")
    assert found["time"].attrs["units"] == model.time_unit
    assert found["failed_at"].attrs["units"] == model.time_unit
    assert found["parameter_unit"].values.tolist() == [model.units["k"]]


def test_endpoints_alone_are_stored_too(hill: OdeModel, tmp_path: Path) -> None:
    found = varied(hill, outputs=None, store=tmp_path / "runs.zarr", chunk=4)
    assert list(found) == ["maximum of P", "first crossing of M at 0.5"]
    assert_same_bits(found, varied(hill, outputs=None))


def test_a_chunk_is_all_that_is_run_at_a_time(
    hill: OdeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def watched(run: Any, batch: Any, **options: Any) -> Any:
        sizes.append(batch.members)
        return run_batch(run, batch, **options)

    run_batch = streaming.run_batch
    monkeypatch.setattr(streaming, "run_batch", watched)
    varied(hill, store=tmp_path / "runs.zarr", chunk=10)
    assert sizes == [10, 10, 3]


# --- failures


def test_a_store_tells_which_members_failed_when_and_where(tmp_path: Path) -> None:
    found = ensemble(model_of(BLOW_UP), {"k": [0.1, 1.0, 4.0]}, [2.0], store=tmp_path / "runs.zarr", chunk=2)
    assert found["status"].values[0] == "ok"
    assert np.isnan(found["y"].values[1:]).all()
    np.testing.assert_allclose(found["failed_at"], [np.nan, 1.0, 0.25], rtol=1e-6)
    assert found["worst_state"].values.tolist() == ["", "y", "y"]


def test_a_failure_is_raised_on_request_when_everything_is_written(tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    with pytest.raises(
        IntegrationError, match=r"1 of 3 members failed .*the first are 1 \(t = 1, state 'y'\)"
    ):
        ensemble(model_of(BLOW_UP), {"k": [0.1, 1.0, 0.2]}, [2.0], store=place, chunk=1, throw=True)
    assert (xarray.open_zarr(place)["status"] == "ok").values.tolist() == [True, False, True]


# --- interruption


def test_interrupted_work_goes_on_with_the_chunks_missing(hill: OdeModel, tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    with pytest.raises(Stop):
        varied(hill, store=place, chunk=5, progress=stop_after(12))
    begun = xarray.open_zarr(place)["status"].values
    assert (begun == "").sum() == MEMBERS - 10
    before = chunk_files(place)
    told: list[int] = []
    found = varied(hill, store=place, progress=lambda done, _: told.append(done))
    assert told[0] == 10
    assert told[-1] == MEMBERS
    assert before.items() <= chunk_files(place).items()
    assert_same_bits(found, varied(hill))


def test_a_chunk_that_was_not_written_to_its_end_is_run_again(hill: OdeModel, tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    varied(hill, store=place, chunk=5)
    (place / "status" / "c" / "2").unlink()
    (place / "P" / "c" / "2" / "0").unlink()
    assert_same_bits(varied(hill, store=place), varied(hill))


@pytest.mark.parametrize("lost", ["M", "time"])
def test_a_store_that_was_only_laid_out_is_completed(hill: OdeModel, lost: str, tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    with pytest.raises(Stop):
        varied(hill, store=place, chunk=5, progress=stop_after(0))
    shutil.rmtree(place / lost)
    assert_same_bits(varied(hill, store=place), varied(hill))
    np.testing.assert_array_equal(xarray.open_zarr(place)["time"], TIMES)


def test_a_complete_store_is_opened_and_nothing_is_run(hill: OdeModel, tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    varied(hill, store=place)
    before = chunk_files(place)
    told: list[tuple[int, int]] = []
    varied(hill, store=place, progress=lambda *count: told.append(count))
    assert told == [(MEMBERS, MEMBERS)]
    assert chunk_files(place) == before


# --- refusals


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rtol": 1e-8}, r"differs in rtol \(1e-06, now 1e-08\); name another store, or delete this one"),
        ({"atol": {"M": 1e-12}}, "differs in atol;"),
        ({"initial": {"M": np.full(MEMBERS, 0.3)}}, "differs in initial;"),
        ({"timeline": ()}, "differs in timeline;"),
        ({"outputs": ("M",)}, "differs in outputs;"),
        ({"endpoints": (Endpoint("area", "P"),)}, "differs in endpoints;"),
        ({"max_steps": 50}, r"differs in max_steps \(100000, now 50\);"),
    ],
)
def test_the_store_of_another_ensemble_is_refused(
    hill: OdeModel, changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    varied(hill, store=tmp_path / "runs.zarr")
    with pytest.raises(ModelError, match=f"runs.zarr: was begun for another ensemble, which {message}"):
        varied(hill, store=tmp_path / "runs.zarr", **changed)


def test_other_parameters_and_another_model_are_refused(tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    ensemble(model_of(ONE_COMPARTMENT), {"k": [0.1, 0.2]}, TIMES, store=place)
    with pytest.raises(ModelError, match="differs in parameters;"):
        ensemble(model_of(ONE_COMPARTMENT), {"k": [0.1, 0.3]}, TIMES, store=place)
    with pytest.raises(ModelError, match="differs in model;"):
        ensemble(model_of(ONE_COMPARTMENT, {"k": 0.5}), {"k": [0.1, 0.2]}, TIMES, store=place)


def test_numbers_of_numpy_and_of_python_are_the_same_ensemble(hill: OdeModel, tmp_path: Path) -> None:
    place = tmp_path / "runs.zarr"
    begun = varied(hill, store=place, timeline=(Period(24.0, (Change("P", "add", 1.0),)),), max_steps=5000)
    dose = Change("P", "add", np.float64(1.0))
    again = varied(
        hill,
        store=place,
        timeline=(Period(np.float64(24.0), (dose,)),),
        rtol=np.float64(1e-6),
        max_steps=np.int64(5000),
    )
    assert_same_bits(again, begun)


def test_another_chunk_than_that_of_the_store_is_refused(hill: OdeModel, tmp_path: Path) -> None:
    varied(hill, store=tmp_path / "runs.zarr", chunk=5)
    with pytest.raises(ModelError, match="begun with 5 members in a chunk, got 6; leave chunk out to go on"):
        varied(hill, store=tmp_path / "runs.zarr", chunk=6)


@pytest.mark.parametrize("chunk", [0, -3])
def test_a_chunk_without_members_is_refused(hill: OdeModel, chunk: int, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"got a chunk of {chunk} members, expected at least 1"):
        varied(hill, store=tmp_path / "runs.zarr", chunk=chunk)


def test_a_chunk_without_a_store_is_refused(hill: OdeModel) -> None:
    with pytest.raises(ModelError, match="got chunk=5 without a store"):
        varied(hill, chunk=5)


def test_what_is_no_store_is_left_alone(hill: OdeModel, tmp_path: Path) -> None:
    varied(hill, store=tmp_path / "runs.zarr")
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    for place in (tmp_path, tmp_path / "notes.txt", tmp_path / "runs.zarr" / "M"):
        with pytest.raises(ModelError, match="is there already and is no store of an ensemble"):
            varied(hill, store=place)
    xarray.Dataset({"a": 1}).to_zarr(tmp_path / "other.zarr", zarr_format=3, consolidated=False)
    with pytest.raises(ModelError, match=r"other\.zarr: is there already and is no store of an ensemble"):
        varied(hill, store=tmp_path / "other.zarr")


def test_an_empty_folder_is_a_place_for_a_store(hill: OdeModel, tmp_path: Path) -> None:
    assert_same_bits(varied(hill, store=tmp_path), varied(hill))


def test_a_name_that_would_be_a_folder_is_refused(hill: OdeModel, tmp_path: Path) -> None:
    ratio = Endpoint("area", "M", name="AUC/dose")
    with pytest.raises(ModelError, match="got the name 'AUC/dose', but '/' would be a folder"):
        varied(hill, endpoints=[ratio], store=tmp_path / "runs.zarr")
    assert not (tmp_path / "runs.zarr").exists()


def test_a_name_of_the_stores_own_is_refused(tmp_path: Path) -> None:
    model = model_of("model m()\n initial' = -k*initial\n initial = 1; k = 1\nend")
    with pytest.raises(ModelError, match="got an output 'initial', but a dataset has a label of that name"):
        ensemble(model, {"k": [1.0, 2.0]}, [1.0], store=tmp_path / "runs.zarr")


def test_without_zarr_the_extra_is_named(
    hill: OdeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(
        MyelonicheError, match=r"Zarr, which is not installed: pip install 'myeloniche\[zarr\]'"
    ):
        varied(hill, store=tmp_path / "runs.zarr")


def test_an_old_zarr_is_not_enough(hill: OdeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zarr.__version__", "2.18.7")
    with pytest.raises(MyelonicheError, match=r"Zarr, which 2\.18\.7 is too old"):
        varied(hill, store=tmp_path / "runs.zarr")
