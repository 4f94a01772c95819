"""Bone without tumour, drug or operation stays what it is, and finds back to it."""

from __future__ import annotations

import numpy as np
import pytest
from mice import CELLS, FACTORS, MATRIX, MOUSE, WEEK, YEAR, courses, mouse_member, without_rest, written_rest

EVERYTHING = (*MATRIX, *CELLS, *FACTORS)


def test_the_rows_of_a_site_are_its_rest(laboratory) -> None:
    rested = mouse_member(laboratory, MOUSE, [0.0])
    (found,) = courses(laboratory, [rested], EVERYTHING)
    wanted = written_rest(laboratory)
    assert {name: float(found[name][0]) for name in EVERYTHING} == pytest.approx(
        {name: wanted[name] for name in EVERYTHING}, rel=0.01
    )


def test_healthy_bone_stays_within_one_percent_for_five_years(laboratory) -> None:
    years = np.linspace(0.0, 5 * YEAR, 61)
    (found,) = courses(laboratory, [mouse_member(laboratory, MOUSE.wait("5 d"), years)], EVERYTHING)
    moved = {name: float(np.max(np.abs(course / course[0] - 1))) for name, course in found.items()}
    assert {name: share for name, share in moved.items() if not share <= 0.01} == {}


def test_bone_finds_back_from_a_hundred_starts(laboratory) -> None:
    rng = np.random.default_rng(20)
    healthy = mouse_member(laboratory, MOUSE, [0.0, 20 * YEAR])
    starts = [
        without_rest(healthy, dict(zip(EVERYTHING, rng.uniform(0.6, 1.6, len(EVERYTHING)), strict=True)))
        for _ in range(100)
    ]
    rest = written_rest(laboratory)
    for found in courses(laboratory, starts, EVERYTHING):
        assert {name: float(found[name][-1]) for name in EVERYTHING} == pytest.approx(
            {name: rest[name] for name in EVERYTHING}, rel=0.01
        )


def test_ovariectomy_leads_to_a_new_rest_with_less_bone(laboratory) -> None:
    weeks = np.array([0, 1, 4, 8, 1040, 1041]) * WEEK
    (found,) = courses(
        laboratory, [mouse_member(laboratory, MOUSE.surgery("ovariectomy"), weeks)], EVERYTHING
    )
    bone = found["BONE.BV"] + found["BONE.OV"]
    assert bone[2] < 0.7 * bone[0]
    assert found["OC"][1] > 1.5 * found["OC"][0]
    assert 0.3 * bone[0] < bone[-1] < 0.7 * bone[0]
    assert {name: float(course[-1]) for name, course in found.items()} == pytest.approx(
        {name: float(course[-2]) for name, course in found.items()}, rel=1e-4
    )


def test_a_sham_operation_changes_nothing(laboratory) -> None:
    weeks = np.array([0, 4]) * WEEK
    operated = mouse_member(laboratory, MOUSE.surgery("sham operation"), weeks)
    (found,) = courses(laboratory, [operated], MATRIX)
    assert found["BONE.BV"][1] == pytest.approx(found["BONE.BV"][0], rel=1e-3)


def test_bone_costs_nothing_in_a_dish(laboratory) -> None:
    states = laboratory.model_with({"OCL", "OBL"}, ()).states
    assert [name for name in states if name.startswith("BONE")] == []
