"""Regimens in a protocol: when doses come, what the cells see, and what is refused."""

import math
from pathlib import Path

import numpy as np
import pytest

from myeloniche.engine.timeline import Change, Period
from myeloniche.errors import ExperimentError, MyelonicheError, UnitError, UnknownNameError
from myeloniche.lab import Arm, Measure, Step
from myeloniche.lab.dosing import with_doses
from myeloniche.lab.experiment import Experiment
from myeloniche.lab.protocol import member_of, plan_arm
from myeloniche.lab.reader import read_experiments
from myeloniche.lab.run import run
from myeloniche.pharmacology import Body, read_regimen

NMOL_OF_2_34_MG = 1e6 * 2.34 / 384.24


def arm(*steps: tuple[str, dict[str, str]], host: str = "patient") -> Arm:
    listed = tuple(Step(word, arguments, f"file.yaml:{line}") for line, (word, arguments) in enumerate(steps))
    return Arm("arm", (), listed, animal=host)


def dose(drug: str, regimen: str) -> tuple[str, dict[str, str]]:
    return "dose", {"drug": drug, "regimen": regimen}


def wait(time: str) -> tuple[str, dict[str, str]]:
    return "wait", {"for": time}


def given(laboratory, *steps: tuple[str, dict[str, str]]) -> list[tuple[float, str, float]]:
    """Return time [h], target and amount of everything that is added to a body."""
    member = member_of(plan_arm(arm(*steps), laboratory), [])
    found, clock = [], 0.0
    for period in member.timeline:
        if period.until_rest:
            continue
        found += [(clock, c.target, c.value) for c in period.changes if c.action == "add"]
        clock += period.duration
    return found


def course(laboratory, steps, readouts: tuple[str, ...], at: str):
    experiment = Experiment("a body", (arm(*steps),), (Measure("amount", readouts, "marrow", at, "start"),))
    (result,) = run([experiment], laboratory=laboratory)
    assert result.failed == 0
    return [result.series("arm", name).values for name in readouts]


def test_doses_cut_the_time_that_passes(laboratory):
    doses = given(laboratory, dose("bortezomib", "1.3 mg/m2 iv d1,4,8,11 q21d"), wait("25 d"))
    assert [time / 24 for time, *_ in doses] == [0, 3, 7, 10, 21, 24]
    assert {target for _, target, _ in doses} == {"BTZ_central"}
    assert [amount for *_, amount in doses] == pytest.approx([NMOL_OF_2_34_MG] * 6)


def test_days_count_from_the_start_of_the_protocol(laboratory):
    doses = given(
        laboratory, wait("2 d"), dose("bortezomib", "1 mg sc q2d from day 6 to day 11"), wait("20 d")
    )
    assert [(time / 24, target) for time, target, _ in doses] == [
        (6, "BTZ_sc"),
        (8, "BTZ_sc"),
        (10, "BTZ_sc"),
    ]


def test_without_a_day_a_regimen_begins_at_its_step(laboratory):
    doses = given(laboratory, wait("5 d"), dose("bortezomib", "1 mg iv q7d x2"), wait("20 d"))
    assert [time / 24 for time, *_ in doses] == [5, 12]


def test_an_infusion_begins_and_ends(laboratory):
    doses = given(laboratory, dose("zoledronate", "4 mg iv over 15 min q28d"), wait("29 d"))
    rate = 1e6 * 4 / 272.09 / 0.25
    assert doses == [
        (0.0, "ZOL_drip", pytest.approx(rate)), (0.25, "ZOL_drip", pytest.approx(-rate)),
        (672.0, "ZOL_drip", pytest.approx(rate)), (pytest.approx(672.25), "ZOL_drip", pytest.approx(-rate)),
    ]  # fmt: skip


def test_two_drugs_and_the_steps_between_them_keep_their_order(laboratory):
    doses = given(
        laboratory,
        dose("dexamethasone", "40 mg oral d1-4 q28d"),
        dose("bortezomib", "1 mg iv q2d x2"),
        wait("3 d"),
    )
    assert [(time / 24, target) for time, target, _ in doses] == [
        (0, "DEX_oral"), (0, "BTZ_central"), (1, "DEX_oral"), (2, "DEX_oral"), (2, "BTZ_central"),
    ]  # fmt: skip


def test_doses_go_on_while_somebody_looks(laboratory):
    steps = [dose("lenalidomide", "25 mg oral q1d")]
    (plasma,) = course(laboratory, steps, ("LEN_plasma",), "1 25 49 h")
    assert plasma[0] > 500  # nM
    np.testing.assert_allclose(plasma[1:], plasma[0], rtol=0.02)


def test_what_cells_see_follows_unbound_drug_in_plasma(laboratory):
    steps = [dose("lenalidomide", "25 mg oral"), wait("12 h")]
    plasma, niche = course(laboratory, steps, ("LEN_plasma", "LEN"), "2 4 6 8 h")
    np.testing.assert_allclose(niche[1:], 0.75 * plasma[1:], rtol=0.25)


def test_a_dish_sees_no_pharmacokinetics(laboratory):
    assert laboratory.niche.parameters["perfusion"].value == 0
    for name in laboratory.medium:
        assert not name.endswith(("_central", "_drip", "_bound"))


def test_periods_are_cut_and_nothing_is_lost():
    mark = Change("x", "set", 1.0)
    periods = [Period(10.0, (mark,)), Period(5.0), Period(0.0, (mark,))]
    cut = with_doses(periods, [])
    assert cut == periods
    assert math.fsum(period.duration for period in cut) == 15.0


@pytest.mark.parametrize(
    ("steps", "error", "message"),
    [
        (
            [dose("bortezomib", "1.3 mg/m2 im q7d")],
            ExperimentError,
            r"file\.yaml:0: regimen: got 'im', expected",
        ),
        ([dose("bortezomib", "3 uM iv")], UnitError, r"file\.yaml:0: regimen: dose: got '3 uM'"),
        (
            [dose("bortezomib", "1.3 mg/m2 ip q7d")],
            ExperimentError,
            "got bortezomib ip for patient, expected iv or sc",
        ),
        (
            [dose("LLZ", "20 mg/kg iv q2d")],
            ExperimentError,
            "got LLZ1640-2 for patient, expected .* in: mouse",
        ),
        ([dose("TNF", "1 mg iv")], ExperimentError, "expected a drug with pharmacokinetics"),
        ([dose("bortezomibe", "1 mg iv")], UnknownNameError, "Did you mean 'bortezomib'"),
        (
            [wait("10 d"), dose("bortezomib", "1 mg iv q2d from day 6")],
            ExperimentError,
            r"file\.yaml:1: got a first dose on day 6, expected none before day 10.*in the past",
        ),
        (
            [wait("10 d"), dose("bortezomib", "1 mg iv q2d to day 6")],
            ExperimentError,
            "got a regimen without any dose from day 10 on",
        ),
        (
            [dose("bortezomib", "1 mg iv q7d x4"), dose("BTZ", "2 mg iv q7d from day 20")],
            ExperimentError,
            "second regimen of bortezomib from day 20, expected none .* over on day 28: they would overlap",
        ),
        (
            [dose("bortezomib", "1 mg iv q7d"), dose("bortezomib", "2 mg iv q7d from day 90")],
            ExperimentError,
            "which has no end: they would overlap.*Join courses by 'then'",
        ),
        ([dose("bortezomib", "1 mg iv q7d x4 then 2 mg iv on day 20")], ExperimentError, "before day 28"),
        ([("dose", {"drug": "bortezomib"})], ExperimentError, "dose lacks 'regimen'"),
    ],
)
def test_what_cannot_be_given_is_refused(laboratory, steps, error, message):
    with pytest.raises(error, match=message):
        plan_arm(arm(*steps), laboratory)


def test_a_dose_belongs_to_an_animal(laboratory):
    with pytest.raises(MyelonicheError, match="got 'dose' in a dish"):
        plan_arm(
            Arm("dish", ("RPMI8226",), (Step("dose", {"drug": "x", "regimen": "1 mg iv"}, "here"),)),
            laboratory,
        )


def test_another_body_gets_another_dose(laboratory):
    doses = given(
        laboratory, ("body", {"surface": "2.4 m2"}), dose("bortezomib", "1.3 mg/m2 iv q7d x2"), wait("9 d")
    )
    assert [amount for *_, amount in doses] == pytest.approx([NMOL_OF_2_34_MG * 2.4 / 1.8] * 2)


def test_another_body_comes_before_the_doses(laboratory):
    steps = [dose("bortezomib", "1.3 mg/m2 iv"), ("body", {"weight": "82 kg"})]
    with pytest.raises(ExperimentError, match="got another body behind a dose"):
        plan_arm(arm(*steps), laboratory)


@pytest.mark.parametrize(
    "regimen", ["1.3 mg/m2 iv d1,4,8,11 q21d x3", "4 mg iv over 2 h q12h x5", "2 mg sc q36h x4"]
)
def test_all_of_a_regimen_reaches_the_body(laboratory, regimen):
    drug = "bortezomib"
    period_changes = given(laboratory, dose(drug, regimen), wait("90 d"))
    at_once = sum(amount for _, target, amount in period_changes if not target.endswith("drip"))
    rates = [(time, amount) for time, target, amount in period_changes if target.endswith("drip")]
    infused = -sum(time * amount for time, amount in rates)
    doses = list(read_regimen(regimen).doses())
    total = sum(one.amount.mass_g(Body("patient", "human", 70.0, 1.8)) for one in doses) / 384.24 * 1e9
    assert at_once + infused == pytest.approx(total)


def test_a_second_regimen_may_follow_the_first(laboratory):
    doses = given(
        laboratory,
        dose("bortezomib", "1 mg iv q7d x2"),
        dose("bortezomib", "2 mg iv on day 14"),
        wait("20 d"),
    )
    assert [time / 24 for time, *_ in doses] == [0, 7, 14]


def test_the_experiment_of_the_guide_runs(tmp_path):
    guide = (Path(__file__).parents[2] / "docs" / "regimens.md").read_text("utf-8")
    path = tmp_path / "experiment.yaml"
    path.write_text(guide.split("```yaml\n")[1].split("```")[0], "utf-8")

    (result,) = run(read_experiments(path))

    first = {arm: result.series(arm, "bortezomib").values[0] for arm in ("under the skin", "into a vein")}
    assert first["into a vein"] > 4 * first["under the skin"] > 0


def test_blood_shows_a_drug_in_the_unit_of_the_kit(laboratory):
    measure = Measure("serum", ("bortezomib", "BTZ_plasma"), "", "1 h", "start")
    experiment = Experiment("a body", (arm(dose("bortezomib", "1 mg iv")),), (measure,))
    (result,) = run([experiment], laboratory=laboratory)
    level = result.series("arm", "bortezomib")
    assert level.unit == "ng/mL"
    assert level.values[0] == pytest.approx(0.38424 * result.series("arm", "BTZ_plasma").values[0])
