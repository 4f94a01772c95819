"""Populations: the same patient whoever else is drawn, the spread and correlations that were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloniche.errors import ExperimentError, MyelonicheError, TableError, UnknownNameError
from myeloniche.trials import populations, read_population
from myeloniche.trials.patients.limits import Limit
from myeloniche.trials.patients.marginals import Covariate
from myeloniche.trials.patients.population import REJECTED, rejections

POPULATION = read_population("relapsed_refractory")
MANY = 2048

SMALL = """\
title: Two things
covariates:
  age_y: {unit: y, distribution: {normal: {mean: 60, sd: 10}}, low: 30, high: 90, source: assumed}
  weight_kg: {unit: kg, distribution: {lognormal: {median: 70, cv: 0.2}}, source: assumed}
"""


def column(table, name: str) -> np.ndarray:
    return np.array(table[name].to_pylist(), np.float64)


def read(tmp_path: Path, text: str):
    path = tmp_path / "people.yaml"
    path.write_text(text, "utf-8")
    return read_population(path)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 90), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_a_part_of_a_population_is_that_part_of_the_whole(first, count, seed) -> None:
    whole = POPULATION.draw(first + count, seed)
    part = POPULATION.draw(count, seed, first=first)
    assert part.equals(whole.slice(first, count))
    assert part.schema.equals(whole.schema)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_patient_lies_outside_the_limits(seed) -> None:
    table = POPULATION.draw(64, seed)
    numbers = {one.name: column(table, one.name) for one in POPULATION.covariates if not one.is_text}
    assert not any(limit.broken(numbers).any() for limit in POPULATION.limits)
    for one in POPULATION.covariates:
        if not one.is_text:
            assert np.all((numbers[one.name] >= one.low) & (numbers[one.name] <= one.high))


def test_other_seeds_give_other_patients() -> None:
    assert not POPULATION.draw(4, 0).equals(POPULATION.draw(4, 1))


@pytest.mark.parametrize("pair", [("ATF3", "ATF4"), ("CDK5", "PSMB5"), ("ATF3", "NAMPT")])
def test_correlations_of_normal_scores_are_those_of_the_file(pair) -> None:
    from scipy.stats import norm, rankdata

    table = POPULATION.draw(MANY, 3)
    scores = [norm.ppf((rankdata(column(table, name)) - 0.5) / MANY) for name in pair]
    wanted = POPULATION.correlation[tuple(POPULATION.names.index(name) for name in pair)]
    assert np.corrcoef(scores)[0, 1] == pytest.approx(wanted, abs=0.05)


def test_spreads_are_those_of_the_file() -> None:
    table = POPULATION.draw(MANY, 3)
    assert np.median(column(table, "ATF3")) == pytest.approx(1.0, rel=0.03)
    logs = np.log(column(table, "NAMPT"))
    assert logs.std() == pytest.approx(np.sqrt(np.log1p(0.4**2)), rel=0.05)
    types = table["immunoglobulin"].to_pylist()
    assert types.count("IgG") / MANY == pytest.approx(0.6, abs=0.03)


def test_rejections_are_counted_with_their_reasons(tmp_path) -> None:
    limit = "limits:\n  - {formula: age_y, high: 60, reason: too old, source: assumed}\n"
    table = read(tmp_path, SMALL + limit).draw(512, 1)
    counted = rejections(table)
    assert set(counted) == {"too old"}
    assert counted["too old"] == pytest.approx(512, rel=0.25)  # a half is drawn again, and of these a half
    assert column(table, "age_y").max() <= 60


def test_rejections_of_several_tables_are_summed_and_the_most_frequent_come_first() -> None:
    tables = [
        pyarrow.table({"patient": [0]}).replace_schema_metadata(metadata)
        for metadata in ({REJECTED: '{"old": 1, "ill": 2}'}, {REJECTED: '{"old": 3, "away": 2}'}, None)
    ]
    assert list(rejections(*tables).items()) == [("old", 4), ("away", 2), ("ill", 2)]


def test_a_population_without_plausible_patients_is_refused() -> None:
    (limit, *_) = POPULATION.limits
    hopeless = replace(POPULATION, limits=(Limit(limit.formula, 1e6, 1e7, "nobody is like that"),))
    with pytest.raises(ExperimentError, match="nobody is like that"):
        hopeless.draw(1, 0)


@pytest.mark.parametrize(("first", "count"), [(-1, 2), (0, 2**31)])
def test_patients_that_cannot_be_drawn_are_refused(first, count) -> None:
    with pytest.raises(ExperimentError, match="expected numbers from 0"):
        POPULATION.draw(count, 0, first=first)


def test_nobody_is_an_empty_table_with_the_same_columns() -> None:
    nobody = POPULATION.draw(0, 0)
    assert nobody.num_rows == 0
    assert nobody.schema.equals(POPULATION.draw(2, 0).schema)


def test_sets_are_spread_over_the_patients() -> None:
    drawn = replace(POPULATION, sets=4).draw(256, 0)["plausible_set"].to_pylist()
    assert {drawn.count(chosen) for chosen in range(4)} <= set(range(50, 80))
    assert set(replace(POPULATION, sets=0).draw(8, 0)["plausible_set"].to_pylist()) == {-1}


def test_all_problems_of_a_file_come_in_one_error(tmp_path) -> None:
    text = SMALL.replace("sd: 10", "sd: -1").replace("median: 70", "median: seventy") + (
        "correlations:\n  - {between: [age_y, hair], value: 2, source: assumed}\n"
        "limits:\n  - {formula: hair, low: 3, high: 1, reason: none, source: assumed}\n"
        "colour: red\n"
    )
    with pytest.raises(MyelonicheError, match="problems") as caught:
        read(tmp_path, text)
    for part in (
        "sd -1",
        "'seventy'",
        "unknown covariate 'hair'",
        "between -1 and 1",
        "unknown key 'colour'",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(("change", "match"), [
    (("low: 30, high: 90", "low: 90, high: 30"), "'low' below 'high'"),
    (("low: 30, high: 90", "low: 300, high: 900"), "hold none of the normal"),
    (("{normal: {mean: 60, sd: 10}}", "{choice: {young: 0.4, old: 0.4}}"), "add up to 0.8"),
    (("{normal: {mean: 60, sd: 10}}", "triangle"), "expected one of normal"),
    (("{normal: {mean: 60, sd: 10}}", "{normal: {mean: 60}}"), "expected mean and sd"),
    ((", source: assumed}\n  weight", "}\n  weight"), "lacks source"),
])  # fmt: skip
def test_impossible_covariates_are_refused(tmp_path, change, match) -> None:
    with pytest.raises(TableError, match=match):
        read(tmp_path, SMALL.replace(*change))


def test_correlations_that_contradict_each_other_are_refused(tmp_path) -> None:
    extra = SMALL + "  height_m: {unit: m, distribution: {normal: {mean: 1.7, sd: 0.1}}, source: assumed}\n"
    pairs = [("age_y", "weight_kg", 0.9), ("weight_kg", "height_m", 0.9), ("age_y", "height_m", -0.9)]
    rows = [f"  - {{between: [{a}, {b}], value: {value}, source: assumed}}\n" for a, b, value in pairs]
    with pytest.raises(TableError, match="cannot all hold at once"):
        read(tmp_path, extra + "correlations:\n" + "".join(rows))


def test_an_unknown_population_is_named_with_the_nearest() -> None:
    assert "relapsed_refractory" in populations()
    with pytest.raises(UnknownNameError, match="Did you mean 'relapsed_refractory'"):
        read_population("relapsed_refractry")


def test_levels_of_a_choice_keep_their_shares_at_the_edges() -> None:
    one = Covariate("lines", "1", "assumed", "choice", shares={1: 0.25, 2: 0.75})
    assert one.at(np.array([0.0, 0.2499, 0.2501, 1.0])).tolist() == [1, 1, 2, 2]
