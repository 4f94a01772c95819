"""A patient: what clinics read of bone and myeloma, how both change with time, and what drugs do to them."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.lab import Animal, Measure, animal, run

PATIENT = animal("patient")
MYELOMA = PATIENT.inject("primary MM", into="marrow")
S_PHASE_D = 18.8 / 24
DAYS_PER_MONTH = 30.4


def read(laboratory, host: Animal, instrument: str, names: tuple[str, ...], days: str, cell: str = ""):
    """Return readouts of one host at days from the start, by name."""
    measure = Measure(instrument, names, cell, f"{days} d", "start")
    (result,) = run([host.experiment(measure)], laboratory=laboratory)
    assert result.failed == 0
    (arm,) = result.arms
    return {name: np.ravel(result.series(arm, name).values) for name in names}


@pytest.mark.parametrize(("instrument", "name", "low", "high"), [
    ("serum", "CTX", 0.1, 0.6),
    ("serum", "P1NP", 20, 75),
    ("micro-CT", "BV/TV", 18, 25),
    ("micro-CT", "Tb.Th", 110, 150),
    ("histomorphometry", "turnover", 20, 30),
    ("histomorphometry", "BFR/BS", 0.03, 0.05),
    ("histomorphometry", "OS/BS", 5, 15),
    ("histomorphometry", "N.Oc/BS", 0.1, 0.5),
    ("histomorphometry", "N.Ob/BS", 2, 5),
])  # fmt: skip
def test_a_healthy_adult_reads_as_adults_do(laboratory, instrument, name, low, high) -> None:
    assert low < read(laboratory, PATIENT.wait("1 d"), instrument, (name,), "1")[name][0] < high


def test_cancellous_bone_turns_over_many_times_more_slowly_than_in_the_mouse(laboratory) -> None:
    patient, mouse = (
        read(laboratory, animal(host).wait("1 d"), "histomorphometry", ("turnover",), "1")["turnover"][0]
        for host in ("patient", "mouse")
    )
    assert 5 < mouse / patient < 40


def test_menopause_raises_resorption_at_once_and_formation_later(laboratory) -> None:
    found = read(laboratory, PATIENT.surgery("menopause"), "serum", ("CTX", "P1NP"), "0 90 365")
    ctx, p1np = (found[name] / found[name][0] for name in ("CTX", "P1NP"))
    assert 1.3 < ctx[1] < 2.2
    assert 1 < p1np[1] < p1np[2] < ctx[2]


def test_zoledronate_lowers_resorption_for_a_year_and_formation_later_and_less(laboratory) -> None:
    treated = PATIENT.dose("zoledronate", "4 mg iv over 15 min")
    found = read(laboratory, treated, "serum", ("CTX", "P1NP"), "0 30 365")
    ctx, p1np = (found[name] / found[name][0] for name in ("CTX", "P1NP"))
    assert ctx[1] < 0.3
    assert ctx[2] < 0.3
    assert p1np[1] > 0.8
    assert 0.5 < p1np[2] < 0.8


@pytest.mark.parametrize("milligrams", [60, 120])
def test_denosumab_takes_four_fifths_of_resorption_within_five_days(laboratory, milligrams) -> None:
    treated = PATIENT.dose("denosumab", f"{milligrams} mg sc")
    found = read(laboratory, treated, "serum", ("CTX",), "0 5")["CTX"]
    assert found[1] < 0.2 * found[0]


def test_resorption_comes_back_when_denosumab_is_gone(laboratory) -> None:
    found = read(laboratory, PATIENT.dose("denosumab", "60 mg sc"), "serum", ("CTX",), "0 30 365")["CTX"]
    assert found[1] < 0.1 * found[0]
    assert found[2] > 0.9 * found[0]


def test_myeloma_cells_of_a_patient_divide_rarely_and_most_of_them_are_lost(laboratory) -> None:
    labelled = read(laboratory, MYELOMA, "histomorphometry", ("labelling index",), "30 180 365")
    assert np.all((labelled["labelling index"] > 1) & (labelled["labelling index"] < 3))
    potential_days = np.log(2) * S_PHASE_D / (labelled["labelling index"] / 100)
    assert np.all((potential_days > 15) & (potential_days < 75))
    tumour = read(laboratory, MYELOMA, "bioluminescence", ("tumour",), "30 180")["tumour"]
    net_days = 150 * np.log(2) / np.log(tumour[1] / tumour[0])
    assert net_days > 2 * potential_days[0]


def test_the_m_protein_doubles_within_months(laboratory) -> None:
    found = read(laboratory, MYELOMA, "serum", ("M-protein",), "0 120 210")["M-protein"]
    months = 90 / DAYS_PER_MONTH * np.log(2) / np.log(found[2] / found[1])
    assert found[0] == 0
    assert 5 < found[1] < 40
    assert 2 < months < 6


def test_the_m_protein_follows_the_half_life_of_human_igg(laboratory) -> None:
    cured = MYELOMA.wait("180 d").inhibit("igg_secretion", by="100%")
    found = read(laboratory, cured, "serum", ("M-protein",), "180 201")["M-protein"]
    assert found[1] == pytest.approx(0.5 * found[0], rel=0.02)


def test_myeloma_raises_resorption_and_lowers_formation_and_bone(laboratory) -> None:
    found = read(laboratory, MYELOMA, "serum", ("CTX", "P1NP"), "0 180")
    bone = read(laboratory, MYELOMA, "micro-CT", ("BV/TV",), "0 180")["BV/TV"]
    assert 1.5 < found["CTX"][1] / found["CTX"][0] < 3
    assert found["P1NP"][1] < 0.8 * found["P1NP"][0]
    assert bone[1] < 0.95 * bone[0]


def test_bortezomib_and_dexamethasone_reach_the_cells_and_lower_the_m_protein(laboratory) -> None:
    bortezomib = MYELOMA.wait("180 d").dose("bortezomib", "1.3 mg/m2 sc d1,4,8,11 q21d x8")
    both = bortezomib.dose("dexamethasone", "20 mg oral d1,2,4,5,8,9,11,12 q21d x8").wait("180 d")
    one, two = (
        read(laboratory, host, "serum", ("M-protein",), "180 348")["M-protein"]
        for host in (bortezomib.wait("180 d"), both)
    )
    untreated = read(laboratory, MYELOMA, "serum", ("M-protein",), "180 348")["M-protein"]
    assert two[1] < 0.6 * two[0]
    assert two[1] < 0.8 * one[1]
    assert one[1] < 0.8 * untreated[1]
    inside = read(laboratory, both, "amount", ("MM.PSMB5", "MM.NR3C1_a"), "180 180.1", "MM")
    assert inside["MM.PSMB5"][1] < 0.7 * inside["MM.PSMB5"][0]
    assert inside["MM.NR3C1_a"][1] > 0.3
