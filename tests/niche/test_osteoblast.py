"""The osteoblast lineage: what its receptors need, what its medium brings, and what stays on the dish."""

from __future__ import annotations

import pytest

from myeloniche.lab.culture import Culture, culture, side_by_side
from myeloniche.lab.experiment import Measure

PREOSTEOBLASTS = culture("MC3T3-E1")
BLOCKED = PREOSTEOBLASTS.add("LLZ1640-2", "10 uM").wait("12 h")
BMP = ("BMP-2", "25 ng/mL")


def at_the_end(dish: Culture, *names: str) -> list[float]:
    """Return amounts in the osteoblast lineage at the end of a protocol."""
    result = dish.amount(*names, in_="OBL")
    return [
        float(result.series("dish", name if name.isupper() else f"OBL.{name}").values[-1]) for name in names
    ]


def test_the_lineage_is_silent_without_ligands() -> None:
    found = at_the_end(PREOSTEOBLASTS.wait("24 h"), "TGFBR2_a", "SMAD2_p", "SMAD2_pn", "BMPR_a")
    assert found == pytest.approx([0, 0, 0, 0], abs=1e-9)


def test_bmp_signals_where_tak1_is_blocked_and_tgf_b_does_not() -> None:
    free, blocked = (
        at_the_end(dish.add(*BMP).add("TGF-b", "10 ng/mL").wait("1 h"), "SMAD1_p", "SMAD2_pn")
        for dish in (PREOSTEOBLASTS.wait("12 h"), BLOCKED)
    )
    assert blocked[0] > free[0]
    assert blocked[1] < 0.1 * free[1]


def test_tgf_b_and_activin_act_through_the_same_receptor() -> None:
    alone = [
        at_the_end(PREOSTEOBLASTS.add(name, "10 ng/mL").wait("1 h"), "SMAD2_pn")[0]
        for name in ("TGF-b", "activin A")
    ]
    both = PREOSTEOBLASTS.add("TGF-b", "10 ng/mL").add("activin A", "10 ng/mL").wait("1 h")
    assert max(alone) < at_the_end(both, "SMAD2_pn")[0] < sum(alone)


def test_dkk1_holds_osterix_down_without_tak1() -> None:
    dishes = {
        "BMP-2": PREOSTEOBLASTS.add(*BMP).wait("48 h"),
        "DKK1": PREOSTEOBLASTS.clamp("DKK1", at="3 nM").add(*BMP).wait("48 h"),
    }
    result = side_by_side(dishes).blot("Osterix", "p-TAK1", in_="OBL")
    ratio = {
        name: result.series("DKK1", name).values[-1] / result.series("BMP-2", name).values[-1]
        for name in ("Osterix", "p-TAK1")
    }
    assert ratio["Osterix"] < 0.7
    assert ratio["p-TAK1"] == pytest.approx(1, abs=0.01)


def test_pim2_inhibition_restores_osterix_below_tak1() -> None:
    # a prediction: no finding gives SMI-16a to osteoblasts, but Hiasa et al. 2015 saw it restore them
    dishes = {
        "BMP-2": PREOSTEOBLASTS.add(*BMP).wait("72 h"),
        "TNF": PREOSTEOBLASTS.add(*BMP).add("TNF", "1 ng/mL").wait("72 h"),
        "SMI + TNF": PREOSTEOBLASTS.add(*BMP).add("TNF", "1 ng/mL").add("SMI-16a", "50 uM").wait("72 h"),
    }
    result = side_by_side(dishes).blot("Osterix", "p-TAK1", in_="OBL")
    best, lost, treated = (result.series(arm, "Osterix").values[-1] for arm in dishes)
    assert lost < 0.8 * best < treated
    kinase = [result.series(arm, "p-TAK1").values[-1] for arm in ("SMI + TNF", "TNF")]
    assert kinase[0] == pytest.approx(kinase[1], rel=1e-6)


def test_mineral_stays_on_the_dish_when_the_medium_goes() -> None:
    grown = PREOSTEOBLASTS.add(*BMP).wait("168 h")
    before, after = (at_the_end(dish, "MINERAL", "BMP2") for dish in (grown, grown.wash().wait("1 min")))
    assert before[0] > 0.05
    assert after[0] == pytest.approx(before[0], rel=1e-3)
    assert (before[1] > 0, after[1]) == (True, 0)


@pytest.mark.parametrize(("cell", "instance", "low", "high"), [
    ("RPMI8226", "MM", 0.1, 0.3),
    ("MC3T3-E1", "OBL", 0.7, 0.9),
])  # fmt: skip
def test_the_same_dose_blocks_less_tak1_in_myeloma_cells(cell, instance, low, high) -> None:
    dish = culture(cell).add("LLZ1640-2", "0.3 uM").wait("6 h")
    result = dish.measure(
        Measure("amount", ("MAP3K7_blocked",), instance), Measure("blot", ("TAK1",), instance)
    )
    blocked, total = (
        result.series("dish", name).values[-1] for name in (f"{instance}.MAP3K7_blocked", "TAK1")
    )
    assert low < blocked / total < high
