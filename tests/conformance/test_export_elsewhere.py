"""The exported SBML in libRoadRunner, COPASI and AMICI: the same courses as in the engine.

All start from the same explicit initial values, with every handle of the engine at 1, as SBML has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import basico
import numpy as np
import pytest
import roadrunner
from dishes import COCULTURE, Floats, above, disagreement, member, shown

from myeloniche.engine.timeline import Member
from myeloniche.lab.animal import Animal, animal
from myeloniche.lab.culture import Culture, culture
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.export import write_sbml

if TYPE_CHECKING:
    from benchmarks.sbml_peers.simulators.amici import Amici

LIMIT = 1e-4
POINTS = 49
STARVED = culture("RPMI8226").starve("1% FBS", "12 h")


@dataclass(frozen=True)
class Course:
    """A dish or a mouse at some hour of its protocol, what is then added, and for how long it is watched.

    Attributes
    ----------
    parameters, species
        What differs from the dish: by SBML id, in model units.
    """

    dish: Culture | Animal
    hour: float
    hours: float
    parameters: Mapping[str, float]
    species: Mapping[str, float]


COURSES = {
    "TNF on starved RPMI8226": Course(STARVED, 12.0, 4.0, {"serum": 0.1}, {"TNF": 0.19}),
    "coculture": Course(COCULTURE, 0.0, 24.0, {}, {}),
    "LLZ1640-2": Course(culture("RPMI8226").wait("1 h"), 0.0, 48.0, {}, {"LLZ": 5.0}),
    "doxorubicin": Course(culture("RPMI8226").wait("1 h"), 0.0, 48.0, {}, {"DOX": 100.0}),
    "myeloma in the tibia of a mouse": Course(
        animal("mouse").inject("5TGM1", into="tibia").wait("1 d"), 24.0, 240.0, {}, {}
    ),
}


@pytest.fixture(scope="module")
def sbml_file(laboratory: Laboratory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sbml(laboratory.niche, tmp_path_factory.mktemp("export") / "niche.xml")


@pytest.fixture(scope="module")
def runner(sbml_file: Path) -> roadrunner.RoadRunner:
    return roadrunner.RoadRunner(str(sbml_file))


def explicit(laboratory: Laboratory, course: Course) -> Member:
    """Return a course with its parameters and every initial value written out."""
    before = member(laboratory, course.dish, [course.hour])
    state = {name: float(values[0]) for name, values in shown(laboratory, before).items()}
    return Member(
        parameters={**before.parameters, **course.parameters},
        initial={**state, **course.species},
        times=np.linspace(0.0, course.hours, POINTS),
    )


def in_roadrunner(runner: roadrunner.RoadRunner, start: Member) -> dict[str, Floats]:
    """Return every state as libRoadRunner finds it."""
    runner.resetToOrigin()
    for name, value in start.parameters.items():
        runner[name] = value
    for name, value in start.initial.items():
        runner[f"[{name}]"] = value
    runner.integrator.relative_tolerance = 1e-8
    runner.integrator.absolute_tolerance = 1e-11
    runner.integrator.maximum_num_steps = 100_000
    runner.timeCourseSelections = ["time", *(f"[{name}]" for name in start.initial)]
    found = np.array(runner.simulate(0.0, float(start.times[-1]), POINTS))
    return {name: found[:, 1 + column] for column, name in enumerate(start.initial)}


def in_copasi(sbml_file: Path, start: Member) -> dict[str, Floats]:
    """Return every state as COPASI finds it."""
    model = basico.load_model(str(sbml_file), remove_user_defined_functions=True)
    try:
        return _copasi_course(model, start)
    finally:
        basico.remove_datamodel(model)


def _copasi_course(model: object, start: Member) -> dict[str, Floats]:
    parameters = basico.get_parameters(model=model)
    parameter_of = dict(zip(parameters["sbml_id"], parameters.index, strict=True))
    species = basico.get_species(model=model)
    # the names alone are the same in both cells
    species_of = dict(zip(species["sbml_id"], species["display_name"], strict=True))
    for name, value in start.parameters.items():
        basico.set_parameters(parameter_of[name], exact=True, initial_value=value, model=model)
    for name, value in start.initial.items():
        basico.set_species(species_of[name], exact=True, initial_concentration=value, model=model)
    found = basico.run_time_course_with_output(
        ["Time", *(f"[{species_of[name]}]" for name in start.initial)],
        start_time=0.0,
        duration=float(start.times[-1]),
        intervals=POINTS - 1,
        r_tol=1e-8,
        a_tol=1e-11,
        max_steps=1_000_000,
        model=model,
    )
    columns = found.to_numpy(dtype=np.float64)
    np.testing.assert_allclose(columns[:, 0], start.times, atol=1e-9)
    return {name: columns[:, 1 + column] for column, name in enumerate(start.initial)}


@pytest.mark.parametrize("name", COURSES)
def test_roadrunner_shows_the_same_course(laboratory, runner, name) -> None:
    start = explicit(laboratory, COURSES[name])
    assert above(disagreement(in_roadrunner(runner, start), shown(laboratory, start)), LIMIT) == {}


@pytest.mark.long
@pytest.mark.parametrize("name", COURSES)
def test_copasi_shows_the_same_course(laboratory, sbml_file, name) -> None:
    start = explicit(laboratory, COURSES[name])
    assert above(disagreement(in_copasi(sbml_file, start), shown(laboratory, start)), LIMIT) == {}


@pytest.fixture(scope="module")
def in_cpp(sbml_file: Path) -> Amici:
    """Return the niche in AMICI, which needs a C++ compiler and so is no part of the test environment."""
    pytest.importorskip("amici", reason="AMICI is not installed")
    from benchmarks.sbml_peers.simulators import amici

    return amici.load(sbml_file, [], [], sbml_file.parent)


def in_amici(amici: Amici, start: Member) -> dict[str, Floats]:
    """Return every state as AMICI finds it."""
    model, solver = amici.model, amici.solver
    known = list(model.get_free_parameter_ids())
    values = np.array(amici.nominal)
    for name, value in start.parameters.items():
        values[known.index(name)] = value
    model.set_free_parameters(values)
    states = list(model.get_state_ids())
    model.set_initial_state([start.initial[name] for name in states])
    model.set_timepoints(start.times)
    solver.set_relative_tolerance(1e-8)
    solver.set_absolute_tolerance(1e-11)
    from amici.sim.sundials import run_simulation

    found = np.asarray(run_simulation(model, solver).x)
    return {name: found[:, column] for column, name in enumerate(states)}


@pytest.mark.long
@pytest.mark.parametrize("name", COURSES)
def test_amici_shows_the_same_course(laboratory, in_cpp, name) -> None:
    start = explicit(laboratory, COURSES[name])
    found = in_amici(in_cpp, start)
    expected = {state: values for state, values in shown(laboratory, start).items() if state in found}
    assert len(expected) > 200
    assert above(disagreement(found, expected), LIMIT) == {}
