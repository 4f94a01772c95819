"""Experiments on the real niche: one engine call, results, failures, perturbations."""

import sys

import numpy as np
import pytest

from myeloniche.engine.reference import simulate_reference
from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError
from myeloniche.lab import (
    Arm,
    Experiment,
    Measure,
    Replicates,
    Step,
    check,
    coculture,
    culture,
    run,
    side_by_side,
)
from myeloniche.lab.preparation import prepare
from myeloniche.lab.protocol import member_of

STARVED = culture("RPMI8226").starve("1% FBS", "12 h").wait("3 h")
LLZ = culture("RPMI8226").starve("1% FBS", "12 h").add("LLZ", "3 uM").wait("3 h")
TNF = {"TNF": STARVED.add("TNF", "10 ng/mL"), "LLZ + TNF": LLZ.add("TNF", "10 ng/mL")}


def run_one(dish, laboratory, *measures):
    return run([dish.experiment(*measures)], laboratory=laboratory)[0]


def test_tnf_signals_and_llz_stops_it(laboratory):
    result = run_one(side_by_side(TNF), laboratory, Measure("blot", ("p-TAK1", "IkBa"), at="0 15 60 min"))
    free, blocked = result.series("TNF", "IkBa"), result.series("LLZ + TNF", "IkBa")
    assert free.times_h.tolist() == [0, 0.25, 1]
    assert free.values[1] < 0.5 * free.values[0]
    assert blocked.values[1] > 0.9 * blocked.values[0]
    assert result.status_counts == {"ok": 2}


def test_the_compiled_run_agrees_with_the_slow_twin(laboratory):
    experiment = TNF["LLZ + TNF"].experiment(Measure("blot", ("p-TAK1", "IkBa", "p-p38"), at="0 15 60 min"))
    result = run([experiment], laboratory=laboratory)[0]
    entry = prepare(experiment, laboratory)
    (plan,) = entry.plans.values()
    member = member_of(plan, [reading.clocks[plan.arm.name] for reading in entry.readings])
    outputs = sorted({output for reading in entry.readings for output in reading.outputs})
    (slow,) = simulate_reference(laboratory.niche.model, [member], outputs, rtol=1e-6)
    for reading in entry.readings:
        expected = reading.readout.evaluate(slow)
        fast = result.series("dish", reading.readout.name).values
        np.testing.assert_allclose(fast, expected, rtol=1e-4)


def test_rest_is_a_fixed_point(laboratory):
    names = ("TAK1", "p-TAK1", "IkBa", "MYC", "PIM2", "MCL1")
    result = run_one(culture("RPMI8226"), laboratory, Measure("blot", names, at="0 1 12 h"))
    for name in names:
        series = result.series("dish", name)
        np.testing.assert_allclose(series.values, series.values[0], rtol=5e-3)


def test_all_experiments_share_one_call(laboratory, monkeypatch):
    module = sys.modules["myeloniche.lab.run"]
    calls = []
    simulate = module.simulate

    def counted(model, members, **options):
        calls.append(len(members))
        return simulate(model, members, **options)

    monkeypatch.setattr(module, "simulate", counted)
    dishes = (*TNF.values(), culture("U266").wait("1 h"))
    run([dish.experiment(Measure("viability")) for dish in dishes], laboratory=laboratory)
    assert calls == [3]


def test_results_do_not_depend_on_workers_or_company(laboratory):
    experiment = side_by_side(TNF).repeated(2).experiment(Measure("blot", ("p-TAK1",), at="15 min"))
    alone = run([experiment], laboratory=laboratory, workers=1)[0].series("TNF", "p-TAK1")
    other = culture("U266").experiment(Measure("viability"))
    both = run([other, experiment], laboratory=laboratory, workers=2)[1].series("TNF", "p-TAK1")
    np.testing.assert_array_equal(alone.replicates, both.replicates)


def test_repeats_differ_and_are_averaged(laboratory):
    series = run_one(
        side_by_side(TNF).repeated(3, spread="20%"), laboratory, Measure("blot", ("TAK1",), at="15 min")
    ).series("TNF", "TAK1")
    assert len(set(series.replicates[:, 0])) == 3
    assert series.values[0] == series.replicates.mean()
    assert series.sd[0] > 0


def test_the_papers_test_is_run(laboratory):
    dishes = side_by_side(TNF).repeated(3, test="t-test")
    result = run_one(dishes, laboratory, Measure("blot", ("p-TAK1",), at="15 min"))
    outcome = result.significance("p-TAK1")
    assert outcome.test == "t-test"
    assert outcome.p_value < 0.05


def test_parameter_sets_run_everything_for_each(laboratory):
    name = "MM.tak1_by_complex"
    value = laboratory.niche.parameters[name].value
    experiment = TNF["TNF"].experiment(Measure("blot", ("p-TAK1",), at="15 min"))
    results = run([experiment], laboratory=laboratory, parameter_sets=[{name: value}, {name: value / 4}])
    assert [result.parameter_set for result in results] == [0, 1]
    first, second = (result.series("dish", "p-TAK1").values[0] for result in results)
    assert second < 0.7 * first
    nominal = run([experiment], laboratory=laboratory)[0]
    assert nominal.series("dish", "p-TAK1").values[0] == pytest.approx(first, rel=1e-6)


def test_a_failed_member_is_counted_and_not_averaged(laboratory):
    name = "MM.tak1_tonic"
    experiment = culture("RPMI8226").experiment(Measure("blot", ("p-TAK1",), at="0 1 h"))
    result = run([experiment], laboratory=laboratory, parameter_sets=[{name: float("nan")}])[0]
    assert result.failed == 1
    assert "ok" not in result.status_counts
    assert np.isnan(result.series("dish", "p-TAK1").values).all()
    assert "1 of 1 members failed" in result.table()


def test_knock_down_inhibition_and_clamp_do_what_they_say(laboratory):
    dishes = {
        "control": culture("RPMI8226").wait("24 h"),
        "knock_down": culture("RPMI8226").knock_down("PIM2", "90%").wait("24 h"),
        "inhibit": culture("RPMI8226").inhibit("PIM2", "90%").wait("24 h"),
        "clamp": culture("RPMI8226").clamp("PIM2", "2 x rest").wait("24 h"),
        "knock_out": culture("RPMI8226").knock_out("PIM2").wait("24 h"),
        "overexpress": culture("RPMI8226").overexpress("PIM2", 3).wait("24 h"),
        "released": culture("RPMI8226").clamp("PIM2", "2 x rest").wait("1 h").release("PIM2").wait("48 h"),
    }
    result = run_one(side_by_side(dishes), laboratory, Measure("blot", ("PIM2", "p-4E-BP1")))
    pim2 = {arm: result.series(arm, "PIM2").values[0] for arm in dishes}
    target = {arm: result.series(arm, "p-4E-BP1").values[0] for arm in dishes}
    assert pim2["knock_down"] == pytest.approx(0.1 * pim2["control"], rel=0.05)
    assert pim2["inhibit"] == pytest.approx(pim2["control"], rel=0.05)
    assert target["inhibit"] < 0.9 * target["control"]
    assert pim2["clamp"] == pytest.approx(2 * pim2["control"], rel=0.02)
    assert pim2["knock_out"] == 0
    assert pim2["overexpress"] > 2.5 * pim2["control"]
    assert pim2["released"] == pytest.approx(pim2["control"], rel=0.05)


def test_sirna_lowers_tak1_and_scrambled_does_not(laboratory):
    dishes = {
        name: culture("RPMI8226").transfect(name).wait("48 h") for name in ("scrambled siRNA", "TAK1 siRNA")
    } | {"control": culture("RPMI8226").wait("48 h")}
    result = run_one(side_by_side(dishes), laboratory, Measure("blot", ("TAK1",)))
    level = {arm: result.series(arm, "TAK1").values[0] for arm in dishes}
    assert level["scrambled siRNA"] == level["control"]
    assert level["TAK1 siRNA"] < 0.6 * level["control"]


def test_washing_ends_a_drug(laboratory):
    dish = culture("RPMI8226").add("LLZ", "3 uM").wait("3 h").wash().wait("1 h")
    series = run_one(dish, laboratory, Measure("amount", ("LLZ",), at="0 1 h")).series("dish", "LLZ")
    assert series.values[0] > 1
    assert series.values[1] == 0


def test_cells_that_come_later_arrive_rested(laboratory):
    late = culture("BMSC").wait("48 h").wash().add_cells("RPMI8226").wait("1 h")
    early = coculture("RPMI8226", "BMSC").wait("1 h")
    measures = (Measure("viability", cell="MM"), Measure("blot", ("MYC",), cell="MM"))
    result = run_one(side_by_side({"late": late, "early": early}), laboratory, *measures)
    for name in ("MYC", "viability"):
        first, second = (result.series(arm, name).values[0] for arm in ("late", "early"))
        assert first == pytest.approx(second, rel=0.02)


def test_removed_cells_no_longer_signal(laboratory):
    both = coculture("RPMI8226", "BMSC").wait("24 h")
    dishes = {"kept": both.wait("24 h"), "removed": both.remove_cells("MM").wash().wait("24 h")}
    result = run_one(side_by_side(dishes), laboratory, Measure("qPCR", ("IL6 mRNA",), cell="BMSC"))
    assert result.series("removed", "IL6 mRNA").values[0] < 0.7 * result.series("kept", "IL6 mRNA").values[0]


def test_conditioned_medium_carries_factors_over(laboratory):
    donor = culture("RPMI8226").wait("48 h")
    dishes = {
        "fresh": culture("BMSC").wash(),
        "conditioned": culture("BMSC").conditioned_medium(donor, "50%"),
    }
    soon = Measure("amount", ("VEGFA",), cell="BMSC", at="0.01 h")
    result = run_one(side_by_side(dishes), laboratory, soon)
    end = run_one(donor, laboratory, Measure("secreted", ("VEGF",)))
    given = end.series("dish", "VEGF secreted").values[0]
    assert result.series("conditioned", "VEGFA").values[0] == pytest.approx(given / 2, rel=0.05)
    assert result.series("fresh", "VEGFA").values[0] < 0.05 * given
    assert set(result.statuses) == {"fresh", "conditioned", "donor 1 of conditioned"}


def test_arms_that_wait_for_each_other_are_refused(laboratory):
    def arm(name, giver):
        return Arm(name, ("BMSC",), (Step("conditioned_medium", {"from": giver, "fraction": "50%"}),))

    experiment = Experiment("loop", (arm("a", "b"), arm("b", "a")), (Measure("viability"),))
    with pytest.raises(ExperimentError, match="give each other medium"):
        check([experiment], laboratory=laboratory)


def test_a_coculture_needs_to_be_told_which_cells(laboratory):
    with pytest.raises(ExperimentError, match=r"got blot without a cell type, expected MM or BMSC"):
        run_one(coculture("RPMI8226", "BMSC"), laboratory, Measure("blot", ("PIM2",)))


def test_what_is_read_in_the_medium_needs_no_cell(laboratory):
    dish = coculture("RPMI8226", "BMSC").wait("1 h")
    result = run_one(dish, laboratory, Measure("secreted", ("IL-6",), "medium"))
    assert result.series("dish", "IL-6 secreted", "medium").instance == ""


def test_one_readout_in_both_cells_is_kept_apart(laboratory):
    result = run_one(
        coculture("RPMI8226", "BMSC").wait("1 h"),
        laboratory,
        Measure("blot", ("PIM2",), "MM"),
        Measure("blot", ("PIM2",), "BMSC"),
    )
    assert result.series("dish", "PIM2", "MM").values[0] != result.series("dish", "PIM2", "BMSC").values[0]
    assert result.series("dish", "PIM2 in BMSC").instance == "BMSC"
    with pytest.raises(UnknownNameError, match=r"Did you mean 'PIM2 in MM'"):
        result.series("dish", "PIM2")


@pytest.mark.parametrize(("measure", "message"), [
    (Measure("blot", ("p-TAK2",), "MM"), "unknown readout 'p-TAK2'. Did you mean 'p-TAK1'"),
    (Measure("blot", (), "MM"), "got blot of nothing"),
    (Measure("blott", ("PIM2",), "MM"), "unknown instrument 'blott'"),
    (Measure("blot", ("PIM2",), "BMSC"), "which never holds these"),
    (Measure("blot", ("PIM2",), "MMM"), "unknown cell 'MMM'"),
    (Measure("blot", ("PIM2",), "MM", arms=("dishes",)), "unknown arm 'dishes'. Did you mean 'dish'"),
    (Measure("blot", ("PIM2",), "MM", at="2 h"), "expected none after the protocol's end at 1 h"),
])  # fmt: skip
def test_a_measurement_that_cannot_be_taken_is_refused(laboratory, measure, message):
    with pytest.raises(MyelonicheError, match=message) as caught:
        run_one(culture("RPMI8226").wait("1 h"), laboratory, measure)
    assert caught.value.exit_code == 2


def test_the_same_readout_twice_is_refused(laboratory):
    with pytest.raises(ExperimentError, match="in two measurements"):
        run_one(culture("RPMI8226"), laboratory, Measure("blot", ("PIM2",)), Measure("blot", ("PIM2",)))


def test_nothing_measured_is_refused(laboratory):
    with pytest.raises(ExperimentError, match="measures nothing"):
        check([Experiment("t", (Arm("a", ("RPMI8226",)),), ())], laboratory=laboratory)


def test_problems_of_all_experiments_come_at_once(laboratory):
    bad = [culture("RPMI8226").add("LLZ", "3"), culture("RPMI822").wait("1 h")]
    with pytest.raises(MyelonicheError, match=r"2 problems(.|\n)*got '3'(.|\n)*RPMI822"):
        check([dish.experiment(Measure("viability", cell="MM")) for dish in bad], laboratory=laboratory)


def test_a_users_drug_file_works_by_its_path(tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text(
        "name: new\nkind: inhibitor\ndescription: d\ndose: {species: NEW, unit: uM}\n"
        "species: [{id: NEW, unit: uM, meaning: m, source: assumed}]\n"
        "parameters:\n"
        "  - {id: NEW_IC50, value: 1, unit: uM, kind: assumed, source: assumed}\n"
        '  - {id: NEW_hill, value: 1, unit: "1", kind: assumed, source: assumed}\n'
        "inhibits: [{activity: PIM2, in: [MM], ic50: NEW_IC50, hill: NEW_hill}]\n"
    )
    base = culture("RPMI8226")
    dishes = {"none": base.wait("6 h"), "new": base.add(str(path), "9 uM").wait("6 h")}
    result = side_by_side(dishes).blot("p-4E-BP1")
    assert result.series("new", "p-4E-BP1").values[0] < 0.9 * result.series("none", "p-4E-BP1").values[0]


def test_progress_is_shown(laboratory):
    seen = []
    experiment = culture("RPMI8226").experiment(Measure("viability"))
    run([experiment], laboratory=laboratory, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (1, 1)


def test_repeats_must_be_possible():
    with pytest.raises(ExperimentError, match="got 0 repeats"):
        side_by_side(TNF).repeated(0)
    assert side_by_side(TNF).repeated(2, spread="5%").replicates == Replicates(2, 0.05, "ANOVA", 1)


def test_a_parameter_set_takes_handles_by_their_user_names() -> None:
    experiment = culture("RPMI8226").wait("24 h").experiment(Measure("blot", ("p-4E-BP1",), "MM", "", ""))

    free, idle = run([experiment], parameter_sets=[{}, {"activity.MM.PIM2": 0.0}])

    shown = [result.arms["dish"]["p-4E-BP1 in MM"].values[-1] for result in (free, idle)]
    assert shown[1] < 0.5 * shown[0]


def test_drugs_that_nobody_gives_are_left_out_and_change_nothing(laboratory):
    model = laboratory.model_with({"MM"}, {"LLZ"})
    assert "LLZ" in model.states
    assert not {"LLZ_central", "BTZ", "BTZ_central", "ZOL_bone", "MM__NR3C1_a"} & set(model.states)
    kept = laboratory.model_with({"MM"}, {"BTZ_central"}).states
    assert {"BTZ", "BTZ_central", "BTZ_bound"} <= set(kept)


def test_a_drug_that_was_never_given_reads_as_nothing(laboratory):
    result = run([culture("RPMI8226").wait("1 h").experiment(Measure("amount", ("BTZ", "BTZ_plasma"), "MM"))],
                 laboratory=laboratory)[0]  # fmt: skip
    assert result.series("dish", "BTZ").values.tolist() == [0.0]
    assert result.series("dish", "BTZ_plasma").values.tolist() == [0.0]
