import pytest

from myeloniche.errors import UnknownNameError
from myeloniche.niche.attachment import Attachment, Factor
from myeloniche.niche.explain import explain
from myeloniche.niche.niche import load
from myeloniche.niche.tables import ParameterRow


def test_a_species_names_what_makes_it_and_what_it_drives(write_niche) -> None:
    told = explain(load(data=write_niche()), "active", "RPMI8226")
    assert (told.name, told.kind, told.unit) == ("MM.active", "species", "relative")
    assert [(link.action, link.id) for link in told.fed_by] == [
        ("made by", "MM.activation"),
        ("consumed by", "MM.inactivation"),
    ]
    assert [(link.action, link.id) for link in told.feeds] == [("drives", "tnf_secretion")]


def test_a_link_carries_law_parameters_and_evidence_in_user_names(write_niche) -> None:
    (link, _) = explain(load(data=write_niche()), "MM.active").fed_by
    assert link.law == "hill(MM.R_TNF, MM.active_K, 2)/MM.active_time"
    assert [(row.id, row.value, row.unit) for row in link.parameters] == [
        ("MM.active_K", 3.0, "nM"),
        ("MM.active_time", 4.0, "h"),
    ]
    assert link.evidence == "Guo2024"
    assert link.where == "core/activity.ant:1"


def test_an_undepleted_ligand_drives_binding_but_is_not_consumed(write_niche) -> None:
    told = explain(load(data=write_niche()), "TNF")
    assert [link.id for link in told.fed_by] == ["tnf_secretion", "tnf_clearance"]
    assert [link.id for link in told.feeds] == ["MM.tnf_binding", "BMSC.tnf_binding"]


def test_an_observable_shows_its_rule_and_a_species_the_rules_it_enters(write_niche) -> None:
    niche = load(data=write_niche())
    (rule,) = explain(niche, "MM.bound_share").fed_by
    assert rule.law == "MM.bound_share := MM.R_TNF/MM.receptor_total"
    assert ("enters", "MM.bound_share") in [
        (link.action, link.id) for link in explain(niche, "MM.R_TNF").feeds
    ]


def test_a_drug_shows_as_a_factor_of_the_law(write_niche) -> None:
    row = ParameterRow("strength", 1, "1/uM", "assumed", source="assumed")
    drug = Attachment(
        "a drug", parameters=(row,), factors=(Factor("activity:MM.active", "1/(1 + strength*DRUG)"),)
    )
    niche = load([drug], data=write_niche())
    (link,) = explain(niche, "MM.active").feeds
    assert link.factors == ("1/(1 + strength*DRUG) on MM.active",)
    assert [link.id for link in explain(niche, "DRUG").feeds] == ["tnf_secretion"]


def test_a_parameter_names_the_laws_it_is_in(write_niche) -> None:
    told = explain(load(data=write_niche()), "MM.k_off")
    assert told.kind == "parameter"
    assert [link.id for link in told.feeds] == ["MM.tnf_release"]


def test_the_text_names_units_and_sources(write_niche) -> None:
    text = str(explain(load(data=write_niche()), "MM.tnf_release"))
    assert "MM.k_off = 0.75 1/h (fitted; Old1998)" in text


def test_an_unknown_name_gives_the_nearest(write_niche) -> None:
    with pytest.raises(UnknownNameError, match=r"'MM\.actve'\. Did you mean 'MM\.active'"):
        explain(load(data=write_niche()), "MM.actve")
