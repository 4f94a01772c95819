import libsbml
import pytest

from myeloniche.errors import MyelonicheError
from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.names import sbml_id
from myeloniche.niche.niche import load
from myeloniche.niche.tables import ParameterRow, SpeciesRow

IC50 = ParameterRow("INH_ic50", 4, "uM", "measured", source="Guo2024")
BLOCK = ParameterRow("INH_k", 0.5, "1/(uM h)", "measured", source="Guo2024")
INHIBITOR = SpeciesRow("INH", "uM", "4", meaning="an inhibitor", source="Guo2024")
BLOCKED = SpeciesRow("MM.R_blocked", "nM", meaning="blocked receptor", source="Guo2024")


def rate(niche, name: str) -> float:
    """Return the rate of a process at the start."""
    model = niche.model
    start = model.graph.evaluate(model.initial, model.nominal)
    values = {**model.nominal, **dict(zip(model.states, start, strict=True)), "time": 0.0}
    return float(model.graph.evaluate([model.observables[sbml_id(name)]], values)[0])


def inhibitor(*factors: Factor) -> Attachment:
    return Attachment("an inhibitor", (INHIBITOR,), (IC50,), (), factors)


def test_a_factor_on_a_process_changes_its_rate(write_niche) -> None:
    data = write_niche()
    half = inhibitor(Factor("process:MM.tnf_binding", "1/(1 + INH/INH_ic50)"))
    assert rate(load([half], data=data), "MM.tnf_binding") == pytest.approx(15)
    assert rate(load([half], data=data), "BMSC.tnf_binding") == pytest.approx(30)


def test_a_factor_on_an_activity_acts_only_where_the_species_is_a_modifier(write_niche) -> None:
    data = write_niche()
    half = inhibitor(Factor("activity:TNF", "1/(1 + INH/INH_ic50)"))
    before, after = load(data=data), load([half], data=data)
    assert rate(after, "MM.tnf_binding") == pytest.approx(rate(before, "MM.tnf_binding") / 2)
    assert rate(after, "tnf_clearance") == pytest.approx(rate(before, "tnf_clearance"))


def test_a_species_in_a_factor_becomes_a_modifier_of_the_law(write_niche) -> None:
    half = inhibitor(Factor("process:MM.tnf_binding", "1/(1 + INH/INH_ic50)"))
    process = next(p for p in load([half], data=write_niche()).model.processes if p.id == "MM__tnf_binding")
    assert {"INH", "TNF"} <= set(process.modifiers)


def test_two_factors_on_one_activity_multiply(write_niche) -> None:
    factor = Factor("activity:MM.active", "1/(1 + INH/INH_ic50)")
    niche = load([inhibitor(factor), Attachment("again", factors=(factor,))], data=write_niche())
    assert rate(niche, "tnf_secretion") == pytest.approx(0.01 * 0.25 * 200 / 4)


def test_an_activity_reaches_a_law_through_an_observable(write_niche) -> None:
    changes = {"core/activity.ant": ("hill(R_TNF, active_K, 2)", "bound_share")}
    files = {
        "core/species.tsv": "id|unit|initial|identifier|meaning|source\n"
        "R|nM|receptor_total|hgnc:1|free receptor|Guo2024\n"
        "R_TNF|nM|5|hgnc:1|bound receptor|Guo2024\n"
        "active|relative|0.25|go:3|an activity|Guo2024\n"
        "bound_share|1|-|hgnc:1|share|Guo2024\n"
    }
    half = inhibitor(Factor("activity:MM.R_TNF", "1/(1 + INH/INH_ic50)"))
    niche = load([half], data=write_niche(files, changes))
    assert rate(niche, "BMSC.activation") == pytest.approx(0.5 / 4)
    assert rate(niche, "MM.activation") == pytest.approx(0.25 / 4)
    assert rate(niche, "MM.tnf_release") == pytest.approx(0.75 * 5)


def test_an_attached_process_makes_a_new_species(write_niche) -> None:
    block = AttachedProcess("MM.blocking", "MM.R -> MM.R_blocked; INH_k*INH*MM.R", "inactivation", "blocks")
    drug = Attachment("a blocker", (INHIBITOR, BLOCKED), (BLOCK,), (block,))
    niche = load([drug], data=write_niche())
    assert rate(niche, "MM.blocking") == pytest.approx(0.5 * 4 * 10)
    assert "MM__R_blocked" in niche.model.states
    assert niche.processes["MM.blocking"].reaction == "MM.R -> MM.R_blocked; INH_k*INH*MM.R"
    assert niche.species["INH"].meaning == "an inhibitor"


def test_a_species_that_exists_is_not_declared_again(write_niche) -> None:
    again = SpeciesRow("TNF", "nM", meaning="cytokine", source="Guo2024")
    niche = load([Attachment("TNF", (again,))], data=write_niche())
    assert niche.species["TNF"].initial == "1.5"


def test_a_species_that_exists_in_another_unit_is_refused(write_niche) -> None:
    again = SpeciesRow("TNF", "uM", meaning="cytokine", source="Guo2024")
    with pytest.raises(MyelonicheError, match=r"'TNF' is a species in uM, but .*tsv:2 says a species in nM"):
        load([Attachment("TNF", (again,))], data=write_niche())


def test_two_attachments_cannot_bring_the_same_process(write_niche) -> None:
    again = AttachedProcess("drug_loss", "DRUG -> ; clearance*DRUG", "loss", where="drug.yaml:4")
    with pytest.raises(MyelonicheError, match=r"'drug_loss' is a process .*medium/processes\.tsv:4"):
        load([Attachment("a drug", processes=(again,))], data=write_niche())


def test_two_attachments_may_share_a_parameter_of_one_value(write_niche) -> None:
    drugs = [Attachment(name, (INHIBITOR,), (BLOCK,)) for name in ("one", "two")]
    assert load(drugs, data=write_niche()).parameters["INH_k"].value == 0.5
    other = ParameterRow("INH_k", 0.7, "1/(uM h)", "measured", source="Guo2024")
    with pytest.raises(MyelonicheError, match=r"'INH_k' is 0\.7 1/\(uM h\), but another .* says 0\.5"):
        load([*drugs, Attachment("three", parameters=(other,))], data=write_niche())


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (
            Factor("process:MM.tnf_bindin", "1"),
            r"'MM\.tnf_bindin'\. Did you mean 'MM\.tnf_binding'",
        ),
        (Factor("process:MM.R", "1"), r"'MM\.R' is not a process"),
        (Factor("MM.R", "1"), r"expected 'process:MM\.<process>' or 'activity:MM\.<species>'"),
        (Factor("activity:DRUG", "1"), "no rate law depends on 'DRUG'"),
        (Factor("activity:TNF", "1/(1 + IHN)"), "unknown symbol 'IHN'"),
        (Factor("activity:TNF", "1/(1 + INH"), "cannot read factor"),
    ],
)
def test_a_factor_without_effect_is_refused(write_niche, factor, message) -> None:
    with pytest.raises(MyelonicheError, match=message):
        load([inhibitor(factor)], data=write_niche())


def test_an_attached_row_of_an_unknown_instance_is_refused(write_niche) -> None:
    drug = Attachment("a drug", (SpeciesRow("MN.X", "nM"),))
    with pytest.raises(MyelonicheError, match=r"attachment 'a drug': 'MN\.X': unknown instance 'MN'"):
        load([drug], data=write_niche())


def test_a_niche_with_attachments_has_no_consistency_issue(write_niche) -> None:
    block = AttachedProcess("MM.blocking", "MM.R -> MM.R_blocked; INH_k*INH*MM.R", "inactivation", "blocks")
    factors = (
        Factor("activity:TNF", "1/(1 + INH/INH_ic50)"),
        Factor("process:MM.blocking", "INH_ic50/(INH_ic50 + INH)"),
    )
    drug = Attachment("a blocker", (INHIBITOR, BLOCKED), (BLOCK, IC50), (block,), factors)
    document = libsbml.readSBMLFromString(load([drug], data=write_niche()).sbml)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    assert [document.getError(i).getMessage() for i in range(document.getNumErrors())] == []
