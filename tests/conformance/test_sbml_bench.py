"""A collection of published models with perturbed parameters, where someone has put it on this machine.

The collection is a folder with a table ``index.tsv`` and four archives, of which each has a file per model:
``models.tar.gz`` the SBML; ``nominal.tar.gz`` rows of id, ``parameter`` or ``state``, and nominal value;
``factors.tar.gz`` what the nominal values are multiplied by, a row per trajectory; ``reference.tar.gz`` the
states of the first trajectories over time at tight tolerances, NaN where there is no reference.
"""

from __future__ import annotations

import csv
import io
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml_model
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member

Floats = NDArray[np.float64]

VARIABLE = "MYELONICHE_SBML_BENCH"
STEP_LIMIT = 10_000_000
# relative to the largest value of a state; at everyday tolerances a spike of one model is the worst by far
EVERYDAY, TIGHT, TWIN = 2e-4, 1e-6, 3e-6


@dataclass(frozen=True)
class Benchmark:
    """A model, what to set and what came out elsewhere.

    Attributes
    ----------
    sbml
        The model.
    times
        Output times, shape (time,).
    values
        Value of each parameter that is set, shape (trajectory,).
    reference
        Values by state, shape (trajectory, time); NaN where there is none.
    atol, uncertainty
        Absolute tolerance, and how far two references differ, relative to the largest value of a state.
    """

    sbml: str
    times: Floats
    values: dict[str, Floats]
    reference: dict[str, Floats]
    atol: float
    uncertainty: float

    def disagreement(self, found: dict[str, Floats], expected: dict[str, Floats]) -> float:
        """Return the largest difference over the largest value of its state, where a value is expected."""
        worst = 0.0
        for name, values in expected.items():
            known = np.isfinite(values)
            if known.any():
                scale = max(float(np.max(np.abs(values[known]))), 1e3 * self.atol)
                worst = max(worst, float(np.max(np.abs(found[name] - values)[known])) / scale)
        return worst


def read_benchmark(folder: Path, name: str) -> Benchmark:
    row = next(row for row in read_index(folder) if row["model"] == name)
    listed = [line.split(",") for line in text_of(folder, "nominal", f"{name}.csv").splitlines()]
    states = [cells[0] for cells in listed if cells[1] == "state"]
    courses = numbers(text_of(folder, "reference", f"{name}.csv"))
    trajectories = int(courses[-1, 0]) + 1
    cube = courses[:, 2:].reshape(trajectories, -1, len(states))
    factors = numbers(text_of(folder, "factors", f"{name}.csv"))[:trajectories]
    nominal = {cells[0]: float(cells[2]) for cells in listed if cells[1] == "parameter"}
    return Benchmark(
        sbml=text_of(folder, "models", f"{name}.xml"),
        times=courses[: cube.shape[1], 1],
        values={key: value * factors[:, place] for place, (key, value) in enumerate(nominal.items())},
        reference={state: cube[:, :, place] for place, state in enumerate(states)},
        atol=float(row["abs"]),
        uncertainty=float(row["ref_uncertainty"]),
    )


def read_index(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "index.tsv").read_text("utf-8").splitlines(), delimiter="\t"))


def text_of(folder: Path, archive: str, name: str) -> str:
    with tarfile.open(folder / f"{archive}.tar.gz") as file:
        member = file.extractfile(name)
        assert member is not None
        return member.read().decode("utf-8")


def numbers(text: str) -> Floats:
    return np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, ndmin=2)


def run(benchmark: Benchmark, *, rtol: float) -> dict[str, Floats]:
    """Return the states that the reference has, shape (trajectory, time), as the kernels find them."""
    model, names = prepared(benchmark)
    count = next(iter(benchmark.reference.values())).shape[0]
    members = [member(benchmark, names, index) for index in range(count)]
    outputs = [names.get(state, state) for state in benchmark.reference]
    atol = benchmark.atol * rtol / 1e-6
    found = simulate(model, members, outputs=outputs, rtol=rtol, atol=atol, max_steps=STEP_LIMIT)
    cube = found.values.reshape(count, benchmark.times.size, len(outputs))
    return {state: cube[:, :, place] for place, state in enumerate(benchmark.reference)}


def prepared(benchmark: Benchmark) -> tuple[OdeModel, Mapping[str, str]]:
    read = read_sbml_model(benchmark.sbml)
    return read.equations, read.renamed


def member(benchmark: Benchmark, names: Mapping[str, str], index: int) -> Member:
    values = {names.get(name, name): float(column[index]) for name, column in benchmark.values.items()}
    return Member(values, times=benchmark.times)


def twins(benchmark: Benchmark) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return every state of the first trajectory that has a reference: kernels, and slow twin."""
    model, names = prepared(benchmark)
    known = np.all([np.isfinite(values).any(axis=1) for values in benchmark.reference.values()], axis=0)
    members = [member(benchmark, names, int(np.argmax(known)))]
    atol = benchmark.atol * 1e-2
    found = simulate(model, members, rtol=1e-8, atol=atol, max_steps=STEP_LIMIT, throw=True).of(0)[1]
    return found, simulate_reference(model, members, rtol=1e-8, atol=atol)[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "benchmark" not in metafunc.fixturenames:
        return
    path = metafunc.config.getoption("--sbml-bench") or os.environ.get(VARIABLE)
    if path:
        found = [(Path(path), row["model"]) for row in read_index(Path(path))]
        metafunc.parametrize("benchmark", found, ids=[name for _, name in found], indirect=True)
    else:
        absent = f"no benchmark collection is here: give --sbml-bench PATH or set {VARIABLE}"
        metafunc.parametrize("benchmark", [pytest.param(None, marks=pytest.mark.skip(absent))], indirect=True)


@pytest.fixture
def benchmark(request: pytest.FixtureRequest) -> Benchmark:
    return read_benchmark(*request.param)


@pytest.mark.long
def test_a_published_model_runs_as_its_reference(benchmark: Benchmark) -> None:
    everyday = benchmark.disagreement(run(benchmark, rtol=1e-6), benchmark.reference)
    assert everyday <= EVERYDAY
    tight = benchmark.disagreement(run(benchmark, rtol=1e-9), benchmark.reference)
    assert tight <= max(TIGHT, benchmark.uncertainty)


@pytest.mark.long
def test_the_slow_twin_agrees_on_a_published_model(benchmark: Benchmark) -> None:
    found, expected = twins(benchmark)
    assert benchmark.disagreement(found, expected) <= TWIN


def made_up_collection(folder: Path) -> Path:
    """Write a collection of one model, A' = -k A, of two trajectories, the second without reference."""
    half = 0.5 * np.exp(-1.0)
    files = {
        "models": ("decay.xml", antimony_to_sbml("A' = -k*A; A = 0.5; k = 2")),
        "nominal": ("decay.csv", "k,parameter,2.0\nA,state,value\n"),
        "factors": ("decay.csv", "k\n0.5\n3\n7\n"),
        "reference": ("decay.csv", f"trajectory,time,A\n0,0,0.5\n0,1,{half}\n1,0,nan\n1,1,nan\n"),
    }
    for archive, (name, text) in files.items():
        with tarfile.open(folder / f"{archive}.tar.gz", "w:gz") as file:
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            file.addfile(entry, io.BytesIO(text.encode()))
    (folder / "index.tsv").write_text("model\tabs\tref_uncertainty\ndecay\t1e-9\t1e-8\n", "utf-8")
    return folder


def test_a_collection_is_read_and_judged(tmp_path: Path) -> None:
    decay = read_benchmark(made_up_collection(tmp_path), "decay")
    assert decay.values["k"].tolist() == [1.0, 6.0]
    assert decay.disagreement(run(decay, rtol=1e-9), decay.reference) <= TIGHT
    assert decay.disagreement(*twins(decay)) <= TWIN
    wrong = {"A": decay.reference["A"] + 0.05}
    assert decay.disagreement(wrong, decay.reference) == pytest.approx(0.1)
