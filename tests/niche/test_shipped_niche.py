"""The niche that the package ships: sound by its own checks, and the same to other tools."""

import os
import subprocess
import sys

import pytest
import roadrunner

from myeloniche.niche.checks.issue import Severity
from myeloniche.niche.checks.run import run_checks
from myeloniche.niche.consistency import sbml_messages
from myeloniche.niche.export import sbml_of
from myeloniche.niche.names import sbml_id
from myeloniche.niche.niche import Niche, load


@pytest.fixture(scope="module")
def niche() -> Niche:
    return load()


def test_no_check_finds_an_error(niche) -> None:
    errors = [str(issue) for issue in run_checks(niche) if issue.severity == Severity.ERROR]
    assert errors == []


def test_every_cell_exports_as_valid_sbml(niche) -> None:
    for cell in niche.cells:
        assert [message for message in sbml_messages(sbml_of(niche, cell)) if message.is_error] == []


def test_roadrunner_finds_the_same_derivatives(niche) -> None:
    model, runner = niche.model, roadrunner.RoadRunner(niche.sbml)
    start = model.graph.evaluate(model.initial, model.nominal)
    values = {**model.nominal, **dict(zip(model.states, start, strict=True)), "time": 0.0}
    rates = dict(zip(model.states, model.graph.evaluate(model.rates, values), strict=True))
    assert {state: float(rate) for state, rate in rates.items()} == pytest.approx(
        {state: runner[f"{state}'"] for state in model.states}, rel=1e-9, abs=1e-12
    )


def test_every_row_is_in_the_model(niche) -> None:
    known = {*niche.model.names, *(process.id for process in niche.model.processes)}
    rows = (*niche.species, *niche.parameters, *niche.processes)
    assert [name for name in rows if sbml_id(name) not in known] == []


def test_the_sbml_is_the_same_in_every_process(niche) -> None:
    program = "import sys; from myeloniche.niche import load; sys.stdout.write(load().sbml)"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONIOENCODING": "utf-8"}
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env=environment, encoding="utf-8"
    )
    assert result.stdout == niche.sbml
