"""Animals: what can be done to them, their sites, and what is seen of them."""

import numpy as np
import pytest

from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError
from myeloniche.lab import Measure, animal, culture, read_experiments, run, side_by_side
from myeloniche.lab.protocol import plan_arm

MOUSE = animal("mouse")
BEARING = MOUSE.inject("5TGM1", into="tibia")


def plan_of(mouse, laboratory):
    return plan_arm(mouse.experiment().arms[0], laboratory)


def test_a_mouse_holds_the_cells_of_its_tibia(laboratory):
    plan = plan_of(MOUSE.wait("1 d"), laboratory)
    assert plan.site == "tibia"
    assert plan.living == {"BMSC", "OCL", "OBL", "BONE"}
    assert plan.initial["MM_sol"] == 0
    assert plan.initial["OC"] > 0


def test_every_site_with_a_tumour_is_looked_at(laboratory):
    plan = plan_of(BEARING.inject("5TGM1", into="subcutis").wait("1 d"), laboratory)
    assert list(plan.sites) == ["tibia", "subcutis"]
    assert plan.sites["subcutis"].living == {"MM"}
    assert plan.sites["subcutis"].initial["OC"] == 0


def test_cells_are_injected_into_their_site_only(laboratory):
    plan = plan_of(BEARING.inject("5TGM1", into="subcutis", number="2e5 cells"), laboratory)
    added = {
        site: {change.target: change.value for change in there.pending if change.target == "MM_sol"}
        for site, there in plan.sites.items()
    }
    assert added["tibia"]["MM_sol"] == 1000
    assert added["subcutis"]["MM_sol"] == pytest.approx(2000)


@pytest.mark.parametrize(("mouse", "error", "message"), [
    (animal("rat"), UnknownNameError, "unknown animal 'rat'"),
    (MOUSE.inject("5TGM1", into="femur"), UnknownNameError, "unknown site 'femur'"),
    (MOUSE.inject("5TGM2", into="tibia"), UnknownNameError, "unknown cell '5TGM2'"),
    (MOUSE.inject("5TGM1", into="tibia", number="1e5"), MyelonicheError, "number of cells"),
    (MOUSE.surgery("ovarectomy"), UnknownNameError, "unknown operation 'ovarectomy'"),
    (MOUSE._then("starve", {"serum": "1% FBS"}), ExperimentError, "got 'starve' in a animal|in an animal"),
    (culture("RPMI8226")._then("inject", {"cells": "5TGM1", "into": "tibia"}), ExperimentError, "in a dish"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused(laboratory, mouse, error, message):
    with pytest.raises(error, match=message):
        plan_of(mouse, laboratory)


@pytest.mark.parametrize(("measure", "message"), [
    (Measure("micro-CT", ("BV/TV",), "subcutis"), "BV/TV in subcutis"),
    (Measure("blot", ("NFATc1",), "BMSC"), "unknown readout"),
    (Measure("micro-CT", ("BV/VT",)), "unknown readout 'BV/VT'. Did you mean 'BV/TV'"),
])  # fmt: skip
def test_what_cannot_be_seen_is_refused(measure, message):
    mouse = BEARING.inject("5TGM1", into="subcutis").wait("1 d")
    with pytest.raises(MyelonicheError, match=message):
        run([mouse.experiment(measure)])


def test_a_dish_has_no_bone():
    with pytest.raises(MyelonicheError, match="got micro-CT of a dish, expected an animal"):
        culture("RPMI8226").wait("1 h").micro_ct("BV/TV")


def test_what_sites_shed_into_the_blood_adds_up():
    both = BEARING.inject("5TGM1", into="subcutis").wait("9 d")
    alone = BEARING.wait("9 d")
    skin = MOUSE.inject("5TGM1", into="subcutis").wait("9 d")
    seen = side_by_side({"both": both, "bone": alone, "skin": skin, "none": MOUSE.wait("9 d")}).serum("IgG2b")
    level = {arm: seen.series(arm, "IgG2b").values[-1] for arm in seen.arms}
    assert level["both"] - level["none"] == pytest.approx(
        level["bone"] + level["skin"] - 2 * level["none"], rel=1e-3
    )


def test_the_same_study_as_a_file(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        """
title: 5TGM1 in bone
arms:
  - {name: healthy, animal: mouse, steps: [wait: 9 d]}
  - {name: tumour, animal: mouse, steps: [inject: {cells: 5TGM1, into: tibia}, wait: 9 d]}
measure:
  - {micro-CT: [BV/TV, Tb.Sp]}
  - {histomorphometry: [N.Oc/BS]}
  - {bioluminescence: [tumour]}
""",
        "utf-8",
    )
    (result,) = run(read_experiments(path))
    assert result.failed == 0
    bone = {arm: result.series(arm, "BV/TV", "tibia").values[-1] for arm in result.arms}
    assert bone["tumour"] < bone["healthy"]
    assert result.series("healthy", "tumour").values[-1] == 0
    written = side_by_side({"tumour": BEARING.wait("9 d")}).micro_ct("BV/TV")
    np.testing.assert_allclose(written.series("tumour", "BV/TV").values[-1], bone["tumour"], rtol=1e-6)


def test_a_file_names_one_dish_or_one_animal(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        "title: both\narms:\n  - {name: a, animal: mouse, culture: RPMI8226}\nmeasure: [{viability: MM}]\n",
        "utf-8",
    )
    with pytest.raises(ExperimentError, match="got no single dish or animal"):
        read_experiments(path)
