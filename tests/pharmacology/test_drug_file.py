"""Drug files: what ships, what a user writes, what is refused."""

from importlib.resources import files as resources

import pytest

from myeloniche.errors import MyelonicheError, TableError, UnitError, UnknownNameError
from myeloniche.pharmacology import attach, find_drug, load_drugs, read_drug
from myeloniche.pharmacology.drug_file import drug_text, is_drug_file

SHIPPED = resources("myeloniche.pharmacology").joinpath("drugs")

GOOD = """\
name: new compound
kind: inhibitor
description: a test
dose: {species: NEW, unit: uM, molar_mass_g_per_mol: 500}
species:
  - {id: NEW, unit: uM, meaning: new compound in the medium, source: assumed}
parameters:
  - {id: NEW_IC50, value: 2, unit: uM, kind: assumed, low: 1, high: 5, source: assumed}
  - {id: NEW_hill, value: 1, unit: "1", kind: assumed, source: assumed}
inhibits:
  - {activity: PIM2, in: [MM], ic50: NEW_IC50, hill: NEW_hill}
"""


def test_all_shipped_drugs_load():
    names = {drug.name for drug in load_drugs().values()}
    files = [entry for entry in SHIPPED.iterdir() if is_drug_file(entry.name)]
    assert {"LLZ1640-2", "TAK1 siRNA", "TNF"} <= names
    assert len(names) == len(files)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("LLZ", "LLZ1640-2"), ("tnf-alpha", "TNF"), ("TNF α", "TNF"), ("il6", "IL-6"), ("DOX", "doxorubicin")],
)
def test_a_drug_is_found_by_synonym_and_spelling(name, expected):
    assert find_drug(name, load_drugs()).name == expected


def test_an_unknown_drug_names_the_nearest():
    with pytest.raises(UnknownNameError, match=r"unknown drug 'doxorubicine'. Did you mean 'doxorubicin'"):
        find_drug("doxorubicine", load_drugs())


def test_a_cytokine_dose_in_mass_becomes_molar():
    assert find_drug("TNF", load_drugs()).amount("10 ng/mL") == pytest.approx(10 / 52)


def test_llz_blocks_both_forms_of_tak1_in_every_cell_that_takes_it_up():
    llz = load_drugs()["LLZ"].attachment()
    blocking = [process.reaction for process in llz.processes if "MAP3K7_blocked" in process.reaction]
    cells = {row.id.partition(".")[0] for row in llz.parameters if row.id.endswith(".LLZ_uptake")}
    assert {reaction.partition(".")[0] for reaction in blocking} == cells
    assert len(blocking) == 2 * len(cells)
    assert any("MM.MAP3K7 -> MM.MAP3K7_blocked; LLZ_k2*MM.LLZ_uptake*LLZ" in entry for entry in blocking)
    assert [factor.target for factor in llz.factors] == ["process:MM.mek_activation"]
    assert llz.factors[0].expression == "repress(LLZ, LLZ_mek_IC50, LLZ_mek_hill)"


def test_scrambled_sirna_does_nothing():
    control = load_drugs()["siCTL"]
    assert control.cuts_synthesis == ()
    assert control.attachment().processes == ()


def test_an_sirna_takes_no_dose():
    with pytest.raises(UnitError, match="expected none: it is an siRNA"):
        load_drugs()["TAK1 siRNA"].amount("10 nM")


def test_attaching_counts_a_drug_with_synonyms_once():
    drugs = load_drugs().values()
    names = [attachment.name for attachment in attach(drugs)]
    assert sorted(names) == sorted({drug.name for drug in drugs})


def test_a_users_file_joins_the_shipped_ones(tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text(GOOD)
    drugs = load_drugs([path, path])
    assert drugs["new compound"].attachment().factors[0].target == "activity:MM.PIM2"
    assert read_drug(path).name == "new compound"


def test_an_unknown_key_is_refused_with_its_line():
    with pytest.raises(TableError, match=r"new\.yaml:8: unknown key 'sauce' in 'parameters'.*'source'\?"):
        drug_text(GOOD.replace("high: 5, source", "high: 5, source: a, sauce"), name="new.yaml")


def test_every_problem_is_reported_at_once():
    bad = GOOD.replace("kind: inhibitor", "kind: potion").replace("value: 2", "value: 9")
    bad = bad.replace("unit: uM, mol", "unit: g, mol")
    with pytest.raises(TableError, match=r"3 problems(.|\n)*new\.yaml:2(.|\n)*new\.yaml:4(.|\n)*new\.yaml:8"):
        drug_text(bad, name="new.yaml")


def test_a_missing_source_is_refused():
    with pytest.raises(TableError, match=r"new\.yaml:9: parameters\.source is missing"):
        drug_text(GOOD.replace("kind: assumed, source: assumed}", "kind: assumed}"), name="new.yaml")


@pytest.mark.parametrize(("old", "new", "message"), [
    ("ic50: NEW_IC50", "ic50: OTHER", "names OTHER; add it to 'parameters'"),
    ("activity: PIM2,", "activity: PIM2, process: pim2_loss,", "name one target"),
    ("dose: {species: NEW, unit: uM, molar_mass_g_per_mol: 500}", "synonyms: []", "'dose' is missing"),
    ("molar_mass_g_per_mol: 500", "molar_mass_g_per_mol: -1", "greater than 0"),
    ("value: 2", "value: .nan", "finite"),
])  # fmt: skip
def test_an_inconsistent_drug_is_refused(old, new, message):
    assert old in GOOD
    with pytest.raises(TableError, match=message):
        drug_text(GOOD.replace(old, new), name="new.yaml")


def test_a_name_that_is_taken_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("name: new compound", "name: LLZ"))
    with pytest.raises(TableError, match=r"mine\.yaml: 'LLZ' belongs to LLZ1640-2"):
        load_drugs([path])


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(TableError, match="cannot be read"):
        load_drugs(["/nowhere/x.yaml"])


def test_a_file_that_is_no_mapping_is_refused():
    with pytest.raises(MyelonicheError, match="expected a drug"):
        drug_text("- a\n", name="x.yaml")
