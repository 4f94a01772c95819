"""What a body does with a drug, against closed forms."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_a_body import course, drug_with

from myeloniche.errors import TableError, UnitError
from myeloniche.pharmacology import Body, load_drugs
from myeloniche.pharmacology.body import load_bodies
from myeloniche.pharmacology.drug_file import drug_text
from myeloniche.pharmacology.terms import TERMS

GUIDE = (Path(__file__).parents[2] / "docs" / "drug-files.md").read_text("utf-8")
HOURS = np.linspace(0, 48, 97)
DOSE = 1e9 * 1e-3 / 500  # 1 mg [nmol]
CLOSE = {"rtol": 1e-6, "atol": 1e-9}


def test_an_intravenous_dose_falls_exponentially(tmp_path):
    plasma = course(drug_with(clearance="5 L/h"), "1 mg iv", HOURS, tmp_path)["X_plasma"]
    np.testing.assert_allclose(plasma, DOSE / 10 * np.exp(-0.5 * HOURS), **CLOSE)


def test_an_absorbed_dose_follows_bateman(tmp_path):
    drug = drug_with(clearance="2 L/h", oral_rate="1.5 1/h", oral_share="0.6")
    plasma = course(drug, "1 mg oral", HOURS, tmp_path)["X_plasma"]
    exact = 0.6 * DOSE / 10 * 1.5 / (1.5 - 0.2) * (np.exp(-0.2 * HOURS) - np.exp(-1.5 * HOURS))
    np.testing.assert_allclose(plasma, exact, **CLOSE)


def test_an_infusion_rises_to_rate_over_clearance(tmp_path):
    drug = drug_with(clearance="5 L/h")
    plasma = course(drug, "1 mg iv over 24 h", HOURS, tmp_path)["X_plasma"]
    rising = DOSE / 24 / 5 * (1 - np.exp(-0.5 * HOURS))
    falling = rising[48] * np.exp(-0.5 * (HOURS - 24))
    np.testing.assert_allclose(plasma, np.where(HOURS <= 24, rising, falling), **CLOSE)


def test_two_compartments_have_the_exponents_of_their_matrix(tmp_path):
    drug = drug_with(clearance="5 L/h", volume_2="30 L", flow_2="8 L/h")
    plasma = course(drug, "1 mg iv", HOURS, tmp_path)["X_plasma"]
    matrix = np.array([[-(5 + 8) / 10, 8 / 30], [8 / 10, -8 / 30]])
    values, vectors = np.linalg.eig(matrix)
    weights = np.linalg.solve(vectors, np.array([DOSE, 0.0]))
    exact = (vectors[0] * weights) @ np.exp(np.outer(values, HOURS)) / 10
    np.testing.assert_allclose(plasma, exact, **CLOSE)


def test_three_compartments_without_elimination_lose_nothing(tmp_path):
    drug = drug_with(volume_2="30 L", flow_2="8 L/h", volume_3="500 L", flow_3="2 L/h")
    values = course(drug, "1 mg iv q12h x3", HOURS, tmp_path)
    total = sum(values[f"X_{name}"] for name in ("central", "2", "3"))
    given_by_then = np.ceil(HOURS / 12).clip(1, 3)  # a dose shows after the hour at which it is given
    np.testing.assert_allclose(total, DOSE * given_by_then, rtol=1e-6)


def test_saturating_elimination_is_constant_at_high_and_linear_at_low_concentration(tmp_path):
    drug = drug_with(max_rate="50 nmol/h", half_rate="1 nM")
    high = course(drug, "1 mg iv", np.array([0.0, 1, 2]), tmp_path)["X_central"]
    np.testing.assert_allclose(-np.diff(high), 50, rtol=0.02)
    low = course(drug, "0.0001 mg iv", np.array([0.0, 1, 2]), tmp_path)["X_central"]
    np.testing.assert_allclose(low[1:] / low[:-1], np.exp(-50 / 10), rtol=0.05)


def test_sites_hold_at_most_what_they_are(tmp_path):
    drug = drug_with(sites="100 nmol", sites_on="0.5 1/(nM h)", sites_off="0.05 1/h", unbound="0.2")
    values = course(drug, "1 mg iv", HOURS, tmp_path)
    np.testing.assert_allclose(values["X_central"] + values["X_bound"], DOSE, rtol=1e-6)
    free = 0.2 * values["X_plasma"][-1]
    assert values["X_occupied"][-1] == pytest.approx(free / (free + 0.05 / 0.5), rel=1e-4)


def test_binding_to_protein_saturates(tmp_path):
    values = course(drug_with(bound_share="0.8", bound_half="100 nM"), "0.5 mg iv", HOURS, tmp_path)
    assert values["X_plasma"][1] == pytest.approx(100)
    assert values["X_free"][1] == pytest.approx(100 * (1 - 0.4))


def test_the_niche_follows_unbound_drug(tmp_path):
    drug = drug_with(unbound="0.25", niche_share="2 1", niche_rate="1 1/h")
    values = course(drug, "1 mg iv", HOURS, tmp_path)
    np.testing.assert_allclose(values["X"], 2 * 0.25 * DOSE / 10 * (1 - np.exp(-HOURS)), **CLOSE)


def test_a_number_per_kg_or_m2_grows_with_the_body():
    drug = drug_with(clearance="3 L/(h m^2)", niche_share="1", niche_rate="1 1/h")
    small, large = Body("small", "human", 50.0, 1.5), Body("large", "human", 100.0, 2.0)
    assert drug.circulation.values(small)["X_clearance"] == pytest.approx(4.5)
    assert drug.circulation.values(large)["X_clearance"] == pytest.approx(6.0)
    with pytest.raises(
        UnitError, match=r"clearance: got a number per m\^2 for child.*Give the weight or surface"
    ):
        drug.circulation.values(Body("child", "human", 20.0))


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.integers(2, 6), route=st.sampled_from(["iv", "sc"]))
def test_parts_of_a_dose_given_at_once_equal_the_dose_in_linear_pk(tmp_path, parts, route):
    drug = drug_with(clearance="5 L/h", volume_2="30 L", flow_2="8 L/h", sc_rate="1 1/h", sc_share="0.9")
    whole = course(drug, f"{parts} mg {route}", HOURS, tmp_path)["X_plasma"]
    one = course(drug, f"1 mg {route}", HOURS, tmp_path)["X_plasma"]
    np.testing.assert_allclose(whole, parts * one, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"volume_2": "3 L"}, r"human has 'volume_2' without 'flow_2'; give both"),
        ({"sc_rate": "3 1/h"}, r"human has 'sc_rate' without 'sc_share'"),
        ({"unbound": "0.5", "bound_share": "0.5", "bound_half": "3 nM"}, "give one way of binding"),
        (
            {"halflife": "3 h"},
            "names halflife; expected a parameter of the drug, or one of volume, clearance",
        ),
    ],
)
def test_numbers_that_do_not_belong_together_are_refused(numbers, message):
    with pytest.raises(TableError, match=message):
        drug_with(**numbers)


def test_a_unit_that_does_not_fit_is_refused():
    with pytest.raises(TableError, match=r"clearance: got unit 'h', expected one that converts to 'L/h'"):
        drug_with(clearance="5 h").circulation.values(Body("patient", "human", 70.0))


def test_a_body_without_volume_is_refused():
    text = """\
name: x
kind: inhibitor
description: x
dose: {species: X, unit: nM, molar_mass_g_per_mol: 500}
pharmacokinetics: {mouse: [{id: clearance, value: 1, unit: L/h, kind: assumed, source: assumed}]}
"""
    with pytest.raises(TableError, match="mouse has no 'volume'"):
        drug_text(text, name="x.yaml")


def test_every_shipped_number_fits_its_body():
    bodies = {body.species: body for body in load_bodies().values()}
    dosed = {drug.name: drug for drug in load_drugs().values() if drug.circulation is not None}
    assert len(dosed) >= 11
    for drug in dosed.values():
        for species in drug.pharmacokinetics.species:
            values = drug.circulation.values(bodies[species])
            assert all(np.isfinite(value) for value in values.values())
            assert f"{drug.dose.species}_volume" in values
            assert "iv" in drug.circulation.routes(species)


def test_what_a_species_lacks_does_nothing_there():
    btz = load_drugs()["bortezomib"].circulation
    mouse = btz.values(load_bodies()["mouse"])
    assert mouse["BTZ_sites"] == mouse["BTZ_sites_2"] == mouse["BTZ_flow_2"] == 0
    assert "BTZ_volume_2" not in mouse


def test_every_word_has_a_meaning_and_its_companions_exist():
    for word, term in TERMS.items():
        assert term.meaning, word
        assert set(term.needs) <= set(TERMS)


def test_the_guide_lists_every_word():
    rows = [
        f"| `{word}` | {term.unit} | {term.meaning} | {', '.join(f'`{need}`' for need in term.needs)} |"
        for word, term in TERMS.items()
    ]
    assert GUIDE.rstrip().endswith("\n".join(rows))


@pytest.mark.parametrize(("ng_per_ml", "bound"), [(50, 0.53), (200, 0.28)])
def test_protein_holds_less_of_zoledronate_at_high_concentration(tmp_path, ng_per_ml, bound):
    zoledronate = load_drugs()["zoledronate"]
    volume = zoledronate.circulation.values(load_bodies()["patient"])["ZOL_volume"]
    values = course(zoledronate, f"{ng_per_ml * volume / 1000:.6g} mg iv", np.array([0.0, 1e-6]), tmp_path)
    assert 1 - values["ZOL_free"][1] / values["ZOL_plasma"][1] == pytest.approx(bound, abs=0.02)
