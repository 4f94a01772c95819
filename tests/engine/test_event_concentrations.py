"""An event sets a concentration where the compartment changes its size: by hand, in both integrators.

The new concentration holds in the size of the time of execution, before the same event changes that size.
"""

from __future__ import annotations

import libsbml
import numpy as np
import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member

GROWING = "compartment C = 2; C' = 0.5*C; species S in C; S = 3; "
JUMPING = "compartment C = 2; species S in C; S = 3; "
WAITING = "at 1 after time >= 1"


def both(model: OdeModel, name: str, times: list[float]) -> list[float]:
    """Return a quantity over time as the kernels find it, after demanding that the slow twin agrees."""
    members = [Member(times=np.array(times))] * 3
    found = simulate(model, members, outputs=[name], rtol=1e-9, atol=1e-12, workers=1, throw=True)
    twin = simulate_reference(model, members[:1], [name])[0][name]
    for member in range(3):
        np.testing.assert_allclose(found.of(member)[1][name], twin, rtol=1e-7)
    return [float(value) for value in twin]


def after(text: str, times: list[float]) -> list[float]:
    return both(read_antimony(text), "S", times)


def test_a_value_of_the_time_of_firing_is_a_concentration_at_execution() -> None:
    # time was 1 when it fired; from 2 on the volume dilutes it
    found = after(f"{GROWING} E: {WAITING}: S = time", [1.5, 2.0, 3.0])
    assert found == pytest.approx([3.0 * np.exp(-0.75), 1.0, np.exp(-0.5)], rel=1e-7)


def test_a_value_of_the_time_of_execution_is_one_too() -> None:
    found = after(f"{GROWING} E: {WAITING}, fromTrigger=false: S = time", [2.0, 3.0])
    assert found == pytest.approx([2.0, 2.0 * np.exp(-0.5)], rel=1e-7)


def test_a_value_without_delay_is_one_too() -> None:
    assert after(f"{GROWING} E: at time >= 1: S = time", [1.0, 2.0]) == pytest.approx(
        [1.0, np.exp(-0.5)], rel=1e-7
    )


def test_a_size_given_by_a_rule_counts_at_execution() -> None:
    text = f"compartment C; C := 1 + time; species S in C; S = 3; E: {WAITING}: S = 5*time"
    assert after(text, [1.0, 2.0, 5.0]) == pytest.approx([1.5, 5.0, 2.5], rel=1e-7)


@pytest.mark.parametrize("delay", ["at time >= 1", WAITING], ids=["at once", "later"])
def test_a_new_size_of_the_same_event_comes_after_the_concentration(delay: str) -> None:
    assert after(f"{JUMPING} E: {delay}: C = 1, S = 5", [0.5, 3.0]) == pytest.approx([3.0, 10.0])


def test_a_size_that_jumped_while_the_event_waited_counts() -> None:
    text = f"{JUMPING} E: {WAITING}: S = 5; F: at time >= 1.5: C = 4"
    assert after(text, [1.0, 1.6, 2.0]) == pytest.approx([3.0, 1.5, 5.0])


@pytest.mark.parametrize(("size_first", "expected"), [(True, 5.0), (False, 10.0)])
def test_the_order_of_two_events_at_one_time_decides(size_first: bool, expected: float) -> None:
    text = f"""{JUMPING} E: at time >= 1, priority=5: S = 5
        F: at time >= 1, priority={9 if size_first else 1}: C = 1"""
    assert after(text, [0.5, 2.0]) == pytest.approx([3.0, expected])


def test_a_species_of_amounts_gets_the_amount() -> None:
    text = f"compartment C = 2; C' = 0.5*C; substanceOnly species S in C; S = 3; E: {WAITING}: S = time"
    assert after(text, [1.0, 2.0, 3.0]) == pytest.approx([3.0, 1.0, 1.0])


def test_several_concentrations_swap_in_volumes_of_their_own() -> None:
    text = f"""compartment C = 2; C' = 0.5*C; compartment D = 1; species S in C; species R in D; S = 3; R = 7
        E: {WAITING}: S = R, R = S, D = 4"""
    model = read_antimony(text)
    assert both(model, "S", [2.0])[0] == pytest.approx(7.0, rel=1e-7)
    assert both(model, "R", [2.0])[0] == pytest.approx(3.0 * np.exp(-0.5) / 4.0, rel=1e-7)


def test_level_2_means_the_same() -> None:
    document = libsbml.readSBMLFromString(antimony_to_sbml(f"{GROWING} E: {WAITING}: S = time"))
    assert document.setLevelAndVersion(2, 4, False)
    model = read_sbml(libsbml.writeSBMLToString(document))
    assert both(model, "S", [2.0, 3.0]) == pytest.approx([1.0, np.exp(-0.5)], rel=1e-7)
