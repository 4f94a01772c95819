"""Osteoclasts need RANKL, more of it makes more of them, OPG takes it away, and TNF only helps."""

import numpy as np
import pytest

from myeloniche.lab.culture import Culture, culture, side_by_side

RAW = culture("RAW264.7")
DAYS = "96 h"


def osteoclasts(dishes: dict[str, Culture]) -> dict[str, float]:
    """Return the osteoclasts of each dish after four days [kcell/mL]."""
    result = side_by_side({name: dish.wait(DAYS) for name, dish in dishes.items()}).trap()
    return {name: float(result.series(name, "TRAP").values[-1]) for name in dishes}


def test_more_rankl_makes_more_osteoclasts() -> None:
    doses = ("1 ng/mL", "5 ng/mL", "25 ng/mL", "100 ng/mL")
    counts = osteoclasts({"none": RAW, **{dose: RAW.add("RANKL", dose) for dose in doses}})
    assert list(counts.values()) == sorted(counts.values())
    assert counts["25 ng/mL"] > 100 * counts["none"]


def test_tnf_helps_rankl_and_makes_hardly_any_osteoclasts_alone() -> None:
    rankl = RAW.add("RANKL", "5 ng/mL")
    counts = osteoclasts(
        {"RANKL": rankl, "TNF": RAW.add("TNF", "10 ng/mL"), "both": rankl.add("TNF", "10 ng/mL")}
    )
    assert counts["TNF"] < 0.1 * counts["RANKL"]
    assert counts["both"] > 2 * counts["RANKL"]


def test_opg_takes_rankl_away() -> None:
    rankl = RAW.add("RANKL", "25 ng/mL")
    counts = osteoclasts({"RANKL": rankl, "with OPG": rankl.clamp("TNFRSF11B", at="10 nM")})
    assert counts["with OPG"] < 0.3 * counts["RANKL"]


def test_cells_that_fuse_are_not_made_of_nothing() -> None:
    dish = RAW.add("RANKL", "25 ng/mL").wait(DAYS)
    result = dish.amount("OCP", "OCM", "OC", in_="OCL", at="0 24 48 72 96 h", from_="start")
    ocp, ocm, oc = (result.series("dish", name).values.ravel() for name in ("OCP", "OCM", "OC"))
    nuclei = ocp + ocm + 5 * oc
    assert np.all(np.diff(nuclei) < 0)
    assert nuclei[-1] > 0.5 * nuclei[0]
    assert ocp[0] == pytest.approx(100)
