"""Proteasome and unfolded proteins: nothing happens at rest, and bortezomib binds what it should."""

import pytest

from myeloniche.lab.culture import culture, side_by_side
from myeloniche.niche.niche import load

MYELOMA = tuple(cell.id for cell in load().cells.values() if cell.instance == "MM")
DOSES = ("1 nM", "5 nM", "20 nM")


def test_without_a_drug_every_proteasome_works_and_no_cell_is_stressed() -> None:
    at_rest = {"proteasome_free": 1, "NAD": 1, "KLF9": 1, "er_stress": 0}
    dishes = side_by_side({cell: culture(cell).wait("24 h") for cell in MYELOMA})
    result = dishes.amount(*at_rest, in_="MM")
    for cell in MYELOMA:
        found = {name: result.series(cell, f"MM.{name}").at(24) for name in at_rest}
        assert found == pytest.approx(at_rest, abs=5e-3)


def test_bortezomib_prefers_beta5_and_leaves_both_sites_again() -> None:
    dishes = {dose: culture("RPMI8226").add("bortezomib", dose).wait("4 h") for dose in DOSES}
    dishes["washed"] = dishes["20 nM"].wash().wait("24 h")
    result = side_by_side(dishes).amount("PSMB5_BTZ", "PSMB6_BTZ", in_="MM")
    beta5, beta1 = (
        [result.series(arm, f"MM.{site}").values[-1] for arm in dishes] for site in ("PSMB5_BTZ", "PSMB6_BTZ")
    )
    assert beta5[:3] == sorted(beta5[:3])
    assert all(weak < strong for weak, strong in zip(beta1[:3], beta5[:3], strict=True))
    assert max(beta5[3], beta1[3]) < 0.05
