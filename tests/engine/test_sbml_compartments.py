"""Compartments that change their size, have none, or hold amounts: against closed forms."""

from __future__ import annotations

from collections.abc import Sequence

import libsbml
import numpy as np
import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.engine.file_runs import Grid, run_model
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml, read_sbml_model
from myeloniche.engine.timeline import Member

TIMES = np.array([0.0, 0.5, 1.0, 2.0])


def course(text: str, names: Sequence[str], times: np.ndarray = TIMES) -> list[np.ndarray]:
    """Return some quantities of an Antimony model, each of shape (time,)."""
    found = simulate_reference(read_antimony(text), [Member(times=times)], names)[0]
    return [found[name] for name in names]


def test_a_growing_volume_dilutes() -> None:
    found = course("compartment C = 2; C' = 0.5*C; species S in C; S = 3", ["S", "C"])
    np.testing.assert_allclose(found[0], 3.0 * np.exp(-0.5 * TIMES), rtol=1e-8)
    np.testing.assert_allclose(found[1], 2.0 * np.exp(0.5 * TIMES), rtol=1e-8)


def test_the_state_in_a_changing_volume_is_the_amount() -> None:
    model = read_antimony("compartment C = 2; C' = 0.5*C; species S in C; S = 3")
    assert set(model.states) == {"C", "S.amount"}
    assert "S" in model.observables


def test_a_volume_given_by_a_rule_of_time_dilutes() -> None:
    (found,) = course("compartment C; C := 1 + time; species S in C; S = 3", ["S"])
    np.testing.assert_allclose(found, 3.0 / (1.0 + TIMES), rtol=1e-8)


def test_reactions_in_a_growing_volume_move_amounts() -> None:
    # The law is an amount per time: n' = -k n, so the concentration falls by decay and by dilution.
    text = "compartment C = 1; C' = 0.5*C; species S in C; S = 3; J: S -> ; k*S*C; k = 0.7"
    (found,) = course(text, ["S"])
    np.testing.assert_allclose(found, 3.0 * np.exp(-1.2 * TIMES), rtol=1e-8)


def test_an_event_that_halves_a_volume_doubles_concentrations() -> None:
    text = "compartment C = 2; species S in C; S = 3; E: at time >= 1: C = 1"
    assert course(text, ["S"])[0].tolist() == [3, 3, 6, 6]


def test_an_event_sets_a_concentration_in_the_old_volume() -> None:
    text = "compartment C = 2; species S in C; S = 3; E: at time >= 1: C = 1, S = 5"
    assert course(text, ["S"])[0].tolist() == [3, 3, 10, 10]


def test_a_species_of_amounts_does_not_feel_the_volume() -> None:
    text = "compartment C = 2; C' = 0.5*C; substanceOnly species S in C; S = 3"
    np.testing.assert_allclose(course(text, ["S"])[0], 3.0, rtol=1e-12)


def test_a_boundary_species_is_diluted_and_a_reaction_leaves_it_alone() -> None:
    text = "compartment C = 2; C' = 0.5*C; species $S in C; S = 3; J: S -> ; S"
    np.testing.assert_allclose(course(text, ["S"])[0], 3.0 * np.exp(-0.5 * TIMES), rtol=1e-8)


def test_a_rate_rule_is_the_rate_of_the_concentration() -> None:
    text = "compartment C = 2; C' = 0.5*C; species S in C; S = 3; S' = -S"
    np.testing.assert_allclose(course(text, ["S"])[0], 3.0 * np.exp(-TIMES), rtol=1e-8)


def test_a_rate_rule_meets_a_volume_that_grows_and_jumps() -> None:
    text = "compartment C = 2; C' = 0.5*C; species S in C; S = 3; S' = -S; E: at time >= 1: C = C/2"
    expected = 3.0 * np.exp(-TIMES) * np.where(TIMES >= 1.0, 2.0, 1.0)
    np.testing.assert_allclose(course(text, ["S"])[0], expected, rtol=1e-8)


def test_the_rate_of_a_diluted_concentration_is_known() -> None:
    text = "compartment C = 2; C' = 0.5*C; species S in C; S = 3; p := rateOf(S)"
    np.testing.assert_allclose(course(text, ["p"])[0], -1.5 * np.exp(-0.5 * TIMES), rtol=1e-8)


def test_an_initial_assignment_sets_the_concentration() -> None:
    text = "compartment C = 2; C' = 0.5*C; species S in C; S = 2*k; k = 1.5"
    np.testing.assert_allclose(course(text, ["S"])[0], 3.0 * np.exp(-0.5 * TIMES), rtol=1e-8)


def flattened(text: str) -> str:
    """Return SBML in which every compartment has no dimension."""
    document = libsbml.readSBMLFromString(antimony_to_sbml(text))
    for compartment in document.getModel().getListOfCompartments():
        compartment.setSpatialDimensions(0)
        compartment.unsetSize()
    species = document.getModel().getSpecies("S")
    species.unsetInitialConcentration()
    species.setInitialAmount(3.0)
    return str(libsbml.writeSBMLToString(document))


def test_species_without_a_volume_are_amounts() -> None:
    model = read_sbml(flattened("compartment C = 1; species S in C; S = 3; J: S -> ; S"))
    assert model.states == ("S",)
    assert len(model.graph.symbols(model.rates[0])) == 1


def test_a_conversion_factor_multiplies_what_reactions_do() -> None:
    document = libsbml.readSBMLFromString(
        antimony_to_sbml("J: A -> B; k*A; A = 1; B = 0; k = 0.3; f = 2; g = 5")
    )
    model = document.getModel()
    model.setConversionFactor("f")
    model.getSpecies("B").setConversionFactor("g")
    found = read_sbml(libsbml.writeSBMLToString(document))
    shown = simulate_reference(found, [Member(times=TIMES)])[0]
    np.testing.assert_allclose(shown["A"], np.exp(-0.6 * TIMES), rtol=1e-8)
    np.testing.assert_allclose(shown["B"], 2.5 * (1.0 - np.exp(-0.6 * TIMES)), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize(("kind", "expected"), [("amount", 6.0), ("concentration", 3.0), ("neither", 3.0)])
def test_a_species_is_shown_as_amount_or_concentration(kind: str, expected: float) -> None:
    sbml = antimony_to_sbml("compartment C = 2; species S in C; S = 3; S2 = 1; J: S -> S; 1")
    grid = Grid(start=0.0, duration=1.0, steps=1, rtol=1e-8, atol=1e-10)
    listed = {kind: ["S", "C"]} if kind != "neither" else {}
    header, rows = run_model(sbml, grid, ["S", "C"], **listed)
    assert header == ("time", "S", "C")
    np.testing.assert_allclose(rows, [[0.0, expected, 2.0], [1.0, expected, 2.0]], rtol=1e-12)


def test_a_species_of_amounts_is_shown_as_concentration() -> None:
    read = read_sbml_model(antimony_to_sbml("compartment C = 2; substanceOnly species S in C; S = 3"))
    graph = read.equations.graph
    assert float(graph.evaluate([read.concentrations["S"]], {"S": 3.0, "C": 2.0})[0]) == 1.5
