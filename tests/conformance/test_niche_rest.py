"""Cells that rest stay at rest, and start to grow from there as their rows say."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from dishes import SMALLEST_SCALE, Floats, member, shown, total

from myeloniche.engine.handles import hold_handle
from myeloniche.engine.timeline import Change, Period
from myeloniche.lab.culture import culture
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.names import sbml_id
from myeloniche.niche.niche import DATA

CELLS = tuple(row.partition("\t")[0] for row in (DATA / "cells.tsv").read_text("utf-8").splitlines()[1:])
LIVING = ("MM_sol", "MM_adh")
ALL_LIVING = (*LIVING, "BMSC_n", "OCP", "OCM", "OC", "OBP", "OB")
MONTH = 720.0


def moved(states: dict[str, Floats]) -> dict[str, float]:
    """Return for each state how far it went from start to end, relative to its start."""
    return {
        name: abs(float(values[-1] - values[0])) / max(abs(float(values[0])), SMALLEST_SCALE)
        for name, values in states.items()
    }


def populations(laboratory: Laboratory) -> set[str]:
    """Return the states that count cells."""
    return {sbml_id(name) for row in laboratory.populations.values() for name in row.populations}


def written_doubling_time(laboratory: Laboratory, cell: str) -> float | None:
    """Return the doubling time that the note of a cell's division rate states [h]."""
    for value in laboratory.niche.cell_values:
        if value.cell == cell and value.parameter == "division_rate":
            stated = re.search(r"doubles in ([\d.]+) h", value.note)
            return float(stated.group(1)) if stated else None
    return None


@pytest.mark.parametrize("cell", CELLS)
def test_a_rested_culture_stays_at_rest_for_a_month(laboratory, cell) -> None:
    rested = member(laboratory, culture(cell), [0.0])
    held = replace(rested, timeline=(rested.timeline[0], Period(MONTH)), times=np.array([0.0, MONTH]))
    states = shown(laboratory, held, rtol=1e-6, atol=1e-9)
    assert {name: share for name, share in moved(states).items() if not share <= 0.01} == {}


@pytest.mark.parametrize("cell", CELLS)
def test_with_the_medium_held_growth_moves_populations_only(laboratory, cell) -> None:
    growing = member(laboratory, culture(cell).wait("24 h"), [0.0, 24.0])
    first, second, *others = growing.timeline
    held = tuple(Change(hold_handle(sbml_id(name)), "set", 0.0) for name in laboratory.medium)
    second = replace(second, changes=(*second.changes, *held))
    states = shown(laboratory, replace(growing, timeline=(first, second, *others)))
    still = {name: share for name, share in moved(states).items() if name not in populations(laboratory)}
    assert {name: share for name, share in still.items() if not share <= 0.001} == {}


@pytest.mark.parametrize("cell", CELLS)
def test_what_follows_from_density_moves_less_than_density(laboratory, cell) -> None:
    states = shown(laboratory, member(laboratory, culture(cell).wait("24 h"), [0.0, 24.0]))
    living = total(states, ALL_LIVING)
    growth = abs(float(living[1] / living[0]) - 1.0)
    shares = {name: share for name, share in moved(states).items() if name not in populations(laboratory)}
    assert {name: share for name, share in shares.items() if not share <= growth + 0.001} == {}


@pytest.mark.parametrize("cell", CELLS)
def test_a_line_doubles_as_its_row_says(laboratory, cell) -> None:
    states = shown(laboratory, member(laboratory, culture(cell).wait("24 h"), [0.0, 24.0]))
    stated = written_doubling_time(laboratory, cell)
    if stated is None:
        # cells without a doubling time do not grow
        living = total(states, ALL_LIVING)
        assert living[1] <= living[0] * 1.001
        return
    living = total(states, LIVING)
    assert 24.0 / np.log2(living[1] / living[0]) == pytest.approx(stated, rel=0.05)
