import libsbml
import pytest
import roadrunner

from myeloniche.errors import MyelonicheError
from myeloniche.niche.niche import load


def test_ids_carry_the_instance_and_shared_ids_do_not(write_niche) -> None:
    model = load(data=write_niche()).model
    assert {"MM__R", "BMSC__R", "TNF", "MM_n"} <= set(model.states)
    assert model.time_unit


def test_an_antimony_error_names_the_fragment_and_its_line(write_niche) -> None:
    data = write_niche(changes={"core/receptor.ant": ("k_off*R_TNF;", "k_off*R_TNF*;")})
    with pytest.raises(MyelonicheError, match=r"core/receptor\.ant:3: Antimony cannot read"):
        load(data=data)


def test_a_line_that_is_not_antimony_names_the_fragment_and_its_line(write_niche) -> None:
    data = write_niche(changes={"core/activity.ant": ("inactivation: active ->", "inactivation active ->")})
    with pytest.raises(MyelonicheError, match=r"core/activity\.ant:2: "):
        load(data=data)


def test_a_statement_other_than_reaction_or_rule_is_refused(write_niche) -> None:
    data = write_niche(
        changes={"core/activity.ant": ("inactivation: active -> ; active/active_time", "x = 3")}
    )
    with pytest.raises(MyelonicheError, match=r"core/activity\.ant:2: got 'x = 3;', expected one reaction"):
        load(data=data)


def test_every_undeclared_symbol_is_reported_with_the_nearest_name(write_niche) -> None:
    data = write_niche(
        changes={
            "core/receptor.ant": ("k_on*TNF*R;", "k_onn*TNF*R;"),
            "medium/medium.ant": ("MM.active", "MM.actve"),
        }
    )
    with pytest.raises(MyelonicheError) as caught:
        load(data=data)
    message = str(caught.value)
    assert "core/receptor.ant:2: unknown symbol 'k_onn'. Did you mean 'k_on'" in message
    assert "medium/medium.ant:1: unknown symbol 'MM.actve'. Did you mean 'MM.active'" in message


def test_a_cell_fragment_cannot_reach_into_another_cell(write_niche) -> None:
    data = write_niche(changes={"core/receptor.ant": ("k_on*TNF*R;", "k_on*BMSC.R*R;")})
    with pytest.raises(MyelonicheError, match=r"core/receptor\.ant:2: 'BMSC\.R' refers to another"):
        load(data=data)


def test_an_observable_without_its_rule_is_refused(write_niche) -> None:
    data = write_niche(changes={"core/receptor.ant": ("bound_share := R_TNF/receptor_total;", "")})
    with pytest.raises(MyelonicheError, match=r"core/species\.tsv:5: 'MM\.bound_share' starts at '-' but"):
        load(data=data)


def test_a_local_id_that_hides_a_shared_one_is_refused(write_niche) -> None:
    data = write_niche(changes={"core/parameters.tsv": ("k_on|2", "clearance|2")})
    with pytest.raises(MyelonicheError, match="'clearance' is a shared id too"):
        load(data=data)


def test_a_process_that_changes_two_units_is_refused(write_niche) -> None:
    data = write_niche(changes={"medium/medium.ant": ("DRUG -> ;", "DRUG + TNF -> ;")})
    with pytest.raises(MyelonicheError, match=r"ant:3: process 'drug_loss' changes DRUG \[uM\], TNF \[nM\]"):
        load(data=data)


def test_the_same_data_give_the_same_bytes(write_niche) -> None:
    data = write_niche()
    assert load(data=data).sbml == load(data=data).sbml


def test_the_document_has_no_consistency_issue_of_any_kind(write_niche) -> None:
    document = libsbml.readSBMLFromString(load(data=write_niche()).sbml)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    messages = [document.getError(index).getMessage() for index in range(document.getNumErrors())]
    assert messages == []


def test_every_species_and_parameter_has_a_unit(write_niche) -> None:
    model = libsbml.readSBMLFromString(load(data=write_niche()).sbml).getModel()
    assert all(species.isSetSubstanceUnits() for species in model.getListOfSpecies())
    assert all(parameter.isSetUnits() for parameter in model.getListOfParameters())
    assert model.getTimeUnits() == "hour"


def test_identifiers_and_sources_become_annotations(write_niche) -> None:
    model = libsbml.readSBMLFromString(load(data=write_niche()).sbml).getModel()
    terms = {
        term.getBiologicalQualifierType(): [term.getResourceURI(i) for i in range(term.getNumResources())]
        for term in model.getSpecies("MM__R_TNF").getCVTerms()
    }
    assert terms[libsbml.BQB_HAS_PART] == [
        "https://identifiers.org/hgnc:1",
        "https://identifiers.org/CHEBI:2",
    ]
    assert terms[libsbml.BQB_IS_DESCRIBED_BY] == ["https://identifiers.org/doi:10.1000/guo"]
    assert "Evidence: Guo2024" in model.getReaction("MM__tnf_binding").getNotesString()


def derivatives(model) -> dict[str, float]:
    """Return the derivative of every state at time 0, at nominal values."""
    start = model.graph.evaluate(model.initial, model.nominal)
    values = {**model.nominal, **dict(zip(model.states, start, strict=True)), "time": 0.0}
    rates = model.graph.evaluate(model.rates, values)
    return {state: float(rate) for state, rate in zip(model.states, rates, strict=True)}


def test_roadrunner_finds_the_same_derivatives(write_niche) -> None:
    niche = load(data=write_niche())
    runner = roadrunner.RoadRunner(niche.sbml)
    expected = {state: runner[f"{state}'"] for state in niche.model.states}
    assert derivatives(niche.model) == pytest.approx(expected, rel=1e-12)


def test_the_laws_mean_what_is_written(write_niche) -> None:
    rates = derivatives(load(data=write_niche()).model)
    assert rates["MM__R"] == pytest.approx(-2 * 1.5 * 10)
    assert rates["BMSC__active"] == pytest.approx(-0.25 / 4)
    assert rates["TNF"] == pytest.approx(0.01 * 0.25 * 200 - 0.2 * 1.5)
    assert rates["DRUG"] == pytest.approx(-0.2 * 2)
    assert rates["MM_n"] == pytest.approx(0.02 * 200 * (1 - 200 / 1000))
