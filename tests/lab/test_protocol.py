"""From steps to periods, changes and times."""

import numpy as np
import pytest

from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError
from myeloniche.lab import Arm, Measure, Step, coculture, culture
from myeloniche.lab.protocol import member_of, plan_arm, read_clock


def plan_of(dish, laboratory):
    return plan_arm(dish.experiment(Measure("viability")).arms[-1], laboratory)


def clock_of(dish, laboratory, **words):
    return read_clock(plan_of(dish, laboratory), Measure("blot", **words))


def changes(plan):
    return [
        (change.target, change.action, change.value) for period in plan.periods for change in period.changes
    ] + [(change.target, change.action, change.value) for change in plan.pending]


NEARLY_ALL = pytest.approx(0.1)  # left after 90 %
STARVED = culture("RPMI8226").starve("1% FBS", "12 h").add("LLZ", "3 uM").wait("3 h").add("TNF", "10 ng/mL")


def test_steps_become_periods_with_their_changes(laboratory):
    plan = plan_of(STARVED, laboratory)
    assert [period.duration for period in plan.periods] == [12.0, 3.0]
    assert changes(plan) == [
        ("serum", "set", 0.1), ("LLZ", "add", 3.0), ("TNF", "add", pytest.approx(10 / 52)),
    ]  # fmt: skip
    assert plan.starts == (0.0, 12.0, 12.0, 15.0)


def test_the_clock_starts_at_the_last_step_that_is_not_wait(laboratory):
    clock = clock_of(STARVED, laboratory, at="0 5 60 min")
    np.testing.assert_allclose(clock.hours, [0, 5 / 60, 1])
    np.testing.assert_allclose(clock.protocol_hours, [15, 15 + 5 / 60, 16])
    waited = clock_of(STARVED.wait("2 h"), laboratory, at="1 h")
    assert waited.protocol_hours.tolist() == [16.0]


@pytest.mark.parametrize(
    ("origin", "start"),
    [("start", 0), ("LLZ", 12), ("add", 12), ("add TNF", 15), ("3", 12), ("starve", 0)],
)
def test_another_step_can_start_the_clock(laboratory, origin, start):
    clock = clock_of(STARVED, laboratory, at="20 h", origin=origin)
    assert clock.protocol_hours.tolist() == [start + 20.0]


def test_without_a_time_the_end_of_the_protocol_is_read(laboratory):
    clock = clock_of(STARVED.wait("24 h"), laboratory)
    assert clock.hours.tolist() == [24.0]
    assert clock.protocol_hours.tolist() == [39.0]


def test_a_window_is_sampled(laboratory):
    clock = clock_of(STARVED, laboratory, at="5-60 min")
    assert clock.hours[[0, -1]].tolist() == [5 / 60, 1.0]
    assert clock.hours.size > 50


def test_a_time_after_a_closed_protocol_is_refused(laboratory):
    with pytest.raises(ExperimentError, match=r"measurement at 4 h after 15 h, expected none .* at 17 h"):
        clock_of(STARVED.wait("2 h"), laboratory, at="4 h")


def test_a_time_at_the_end_survives_rounding(laboratory):
    dish = culture("RPMI8226").wait("0.1 h").wait("0.2 h")
    assert clock_of(dish, laboratory, at="18 min").protocol_hours.tolist() == [0.1 + 0.2]


def test_the_dish_stays_in_the_incubator_for_late_times(laboratory):
    plan = plan_of(STARVED, laboratory)
    member = member_of(plan, [read_clock(plan, Measure("blot", at="0 48 h"))])
    assert [period.duration for period in member.timeline[1:]] == [12.0, 3.0, 48.0]
    assert member.timeline[0].until_rest


def test_an_unknown_start_of_the_clock_is_refused(laboratory):
    with pytest.raises(UnknownNameError, match="unknown step 'add TNT'"):
        clock_of(STARVED, laboratory, at="1 h", origin="add TNT")


def test_a_monoculture_rests_in_its_own_medium(laboratory):
    plan = plan_of(culture("RPMI8226"), laboratory)
    held = {change.target for change in plan.rest}
    assert "hold.MM_sol" in held
    assert "hold.BMSC__MAP3K7" in held
    assert "hold.TNF" not in held
    assert "hold.MM__MAP3K7" not in held


def test_partners_rest_apart_in_fresh_medium(laboratory):
    plan = plan_of(coculture("RPMI8226", "BMSC"), laboratory)
    assert {"hold.TNF", "TNF", "hold.MM_adh", "hold.BMSC_n"} <= {change.target for change in plan.rest}
    assert {"hold.TNF", "hold.MM_adh"} <= {change.target for change in plan.wake if change.value == 1}


def test_cells_that_come_later_wait_at_rest(laboratory):
    plan = plan_of(culture("BMSC").wait("24 h").add_cells("RPMI8226").wait("4 h"), laboratory)
    assert plan.initial["MM_sol"] == 0
    assert ("hold.MM__MAP3K7", 0) in {(change.target, change.value) for change in plan.wake}
    assert "hold.MM__MAP3K7" not in {change.target for change in plan.rest}
    later = plan.periods[1].changes
    assert ("MM_sol", "add") in {(change.target, change.action) for change in later}
    assert ("hold.MM__MAP3K7", 1) in {(change.target, change.value) for change in later}


def test_cells_bring_their_parameters(laboratory):
    plan = plan_of(culture("BMSC").add_cells("U266"), laboratory)
    expected = laboratory.niche.values_of("U266") | laboratory.niche.values_of("BMSC")
    assert plan.parameters == expected


def test_density_scales_all_that_is_seeded(laboratory):
    plan = plan_of(culture("BMSC").add_cells("U266", "4e5 cells/mL"), laboratory)
    added = {change.target: change.value for change in plan.pending if change.action == "add"}
    assert added["MM_sol"] == 400


def test_washing_takes_drugs_and_factors(laboratory):
    plan = plan_of(culture("RPMI8226").add("LLZ", "3 uM").wait("1 h").wash(), laboratory)
    assert {change.target for change in plan.pending} == {
        name.replace(".", "__") for name in laboratory.medium
    }
    assert {"LLZ", "TNF", "DOX"} <= set(laboratory.medium)


@pytest.mark.parametrize(("dish", "expected"), [
    (culture("RPMI8226").knock_down("TAK1", "90%"), ("process.MM__tak1_synthesis", "scale", NEARLY_ALL)),
    (culture("RPMI8226").transfect("TAK1 siRNA"), ("process.MM__tak1_synthesis", "scale", 0.1)),
    (culture("RPMI8226").inhibit("PIM2", "90%"), ("activity.MM__PIM2", "scale", NEARLY_ALL)),
    (culture("U266").inhibit("mek_activation", "90%"), ("process.MM__mek_activation", "scale", NEARLY_ALL)),
    (culture("RPMI8226").clamp("MYC", "0.5"), ("hold.MM__MYC", "set", 0)),
    (culture("RPMI8226").clamp("MYC", "0.5"), ("MM__MYC", "set", 0.5)),
    (culture("RPMI8226").clamp("MYC", "2 x rest"), ("MM__MYC", "scale", 2)),
    (culture("RPMI8226").clamp("TNF", "1 nM"), ("TNF", "set", 1)),
    (culture("RPMI8226").clamp("MYC", "rest"), ("hold.MM__MYC", "set", 0)),
    (culture("RPMI8226").knock_down("p38", "90%"), ("process.MM__p38_activation", "scale", NEARLY_ALL)),
    (culture("RPMI8226").knock_down("p65", "90%"), ("MM__RELA_NFKBIA", "scale", NEARLY_ALL)),
])  # fmt: skip
def test_a_perturbation_moves_its_handle(laboratory, dish, expected):
    assert expected in changes(plan_of(dish, laboratory))


def test_release_undoes_what_was_done(laboratory):
    dish = culture("RPMI8226").inhibit("PIM2", "80%").wait("1 h").release("PIM2")
    done = changes(plan_of(dish, laboratory))
    assert ("activity.MM__PIM2", "scale", pytest.approx(5)) in done
    assert ("hold.MM__PIM2", "set", 1) in done


def test_a_stable_knock_out_is_there_before_the_rest(laboratory):
    plan = plan_of(culture("RPMI8226").knock_out("TAK1"), laboratory)
    assert plan.pending == ()
    targets = {(change.target, change.value) for change in plan.rest}
    assert {("process.MM__tak1_synthesis", 0), ("MM__MAP3K7", 0), ("MM__MAP3K7_p", 0)} <= targets


def test_a_later_knock_out_happens_then(laboratory):
    plan = plan_of(culture("RPMI8226").wait("1 h").knock_out("TAK1"), laboratory)
    assert ("MM__MAP3K7_p", "set", 0) in changes(plan)


BAD = culture("RPMI8226")


@pytest.mark.parametrize(("dish", "message"), [
    (culture("RPMI822"), r"unknown cell 'RPMI822'. Did you mean 'RPMI8226'"),
    (BAD.add("LLZ1641", "3 uM"), r"step 1 \(add\): unknown drug 'LLZ1641'. Did you mean 'LLZ1640-2'"),
    (BAD.add("LLZ", "3"), r"step 1 \(add\): dose of LLZ1640-2: got '3', expected a unit"),
    (BAD.add("LLZ", ""), r"dose of LLZ1640-2: got none"),
    (BAD.add("LLZ", "3 h"), r"dose of LLZ1640-2: got '3 h', expected a concentration"),
    (BAD.add("LLZ", "-3 uM"), r"got '-3 uM', expected a number that is not negative"),
    (BAD.add("LLZ", "nan uM"), r"got 'nan uM', expected a finite number"),
    (BAD.wait("-3 h"), r"step 1 \(wait\): wait: got '-3 h', expected a number that is not negative"),
    (BAD.wait("3"), r"got '3', expected a unit"),
    (BAD.wait(""), r"step 1 \(wait\): wait lacks 'for'"),
    (BAD.starve("1"), r"serum: got '1', expected a unit"),
    (BAD.knock_down("PIM22", "90%"), r"unknown species or process 'PIM22'. Did you mean 'PIM2'"),
    (BAD.knock_down("PIM2", "120%"), r"knock-down: got '120%', expected at most 100%"),
    (BAD.knock_down("PIM2", "90"), r"knock-down: got '90', expected a unit"),
    (BAD.knock_down("mek_activation", "90%"), r"got the process MM.mek_activation in 'knock_down'"),
    (BAD.knock_down("p-TAK1", "90%"), r"is made of others. Use knock_down of MM.MAP3K7\."),
    (BAD.knock_down("p-STAT3", "90%"), r"Use knock_down of MM.STAT3\."),
    (BAD.knock_down("CPLX1", "90%"), r"Use 'inhibit' or 'clamp'"),
    (BAD.clamp("mek_activation", "1"), r"got the process MM.mek_activation in 'clamp'"),
    (BAD.clamp("TNF", "1"), r"clamp of TNF: got '1', expected a unit"),
    (BAD.wait("1 h").clamp("MYC", "2 x rest"), r"clamp at '2 x rest' after 1 h"),
    (BAD.transfect("TNF"), r"got TNF in 'transfect', expected an siRNA"),
    (BAD.transfect("TAK1 siRNA", in_="BMSC"), r"got cells 'BMSC', expected MM"),
    (BAD.add("TAK1 siRNA", "10 nM"), r"Use transfect"),
    (BAD.add_cells("U266"), r"got U266 beside RPMI8226"),
    (BAD.add_cells("BMSC").remove_cells("BMSC").remove_cells("BMSC"), r"expected cells that are in the dish"),
    (BAD.add_cells("BMSC", "2e5"), r"got '2e5', expected a unit"),
    (coculture("RPMI8226", "BMSC").transfect("TAK1 siRNA"), r"got no cell type, expected one of MM, BMSC"),
    (coculture("RPMI8226", "BMSC").knock_down("PIM2", "90%"), r"step 1 \(knock_down\): .*MM.PIM2.*BMSC.PIM2"),
    (BAD.inhibit("PIM2", "100%").release("PIM2"), r"switched off entirely"),
])  # fmt: skip
def test_what_cannot_be_done_is_refused(laboratory, dish, message):
    with pytest.raises(MyelonicheError, match=message) as caught:
        plan_of(dish, laboratory)
    assert caught.value.exit_code == 2


def test_a_made_up_step_is_refused(laboratory):
    with pytest.raises(UnknownNameError, match=r"s: unknown step 'wayt'. Did you mean 'wait'"):
        plan_arm(Arm("a", ("U266",), (Step("wayt", where="s"),)), laboratory)
    with pytest.raises(UnknownNameError, match=r"unknown argument of wait 'fro'. Did you mean 'for'"):
        plan_arm(Arm("a", ("U266",), (Step("wait", {"fro": "3 h"}),)), laboratory)


def test_a_dish_without_cells_is_refused(laboratory):
    with pytest.raises(ExperimentError, match="arm 'a': holds no cells"):
        plan_arm(Arm("a", ()), laboratory)


def test_all_bad_steps_are_reported_at_once(laboratory):
    dish = BAD.add("LLZ", "3").wait("-1 h").knock_down("PIM22", "90%")
    with pytest.raises(MyelonicheError, match=r"3 problems(.|\n)*step 1(.|\n)*step 2(.|\n)*step 3"):
        plan_of(dish, laboratory)


@pytest.mark.parametrize(("at", "message"), [
    ("15", "expected a unit"),
    ("-5 min", "not negative"),
    ("15 uM", "expected a time"),
    ("60-5 min", "ends after it starts"),
])  # fmt: skip
def test_a_bad_time_is_refused(laboratory, at, message):
    with pytest.raises(MyelonicheError, match=message):
        clock_of(BAD, laboratory, at=at)


def test_a_coculture_needs_two_cells():
    with pytest.raises(ExperimentError, match="expected two cells"):
        coculture("BMSC")
