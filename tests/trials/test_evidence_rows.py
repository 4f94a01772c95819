"""Published numbers: the table that ships, what it refuses, and what is taken of an arm."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from myeloniche.errors import TableError
from myeloniche.niche.niche import load
from myeloniche.trials.evidence.judge import TRIALS, JudgedRow, judge_rows, shipped_trial
from myeloniche.trials.evidence.page import evidence_page
from myeloniche.trials.evidence.rows import HALVES, ClinicalRow, load_rows, read_rows, shipped
from myeloniche.trials.evidence.statistics import COMPARISONS, STATISTICS, columns_of

HEAD = (
    "id\thalf\tquantity\ttrial\tarm\tagainst\tsubset\tstatistic\tpublished\tunit\tpatients\t"
    "patients_against\tsource\tnote\n"
)
ROW = "V1\tset\tresponse\tapex\tbortezomib\t\t\tresponse\t43\t%\t333\t\tRichardson2007\t\n"


def row(statistic: str = "response", published: float = 50.0, **more) -> ClinicalRow:
    values = {
        "id": "X", "half": "set", "quantity": "", "trial": "t", "arm": "a", "against": "", "subset": None,
        "unit": "%", "patients": 100, "patients_against": 0, "source": "assumed", "note": "",
    }  # fmt: skip
    return ClinicalRow(**{**values, "statistic": statistic, "published": published, **more})


def outcome(patients: list[dict], visits: list[dict] | None = None):
    usual = {
        "arm": "a", "best_response": "SD", "response_day": None, "neuropathy_day": None,
        "neuropathy_grade": 0, "prior_lines": 1.0, "pfs_days": 100.0, "pfs_event": True,
        "ttp_days": 100.0, "ttp_event": True,
        "dor_days": None, "dor_event": None,
    }  # fmt: skip
    kinds = {
        name: pa.string()
        if name in ("arm", "best_response")
        else pa.bool_()
        if "event" in name
        else pa.float64()
        for name in usual
    }
    table = pa.table(
        {name: pa.array([{**usual, **one}[name] for one in patients], kinds[name]) for name in usual}
    )
    seen = pa.Table.from_pylist(visits or [{"patient": 0, "day": 0.0, "dose_mg_m2": 0.0}])
    return SimpleNamespace(patients=table, visits=lambda columns: iter([seen.select(columns)]))


def test_every_row_names_an_arm_that_its_trial_has() -> None:
    trials = {name: shipped_trial(name, size=1) for name in TRIALS}
    for one in load_rows():
        for arm in filter(None, (one.arm, one.against)):
            assert trials[one.trial].arm(arm).name == arm


def test_every_source_of_a_row_is_known() -> None:
    text = (shipped() / "references.tsv").read_text("utf-8")
    known = {line["key"] for line in csv.DictReader(text.splitlines(), delimiter="\t")} | set(
        load().references
    )
    known |= {"Richardson2007", "Richardson2009"}  # of the clinic
    assert {one.source for one in load_rows()} <= known


def test_both_halves_have_rows_and_no_number_stands_in_both() -> None:
    rows = load_rows()
    assert {one.half for one in rows} == set(HALVES)
    assert len({one.id for one in rows}) == len(rows)
    keys = [(one.trial, one.arm, one.against, one.subset, one.statistic) for one in rows if one.half == "set"]
    assert not {
        (one.trial, one.arm, one.against, one.subset, one.statistic) for one in rows if one.half == "check"
    } & set(keys)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\tset\t", "\tboth\t", "got half 'both', expected set or check"),
        ("\tresponse\t43", "\tcures\t43", "got statistic 'cures', expected one of response"),
        ("\tresponse\t43", "\thazard ratio of PFS\t43", "needs an arm under 'against'"),
        ("Richardson2007", "", "has no source"),
        ("\t43\t", "\tmany\t", "could not convert string to float: 'many'"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(TableError, match=rf"rows.tsv:2.*{said}"):
        read_rows(HEAD + ROW.replace(old, new), name="rows.tsv")


def test_shares_count_every_patient_of_the_arm() -> None:
    people = [
        {"best_response": "CR", "response_day": 42.0},
        {"best_response": "PR", "response_day": 105.0},
        {"best_response": "MR"},
        {"best_response": None},
        {"best_response": "CR", "arm": "b"},
    ]
    columns = columns_of(outcome(people), "a")

    assert STATISTICS["response"](columns) == 50.0
    assert STATISTICS["complete response"](columns) == 25.0
    assert STATISTICS["response after cycle 4"](columns) == 50.0
    assert STATISTICS["time to response"](columns) == 73.5


def test_a_subset_is_a_level_of_a_covariate() -> None:
    people = [{"best_response": "PR"}, {"prior_lines": 2.0}]
    assert STATISTICS["response"](columns_of(outcome(people), "a", ("prior_lines", 1.0))) == 100.0


def test_the_dose_at_onset_is_what_had_been_given_by_that_visit() -> None:
    people = [{"neuropathy_day": 42.0, "neuropathy_grade": 1}, {"neuropathy_grade": 0}]
    visits = [
        {"patient": patient, "day": day, "dose_mg_m2": 5.2}
        for patient in (0, 1)
        for day in (21.0, 42.0, 63.0)
    ]
    columns = columns_of(outcome(people, visits), "a")

    assert STATISTICS["dose at onset of neuropathy"](columns) == pytest.approx(10.4)
    assert STATISTICS["neuropathy of grade 1"](columns) == 50.0


def test_the_hazard_ratio_is_that_of_the_arm_over_the_other() -> None:
    rng = np.random.default_rng(1)
    fast = [{"arm": "b", "pfs_days": float(day)} for day in rng.exponential(100, 400)]
    slow = [{"pfs_days": float(day)} for day in rng.exponential(200, 400)]
    results = outcome([*fast, *slow])

    ratio = COMPARISONS["hazard ratio of PFS"](columns_of(results, "a"), columns_of(results, "b"))
    assert ratio == pytest.approx(0.5, rel=0.15)


def test_the_interval_is_that_of_trials_of_the_published_size() -> None:
    people = [{"best_response": "PR" if place % 2 else "SD"} for place in range(1000)]
    results = {"t": outcome(people)}
    (small,) = judge_rows([row(patients=25)], results)
    (large,) = judge_rows([row(patients=400)], results)

    # binomial: 1.96 sqrt(0.25 / n)
    assert small.high - small.low == pytest.approx(2 * 19.6, rel=0.15)
    assert large.high - large.low == pytest.approx(2 * 4.9, rel=0.15)
    assert small.simulated == large.simulated == 50.0


def test_a_number_is_within_or_not() -> None:
    results = {"t": outcome([{"best_response": "PR" if place % 2 else "SD"} for place in range(1000)])}
    inside, outside = judge_rows([row(published=52.0), row(published=70.0)], results)
    assert inside.within
    assert not outside.within


def test_a_sum_of_doses_is_within_to_rounding() -> None:
    total = sum([5.2 / 3] * 12)
    assert total != 20.8
    assert JudgedRow(row(published=20.8), total, 10.4, total).within
    assert not JudgedRow(row(published=20.8), total, 10.4, 20.7).within


def test_an_arm_over_another_is_their_ratio() -> None:
    people = [{"best_response": "PR"}] * 30 + [{"best_response": "SD"}] * 70
    people += [{"arm": "b", "best_response": "PR"}] * 60 + [{"arm": "b"}] * 40
    (judged,) = judge_rows([row(against="b", published=0.5, patients_against=100)], {"t": outcome(people)})
    assert judged.simulated == 0.5
    assert judged.within


def test_the_page_shows_both_halves_and_what_is_outside() -> None:
    results = {"t": outcome([{"best_response": "PR" if place % 2 else "SD"} for place in range(100)])}
    judged = judge_rows([row(published=50.0), row(published=99.0, half="check")], results)
    marker = SimpleNamespace(anchor=SimpleNamespace(id="P3", title="Blood"), rows=())
    page = evidence_page(judged, (), (marker, marker))

    assert "set on: 1 of 1 within" in page
    assert "judge: 0 of 1 within" in page
    assert "**not within**" in page
