import pytest

from myeloniche.errors import ExperimentError, TableError, UnknownNameError
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.niche import load


def test_names_survive_the_round_trip(write_niche) -> None:
    niche = load(data=write_niche())
    names = [*niche.species, *niche.parameters, *niche.processes]
    assert [user_name(sbml_id(name)) for name in names] == names
    assert sbml_id("MM.R_TNF") == "MM__R_TNF"
    assert sbml_id(sbml_id("MM.R")) == "MM__R"


def test_every_species_is_in_the_model_under_its_id(write_niche) -> None:
    niche = load(data=write_niche())
    known = set(niche.model.names)
    assert {sbml_id(name) for name in (*niche.species, *niche.parameters)} <= known


@pytest.mark.parametrize(
    ("name", "cell", "full"),
    [
        ("R", "RPMI8226", "MM.R"),
        ("R", "BMSC", "BMSC.R"),
        ("TNF", "RPMI8226", "TNF"),
        ("MM__R", None, "MM.R"),
        ("tnf_binding", "stroma", "BMSC.tnf_binding"),
        ("k_off", "MM", "MM.k_off"),
    ],
)
def test_a_name_is_found_in_the_cell_or_in_the_medium(write_niche, name, cell, full) -> None:
    assert load(data=write_niche()).resolve(name, cell) == full


def test_a_local_name_of_two_cells_is_ambiguous_without_a_cell(write_niche) -> None:
    with pytest.raises(ExperimentError, match=r"got 'R', which is MM\.R and BMSC\.R"):
        load(data=write_niche()).resolve("R")


def test_a_misspelt_name_gives_the_nearest_ones(write_niche) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown name 'R_TFN'\. Did you mean 'R_TNF'"):
        load(data=write_niche()).resolve("R_TFN", "MM")


def test_an_unknown_cell_gives_the_nearest_ones(write_niche) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown cell 'RPMI8225'\. Did you mean 'RPMI8226'"):
        load(data=write_niche()).values_of("RPMI8225")


def test_cell_values_are_converted_to_the_unit_of_the_parameter(write_niche) -> None:
    niche = load(data=write_niche())
    assert niche.values_of("RPMI8226") == {"MM__receptor_total": pytest.approx(20), "clearance": 0.3}
    assert niche.values_of("stroma") == {}


def test_a_cell_value_in_another_dimension_is_refused(write_niche) -> None:
    data = write_niche(changes={"cell_values.tsv": ("0.02|uM", "0.02|1/h")})
    with pytest.raises(TableError, match=r"tsv:2: 'receptor_total': got a value in '1/h'"):
        load(data=data)


def test_a_cell_value_of_an_unknown_parameter_names_its_line(write_niche) -> None:
    data = write_niche(changes={"cell_values.tsv": ("receptor_total", "receptor_totl")})
    with pytest.raises(LookupError, match=r"cell_values\.tsv:2: unknown parameter 'receptor_totl'"):
        load(data=data)


def test_synthesis_is_found_by_role_and_product(write_niche) -> None:
    niche = load(data=write_niche())
    assert niche.synthesis_of("TNF") == ("tnf_secretion",)
    assert niche.synthesis_of("MM.active") == ("MM.activation",)
    assert niche.synthesis_of("MM.R") == ()
