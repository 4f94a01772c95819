"""The list of operations of a sparse factorisation, executed by NumPy, against a dense solution."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from myeloniche.engine.kernels.ordering import Factorisation, elimination_order, plan_factorisation

Floats = NDArray[np.float64]
Positions = list[tuple[int, int]]


def factorise(plan: Factorisation, entries: Floats, shift: float) -> Floats:
    """Do what the kernels do, one operation after the other."""
    slots = np.zeros(plan.slots)
    slots[: entries.size] = entries
    for entry in plan.entries:
        value = slots[entry.source] if entry.source >= 0 else 0.0
        value -= shift if entry.on_diagonal else 0.0
        value -= sum(slots[lower] * slots[upper] for lower, upper in entry.terms)
        value = 1.0 / value if entry.on_diagonal else value
        slots[entry.slot] = value * slots[entry.pivot] if entry.pivot >= 0 else value
    return slots


def solve(plan: Factorisation, slots: Floats, right_side: Floats) -> Floats:
    x = right_side.copy()
    for state, row in zip(plan.order, plan.lower, strict=True):
        x[state] -= sum(slots[slot] * x[other] for slot, other in row)
    for state, row in zip(plan.order[::-1], plan.upper[::-1], strict=True):
        x[state] -= sum(slots[slot] * x[other] for slot, other in row)
        x[state] *= slots[plan.pivots[state]]
    return x


def random_pattern(size: int, density: float, seed: int) -> Positions:
    mask = np.random.default_rng(seed).random((size, size)) < density
    return [(int(i), int(j)) for i, j in zip(*np.nonzero(mask), strict=True)]


@pytest.mark.parametrize(
    ("size", "density"), [(1, 1.0), (1, 0.0), (2, 0.5), (12, 0.2), (40, 0.08), (15, 1.0)]
)
def test_the_planned_factors_solve_the_system(size: int, density: float) -> None:
    positions = random_pattern(size, density, seed=size)
    rng = np.random.default_rng(7)
    entries = rng.normal(size=len(positions))
    matrix = -25.0 * np.eye(size)
    for value, (row, column) in zip(entries, positions, strict=True):
        matrix[row, column] += value
    right_side = rng.normal(size=size)
    plan = plan_factorisation(size, positions)
    x = solve(plan, factorise(plan, entries, 25.0), right_side)
    np.testing.assert_allclose(matrix @ x, right_side, atol=1e-12)


def test_a_chain_is_eliminated_without_any_new_entry() -> None:
    chain = [(i, j) for i in range(30) for j in (i - 1, i, i + 1) if 0 <= j < 30]
    _, filled = elimination_order(30, chain)
    assert sum(map(len, filled)) == len(chain)


def test_an_arrow_is_eliminated_from_its_shaft() -> None:
    arrow = [(0, i) for i in range(20)] + [(i, 0) for i in range(20)] + [(i, i) for i in range(20)]
    order, filled = elimination_order(20, arrow)
    assert 0 in order[-2:]  # with one other left, the two are alike
    assert sum(map(len, filled)) == 3 * 20 - 2


def test_every_state_is_a_pivot_once() -> None:
    order, _ = elimination_order(25, random_pattern(25, 0.15, seed=3))
    assert sorted(order) == list(range(25))


def test_entries_that_elimination_leaves_alone_are_not_copied() -> None:
    upper = [(i, j) for i in range(6) for j in range(i, 6)]
    plan = plan_factorisation(6, upper)
    assert all(entry.on_diagonal for entry in plan.entries)
    assert plan.operations == 0
