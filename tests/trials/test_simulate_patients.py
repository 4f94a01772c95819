"""Patients through a trial: the same bits however the work is cut, and what clinics would expect."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pyarrow
import pytest

from myeloniche.errors import ExperimentError
from myeloniche.trials import simulate_patients
from myeloniche.trials.clinic.imwg import CATEGORIES
from myeloniche.trials.clinic.relapse import CAUSES

MONTHS = 6


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    from conftest import TEXT
    from myeloniche.trials import read_trial

    path = tmp_path_factory.mktemp("trial") / "trial.yaml"
    path.write_text(TEXT, "utf-8")
    trial = read_trial(path)
    return trial, simulate_patients(trial, 0, 9, workers=1)


def glued(parts) -> tuple[pyarrow.Table, pyarrow.Table]:
    patients = pyarrow.concat_tables([part.patients for part in parts])
    return patients, pyarrow.concat_tables([part.visits for part in parts])


def test_any_chunks_give_the_same_bits(whole) -> None:
    trial, found = whole
    for edges in ((0, 1, 6, 9), (0, 4, 9)):
        pairs = pairwise(edges)
        patients, visits = glued([simulate_patients(trial, *pair, workers=1) for pair in pairs])
        assert patients.equals(found.patients)
        assert visits.equals(found.visits)


def test_any_number_of_workers_gives_the_same_bits(whole) -> None:
    trial, found = whole
    again = simulate_patients(trial, 0, 9, workers=3)
    assert again.patients.equals(found.patients)
    assert again.visits.equals(found.visits)


def test_no_patients_are_empty_tables_with_the_same_columns(whole) -> None:
    trial, found = whole
    nobody = simulate_patients(trial, 4, 4, workers=1)
    assert nobody.patients.schema.equals(found.patients.schema)
    assert nobody.visits.schema.equals(found.visits.schema)
    assert nobody.patients.num_rows == 0


@pytest.mark.parametrize(("first", "stop"), [(-1, 3), (0, 25), (4, 2)])
def test_patients_that_a_trial_does_not_have_are_refused(trial, first, stop) -> None:
    with pytest.raises(ExperimentError, match="expected numbers from 0 to 24"):
        simulate_patients(trial, first, stop)


def test_tables_hold_every_patient_and_covariate(whole) -> None:
    trial, found = whole
    assert found.patients["patient"].to_pylist() == list(range(9))
    assert set(trial.population.names) <= set(found.patients.column_names)
    assert set(found.patients["status"].to_pylist()) == {"ok"}
    assert set(found.patients["best_response"].to_pylist()) <= {*CATEGORIES, None}
    assert set(found.patients["relapse_cause"].to_pylist()) <= {*CAUSES, None}


def test_the_first_visit_is_the_day_therapy_begins(whole) -> None:
    _, found = whole
    rows = found.visits.to_pylist()
    first = [row for row in rows if row["cycle"] == 0]
    assert len(first) == 9
    assert {row["day"] for row in first} == {0.0}
    assert {row["dose_mg_m2"] for row in first} == {0.0}
    assert all(row["marrow_burden"] > 0 for row in first)


def test_light_chain_patients_show_no_band(whole) -> None:
    _, found = whole
    kinds = dict(
        zip(*(found.patients[name].to_pylist() for name in ("patient", "immunoglobulin")), strict=True)
    )
    for row in found.visits.to_pylist():
        assert (row["m_protein_g_L"] == 0) == (kinds[row["patient"]] == "light chain")
        assert row["flc_mg_L"] > 0


def arm_alone(trial, name: str, **changes):
    return replace(
        trial, arms=(trial.arm(name),), allocation=replace(trial.allocation, ratio=(1,)), **changes
    )


def burden(results, cycle: int) -> np.ndarray:
    return np.array([row["marrow_burden"] for row in results.visits.to_pylist() if row["cycle"] == cycle])


def test_untreated_tumours_grow_and_bortezomib_slows_them(trial) -> None:
    quiet = {"cycles": 1, "dropout_per_year": 0.0}
    untreated, treated = (
        simulate_patients(arm_alone(trial, name, **quiet), 0, 12) for name in ("observation", "bortezomib")
    )
    assert np.median(burden(untreated, 1) / burden(untreated, 0)) > 1.1
    assert np.mean(burden(treated, 1) < burden(untreated, 1)) > 0.9


def test_rules_lower_the_dose_from_the_visit_on(trial) -> None:
    always = replace(trial.arms[0].rules[0], grade=0)
    arm = replace(trial.arms[0], rules=(always,))
    changed = replace(trial, arms=(arm,), allocation=replace(trial.allocation, ratio=(1,)), cycles=2)
    doses = {}
    for row in simulate_patients(changed, 0, 3).visits.to_pylist():
        doses.setdefault(row["cycle"], set()).add(round(row["dose_mg_m2"], 6))
    assert doses[1] == {5.2}
    assert doses[2] == {4.0}


def test_weeks_under_the_skin_harm_nerves_less_than_twice_weekly_veins(trial) -> None:
    from myeloniche.pharmacology.regimen_text import read_regimen

    def area(text: str) -> float:
        treatment = replace(trial.arms[0].treatments[0], regimen=read_regimen(text))
        arm = replace(trial.arms[0], treatments=(treatment,), rules=())
        changed = replace(trial, arms=(arm,), allocation=replace(trial.allocation, ratio=(1,)), cycles=MONTHS)
        rows = simulate_patients(replace(changed, size=48), 0, 48).patients.to_pylist()
        return float(np.mean([row["neuropathy_grade"] for row in rows]))

    veins = area("1.3 mg/m2 iv d1,4,8,11 q21d")
    assert area("1.3 mg/m2 sc d1,4,8,11 q21d") < veins
    assert area("1.3 mg/m2 iv d1,8,15 q21d") < veins


def test_a_failed_patient_stays_in_the_table(trial, monkeypatch) -> None:
    from myeloniche.trials.clinic import walk

    monkeypatch.setattr(walk, "MAX_STEPS", 60)
    found = simulate_patients(replace(trial, cycles=1), 0, 3)
    rows = found.patients.to_pylist()
    assert len(rows) == 3
    assert all(row["status"] != "ok" and row["left"] == "failed" for row in rows)
    assert all(row["pfs_days"] is None and row["best_response"] is None for row in rows)


def test_time_to_events_is_censored_as_said(whole) -> None:
    _, found = whole
    for row in found.patients.to_pylist():
        assert row["pfs_event"] == (row["progressed"] or row["left"] == "death")
        assert row["ttp_event"] == row["progressed"]
        if not row["pfs_event"]:
            assert row["pfs_days"] == row["last_visit_day"]
        if row["response_day"] is not None:
            assert row["dor_days"] == pytest.approx(row["pfs_days"] - row["response_day"])
        else:
            assert row["dor_days"] is None


class Alike:
    """A population in which the resistant clone, if there is one, is like the rest of the tumour."""

    def __init__(self, population, share: float) -> None:
        self.population = population
        self.share = share

    def __getattr__(self, name: str):
        return getattr(self.population, name)

    def draw(self, count: int, seed: int, *, first: int = 0) -> pyarrow.Table:
        """Return the population's patients with a clone that differs in nothing but its name."""
        table = self.population.draw(count, seed, first=first)
        alike = {"resistant_share": self.share, "mutated": 0.0}
        alike |= dict.fromkeys(("resistant_load", "resistant_xbp1", "resistant_atf"), 1.0)
        for name, value in alike.items():
            table = table.set_column(table.column_names.index(name), name, pyarrow.array([value] * count))
        return table


def test_a_tumour_of_two_equal_clones_is_a_tumour(trial) -> None:
    two, one = (
        simulate_patients(
            arm_alone(trial, "observation", population=Alike(trial.population, share), cycles=2), 0, 6
        ).visits.to_pylist()
        for share in (0.3, 0.0)
    )
    assert len(two) == len(one)
    for halves, whole in zip(two, one, strict=True):
        for name in ("m_protein_g_L", "flc_mg_L", "ctx", "p1np", "bone_density", "marrow_burden"):
            assert halves[name] == pytest.approx(whole[name], rel=0.05)


def test_zoledronate_lowers_resorption_whatever_clones_there_are(tmp_path, trial_text) -> None:
    from myeloniche.trials import read_trial

    begin, end = trial_text.index("      - {drug"), trial_text.index("  - name: observation")
    text = (
        trial_text[:begin]
        + '      - {drug: zoledronate, regimen: "4 mg iv over 15 min q21d"}\n'
        + trial_text[end:]
    )
    path = tmp_path / "zoledronate.yaml"
    path.write_text(text, "utf-8")
    rows = simulate_patients(arm_alone(read_trial(path), "bortezomib", cycles=1), 0, 6).visits.to_pylist()
    before, after = (np.array([row["ctx"] for row in rows if row["cycle"] == cycle]) for cycle in (0, 1))
    assert np.all((after > 0.02 * before) & (after < 0.3 * before))


def test_of_less_than_one_cell_nothing_is_left(trial) -> None:
    from myeloniche.trials.clinic.marrow import open_marrow

    marrow = open_marrow(trial)
    patient = trial.population.draw(1, 0).to_pylist()[0]
    clone = marrow.clone(patient, "sensitive", 1e11, {})
    states = np.ones(len(marrow.model.states))
    assert marrow.density(marrow.living(clone, states)) == 2.0
    assert marrow.density(marrow.living(clone, 1e-8 * states)) == 0.0


def test_bone_that_never_rests_is_taken_as_it_is(trial) -> None:
    from myeloniche.engine.timeline import Period
    from myeloniche.trials.clinic.marrow import open_marrow
    from myeloniche.trials.clinic.walk import diagnosed

    marrow = open_marrow(trial)
    clone = marrow.clone({}, "sensitive", 3e11, {})
    rested = marrow.diagnosis(clone, 100.0, 0.0)
    hurried = replace(rested, timeline=(replace(rested.timeline[0], duration=24.0), *rested.timeline[1:]))
    assert hurried.timeline[0] == Period(24.0, marrow.plan.rest, until_rest=True)
    walks = diagnosed(marrow, [rested, hurried], 1)

    assert [walk.status for walk in walks] == ["ok", "ok"]
    assert walks[0].rows[-1] != pytest.approx(walks[1].rows[-1], rel=1e-3)


def test_arms_come_in_the_order_of_the_trial(trial, tmp_path) -> None:
    from myeloniche.trials.analysis.cohort import arms_of
    from myeloniche.trials.running import read_results, run_trial

    turned = replace(trial, arms=tuple(reversed(trial.arms)), size=6, cycles=1)
    found = read_results(
        run_trial(turned, tmp_path / "turned", simulate=simulate_patients, workers=1, chunk=3)
    )
    assert arms_of(found.patients) == ("observation", "bortezomib")
