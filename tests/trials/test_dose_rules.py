"""Rules change doses at visits, and what is no rule is refused."""

from __future__ import annotations

import pytest

from myeloniche.engine.timeline import Change
from myeloniche.errors import ExperimentError
from myeloniche.lab import open_laboratory
from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.regimen_text import read_regimen
from myeloniche.trials.clinic.doses import Pharmacy, periods_with, prescriptions
from myeloniche.trials.protocol.design import Treatment, TrialArm
from myeloniche.trials.protocol.rules import read_rule

BODY = Body("patient", "human", 80.0, 2.0)
CYCLE_H, END_H = 21 * 24.0, 10 * 21 * 24.0


@pytest.fixture(scope="module")
def laboratory():
    return open_laboratory()


def prescribed(laboratory, regimen: str, *rules: str, drug: str = "bortezomib"):
    arm = TrialArm("arm", (Treatment(drug, read_regimen(regimen)),), tuple(map(read_rule, rules)))
    (one,) = prescriptions(arm, laboratory, END_H)
    return one


def days(given) -> list[float]:
    return [dose.hours / 24 for dose in given]


def test_a_cycle_gets_its_own_doses(laboratory) -> None:
    one = prescribed(laboratory, "1.3 mg/m2 iv d1,4,8,11 q21d x2")
    pharmacy = Pharmacy(BODY)
    assert days(pharmacy.given(one, 0, CYCLE_H)) == [0, 3, 7, 10]
    assert days(pharmacy.given(one, CYCLE_H, 2 * CYCLE_H)) == [21, 24, 28, 31]
    assert days(pharmacy.given(one, 2 * CYCLE_H, 3 * CYCLE_H)) == []
    assert [dose.mg_per_m2 for dose in pharmacy.given(one, 0, CYCLE_H)] == pytest.approx([1.3] * 4)
    assert pharmacy.planned_mg_per_m2(one, 0, CYCLE_H) == pytest.approx(5.2)


def test_a_reduced_dose_stays_reduced_and_is_not_raised_by_a_later_rule(laboratory) -> None:
    one = prescribed(
        laboratory,
        "1.3 mg/m2 iv d1,8 q21d",
        "reduce bortezomib to 0.7 mg/m2 at grade 2 neuropathy",
        "reduce bortezomib to 1.0 mg/m2 at grade 3 neuropathy",
    )
    pharmacy = Pharmacy(BODY)
    for grade, amount in [(1, 1.3), (2, 0.7), (0, 0.7), (3, 0.7)]:
        one = one.after(grade, CYCLE_H)
        (first, _) = pharmacy.given(one, CYCLE_H, 2 * CYCLE_H)
        assert first.mg_per_m2 == pytest.approx(amount)
    assert pharmacy.planned_mg_per_m2(one, CYCLE_H, 2 * CYCLE_H) == pytest.approx(2.6)


def test_a_stopped_drug_is_given_no_more(laboratory) -> None:
    one = prescribed(laboratory, "1.3 mg/m2 iv d1,8 q21d", "stop bortezomib at grade 3 neuropathy")
    assert list(Pharmacy(BODY).given(one.after(3, CYCLE_H), CYCLE_H, END_H)) == []


def test_a_changed_regimen_begins_at_the_visit(laboratory) -> None:
    rule = "change bortezomib to 1.3 mg/m2 sc d1,8,15 q21d at grade 2 neuropathy"
    one = prescribed(laboratory, "1.3 mg/m2 iv d1,4,8,11 q21d", rule).after(2, CYCLE_H)
    given = list(Pharmacy(BODY).given(one, CYCLE_H, 2 * CYCLE_H))
    assert days(given) == [21, 28, 35]
    assert {dose.target for dose in given} == {"BTZ_sc"}


def test_an_infusion_that_a_visit_interrupts_goes_on(laboratory) -> None:
    one = prescribed(laboratory, "4 mg iv over 15 min on day 20", drug="zoledronate")
    (dose,) = Pharmacy(BODY).given(one, 0, CYCLE_H)
    stop_h = dose.hours + 0.1
    before = periods_with([dose], 0, stop_h, [])
    after = periods_with([], stop_h, CYCLE_H, [dose])
    assert [period.duration for period in before] == pytest.approx([dose.hours, 0.1])
    assert before[1].changes == (Change(dose.drip, "set", dose.amount / 0.25),)
    assert [period.duration for period in after] == pytest.approx([0.15, CYCLE_H - stop_h - 0.15])
    assert after[1].changes == (Change(dose.drip, "set", 0.0),)


@pytest.mark.parametrize(("text", "match"), [
    ("halve bortezomib at grade 2 neuropathy", "expected 'reduce DRUG"),
    ("stop bortezomib at grade 7 neuropathy", "expected 1 to 4"),
    ("reduce bortezomib to 1.0 mg/m3 at grade 2 neuropathy", "got dose '1.0 mg/m3'"),
    ("change bortezomib to 1.3 mg/m2 d1 at grade 2 neuropathy", "no route"),
])  # fmt: skip
def test_what_is_no_rule_is_refused(text, match) -> None:
    with pytest.raises(ExperimentError, match=match):
        read_rule(text, where="trial.yaml:9")
