import pytest

from myeloniche.errors import MyelonicheError, TableError, UnitError
from myeloniche.niche.reading.folders import read_folders


def test_a_parameter_without_source_is_one_error_with_file_and_line(write_niche) -> None:
    data = write_niche(changes={"core/parameters.tsv": ("Guo2024: table 1", "")})
    with pytest.raises(TableError, match=r"^core/parameters\.tsv:2: parameter 'receptor_total' has no s"):
        read_folders(data)


def test_two_problems_of_a_file_are_reported_together(write_niche) -> None:
    data = write_niche(
        changes={"core/parameters.tsv": ("k_on|2|1/(nM h)|published model|0.2", "k_on|200||guessed|0.2")}
    )
    with pytest.raises(MyelonicheError) as caught:
        read_folders(data)
    message = str(caught.value)
    assert "core/parameters.tsv:3: parameter 'k_on' has value 200, expected within [0.2, 20]" in message
    assert "core/parameters.tsv:3: parameter 'k_on' has no unit" in message
    assert "has kind 'guessed', expected one of measured" in message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("|1|100|", "|100|1|"), "low 100 above high 1"),
        (("receptor_total|10", "receptor_total|ten"), "has value 'ten', expected a finite number"),
        (("receptor_total|10", "receptor_total|inf"), "has value 'inf', expected a finite number"),
        (("receptor_total|10|nM", "receptor_total|10|nm3"), "unit"),
        (("Guo2024: table 1", "Guo2023"), r"unknown reference 'Guo2023'. Did you mean 'Guo2024'"),
        (("k_on|2", "receptor_total|2"), r"id 'receptor_total' repeats core/parameters.tsv:2"),
        (("k_on|2", "k__on|2"), "id 'k__on', expected letters, digits and single underscores"),
        (("id|value", "name|value"), "got columns"),
    ],
)
def test_a_broken_parameter_row_names_file_and_line(write_niche, change, message) -> None:
    data = write_niche(changes={"core/parameters.tsv": change})
    with pytest.raises(MyelonicheError, match=message) as caught:
        read_folders(data)
    assert "core/parameters.tsv:" in str(caught.value)


def test_an_unknown_unit_of_a_species_names_file_and_line(write_niche) -> None:
    data = write_niche(changes={"medium/species.tsv": ("kcell/mL", "kcells/mL")})
    with pytest.raises(UnitError, match=r"medium/species\.tsv:4: species 'MM_n': unknown unit 'kcells'"):
        read_folders(data)


def test_a_negative_initial_value_is_refused(write_niche) -> None:
    data = write_niche(changes={"core/species.tsv": ("relative|0.25", "relative|-0.25")})
    with pytest.raises(TableError, match=r"core/species\.tsv:4: species 'active' starts at -0\.25"):
        read_folders(data)


def test_an_unknown_role_is_refused_with_the_known_ones(write_niche) -> None:
    data = write_niche(changes={"core/processes.tsv": ("|release|", "|leaving|")})
    with pytest.raises(TableError, match=r"core/processes\.tsv:3: .* role 'leaving', expected one of"):
        read_folders(data)


def test_a_value_of_an_unknown_cell_is_refused(write_niche) -> None:
    data = write_niche(changes={"cell_values.tsv": ("RPMI8226|clearance", "RPMI8266|clearance")})
    with pytest.raises(LookupError, match=r"cell_values\.tsv:3: unknown cell 'RPMI8266'. Did you mean 'RPMI"):
        read_folders(data)


def test_a_folder_that_does_not_exist_is_named(write_niche) -> None:
    data = write_niche(changes={"assembly.yaml": ("[medium]", "[medium, bone]")})
    with pytest.raises(ValueError, match=r"assembly\.yaml: names folder 'bone', which does not exist"):
        read_folders(data)


def test_a_later_folder_overrides_rows_of_an_earlier_one(write_niche) -> None:
    folders = read_folders(write_niche())
    values = {scope.name: scope.parameters["k_off"].value for scope in folders.scopes if scope.name}
    assert values == {"MM": 0.75, "BMSC": 0.5}


def test_an_assembly_file_without_instances_is_refused(write_niche) -> None:
    data = write_niche({"assembly.yaml": "shared: [medium]\n"})
    with pytest.raises(ValueError, match=r"assembly\.yaml:1: cannot read 'instances'; expected"):
        read_folders(data)


def test_an_assembly_file_that_is_not_yaml_names_its_line(write_niche) -> None:
    data = write_niche({"assembly.yaml": "instances: {MM: {title: x\nshared: [medium\n"})
    with pytest.raises(TableError, match=r"assembly\.yaml:\d"):
        read_folders(data)


def test_a_missing_folder_of_data_is_refused(tmp_path) -> None:
    with pytest.raises(ValueError, match=r"got no .*assembly\.yaml"):
        read_folders(tmp_path)
