"""Bone without tumour, drug or operation stays what it is, and finds back to it, in mouse and patient."""

from __future__ import annotations

import numpy as np
import pytest
from hosts import BONES, CELLS, FACTORS, MATRIX, WEEK, YEAR, courses, host_member, without_rest, written_rest

from myeloniche.lab.animal import animal

EVERYTHING = (*MATRIX, *CELLS, *FACTORS)

each_host = pytest.mark.parametrize("host", BONES)


@each_host
def test_the_rows_of_a_site_are_its_rest(laboratory, host) -> None:
    rested = host_member(laboratory, animal(host), [0.0])
    (found,) = courses(laboratory, [rested], EVERYTHING)
    wanted = written_rest(laboratory, host)
    assert {name: float(found[name][0]) for name in EVERYTHING} == pytest.approx(
        {name: wanted[name] for name in EVERYTHING}, rel=0.01
    )


@each_host
def test_healthy_bone_stays_within_one_percent_for_five_years(laboratory, host) -> None:
    years = np.linspace(0.0, 5 * YEAR, 61)
    (found,) = courses(laboratory, [host_member(laboratory, animal(host).wait("5 d"), years)], EVERYTHING)
    moved = {name: float(np.max(np.abs(course / course[0] - 1))) for name, course in found.items()}
    assert {name: share for name, share in moved.items() if not share <= 0.01} == {}


@pytest.mark.parametrize(("host", "years"), [("mouse", 20), ("patient", 60)])
def test_bone_finds_back_from_a_hundred_starts(laboratory, host, years) -> None:
    rng = np.random.default_rng(20)
    healthy = host_member(laboratory, animal(host), [0.0, years * YEAR])
    starts = [
        without_rest(healthy, dict(zip(EVERYTHING, rng.uniform(0.6, 1.6, len(EVERYTHING)), strict=True)))
        for _ in range(100)
    ]
    rest = written_rest(laboratory, host)
    for found in courses(laboratory, starts, EVERYTHING):
        assert {name: float(found[name][-1]) for name in EVERYTHING} == pytest.approx(
            {name: rest[name] for name in EVERYTHING}, rel=0.01
        )


def test_ovariectomy_leads_to_a_new_rest_with_less_bone(laboratory) -> None:
    weeks = np.array([0, 1, 4, 8, 1040, 1041]) * WEEK
    operated = host_member(laboratory, animal("mouse").surgery("ovariectomy"), weeks)
    (found,) = courses(laboratory, [operated], EVERYTHING)
    bone = found["BONE.BV"] + found["BONE.OV"]
    assert bone[2] < 0.7 * bone[0]
    assert found["OC"][1] > 1.5 * found["OC"][0]
    assert 0.3 * bone[0] < bone[-1] < 0.7 * bone[0]
    assert_at_rest(found)


def test_menopause_leads_to_a_new_rest_with_less_bone(laboratory) -> None:
    years = np.array([0, 0.25, 1, 5, 200, 201]) * YEAR
    (found,) = courses(
        laboratory, [host_member(laboratory, animal("patient").surgery("menopause"), years)], EVERYTHING
    )
    bone = found["BONE.BV"] + found["BONE.OV"]
    assert 0.8 * bone[0] < bone[2] < 0.95 * bone[0]
    assert 0.7 * bone[0] < bone[3] < 0.9 * bone[0]
    assert 0.7 * bone[0] < bone[-1] < 0.9 * bone[0]
    assert found["OC"][1] > 1.2 * found["OC"][0]
    assert_at_rest(found)


def assert_at_rest(found) -> None:
    """Assert that nothing changes between the last two times."""
    assert {name: float(course[-1]) for name, course in found.items()} == pytest.approx(
        {name: float(course[-2]) for name, course in found.items()}, rel=1e-4
    )


def test_a_sham_operation_changes_nothing(laboratory) -> None:
    weeks = np.array([0, 4]) * WEEK
    operated = host_member(laboratory, animal("mouse").surgery("sham operation"), weeks)
    (found,) = courses(laboratory, [operated], MATRIX)
    assert found["BONE.BV"][1] == pytest.approx(found["BONE.BV"][0], rel=1e-3)


def test_bone_costs_nothing_in_a_dish(laboratory) -> None:
    states = laboratory.model_with({"OCL", "OBL"}, ()).states
    assert [name for name in states if name.startswith("BONE")] == []
