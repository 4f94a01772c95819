"""Readouts: formulas, the table, the instruments."""

import numpy as np
import pytest

from myeloniche.errors import TableError, UnknownNameError
from myeloniche.lab.readouts import (
    delta_delta_ct,
    film_density,
    find_instrument,
    find_readout,
    fold_change,
    load_readouts,
    ng_per_ml,
    percent_of_control,
    relative_densities,
)
from myeloniche.lab.readouts.formula import read_formula
from myeloniche.lab.readouts.table import read_readouts

HEADER = "name\tsynonyms\tinstrument\tin\texpression\tunit\ttarget\tsource\n"


OF_ANIMALS = ("site", "bone", "body")


def find(name, instrument, instance, laboratory):
    if instance in OF_ANIMALS:
        return find_readout(name, instrument, "", laboratory.readouts, laboratory.niche, site="tibia")
    return find_readout(name, instrument, instance, laboratory.readouts, laboratory.niche)


def test_a_formula_is_arithmetic_over_arrays():
    formula = read_formula("100*a/(a + b) - -b^2")
    assert formula.names == ("a", "b")
    values = {"a": np.array([1.0, 3.0]), "b": np.array([1.0, 1.0])}
    np.testing.assert_allclose(formula.evaluate(values), [51, 76])


def test_a_formula_that_divides_by_nothing_is_not_a_number():
    assert np.isnan(read_formula("a/b").evaluate({"a": np.zeros(1), "b": np.zeros(1)}))


@pytest.mark.parametrize(
    "text", ["a +", "open('x')", "a if b else c", "a.b.c", "'x'", "[a]", "a < b", "a; b"]
)
def test_anything_but_arithmetic_is_refused(text):
    with pytest.raises(TableError, match=r"x\.tsv:3: got"):
        read_formula(text, where="x.tsv:3")


def test_every_row_of_the_table_exists_in_the_model(laboratory):
    model = laboratory.niche.model
    known = {*model.states, *model.parameters, *model.observables}
    for row in load_readouts():
        for instance in ("MM", "BMSC") if row.place in ("any", "medium") else (row.place,):
            bound = find(row.name, row.instrument, instance, laboratory)
            assert {output.rpartition("/")[2] for output in bound.outputs.values()} <= known


def test_every_row_has_the_unit_of_its_species(laboratory):
    for row in load_readouts():
        if row.place in OF_ANIMALS:
            continue
        instance = "MM" if row.place == "any" else row.place
        cell = None if instance == "medium" else instance
        species = [laboratory.niche.resolve(name, cell) for name in row.formula.names]
        units = {laboratory.niche.species[name].unit for name in species}
        assert len(units) == 1
        assert row.unit in units or row.unit == "%"


def test_every_target_can_be_perturbed(laboratory):
    for row in load_readouts():
        if row.target:
            instance = {"any": "MM", "medium": ""}.get(row.place, row.place)
            assert laboratory.target(row.target, instance) in laboratory.niche.species


@pytest.mark.parametrize(("name", "instrument", "instance", "expected"), [
    ("TAK1", "blot", "MM", "TAK1"),
    ("phospho-TAK1", "blot", "BMSC", "p-TAK1"),
    ("IκBα", "blot", "MM", "IkBa"),
    ("Mcl-1", "blot", "MM", "MCL1"),
    ("p65", "nuclear", "MM", "nuclear p65"),
    ("p65", "blot", "MM", "p65"),
    ("IL-6", "qPCR", "BMSC", "IL6 mRNA"),
    ("IL-6", "secreted", "MM", "IL-6 secreted"),
    ("VLA-4", "blot", "MM", "beta1 integrin"),
    ("MAP3K7_p", "blot", "MM", "MM.MAP3K7_p"),
    ("BMSC.PIM2", "amount", "BMSC", "BMSC.PIM2"),
    ("IL6", "amount", "BMSC", "IL6"),
])  # fmt: skip
def test_a_readout_is_found_by_the_names_of_the_bench(laboratory, name, instrument, instance, expected):
    assert find(name, instrument, instance, laboratory).name == expected


def test_an_unknown_readout_names_the_nearest(laboratory):
    with pytest.raises(UnknownNameError, match=r"unknown readout 'p-TAK2'. Did you mean 'p-TAK1'"):
        find("p-TAK2", "blot", "MM", laboratory)


def test_a_readout_in_the_wrong_cell_says_where_it_is(laboratory):
    with pytest.raises(UnknownNameError, match=r"'MYC in BMSC'. Did you mean 'MYC in MM'"):
        find("MYC", "blot", "BMSC", laboratory)


def test_a_parameter_is_no_readout(laboratory):
    with pytest.raises(UnknownNameError, match="unknown readout 'serum'"):
        find("serum", "amount", "MM", laboratory)


def test_a_bad_table_is_refused():
    with pytest.raises(TableError, match=r"t\.tsv:1: got columns name, unit"):
        read_readouts("name\tunit\n", name="t.tsv")
    with pytest.raises(TableError, match=r"t\.tsv:2: got 2 columns, expected 8"):
        read_readouts(HEADER + "a\tb\n", name="t.tsv")


def test_an_unknown_instrument_names_the_nearest():
    assert find_instrument("WST-8").name == "viability"
    with pytest.raises(UnknownNameError, match="Did you mean 'blot'"):
        find_instrument("blott")


def test_bands_are_relative_to_their_lane_and_loading():
    amounts = np.array([2.0, 4.0, np.nan])
    np.testing.assert_allclose(relative_densities(amounts, 2.0), [1, 2, np.nan])
    np.testing.assert_allclose(relative_densities(amounts, 2.0, loading=np.array([1, 2, 1])), [1, 1, np.nan])
    assert np.isnan(relative_densities(amounts, 0.0)).all()


def test_a_film_saturates():
    density = film_density(np.array([0.0, 1.0, 3.0, 1e9]), saturation=3.0)
    np.testing.assert_allclose(density, [0, 0.25, 0.5, 1], atol=1e-8)


def test_the_other_instruments():
    np.testing.assert_allclose(percent_of_control(np.array([50.0, 200.0]), 100.0), [50, 200])
    np.testing.assert_allclose(fold_change(np.array([3.0, 1.0]), 2.0), [1.5, 0.5])
    np.testing.assert_allclose(delta_delta_ct(np.array([4.0, 0.5])), [-2, 1])
    np.testing.assert_allclose(ng_per_ml(np.array([1.0]), 21000.0), [21])
