"""Conserved totals of a reaction network: the left null space of its stoichiometric matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import gcd, lcm

from myeloniche.engine.ode_model import OdeModel

__all__ = ["breaking_processes", "conserved_totals"]

Row = dict[str, Fraction]


def conserved_totals(model: OdeModel) -> list[dict[str, int]]:
    """Return a basis of the sums of states that no process changes.

    Parameters
    ----------
    model
        The equations; states that no process touches are left out.

    Returns
    -------
    For each total, the smallest integer weight of every state in it. The first weight is positive.

    Notes
    -----
    Gauss-Jordan elimination of [S | I] over the fractions, where S has one row per state and one column per
    process: rows of which the left part vanishes are the null space on the right [1]_.

    References
    ----------
    .. [1] Schuster S, Höfer T, Determining all extreme semi-positive conservation relations in chemical
       reaction systems, J Chem Soc Faraday Trans 87, 1991, doi:10.1039/FT9918702561
    """
    pending = list(_rows(model).items())
    totals: list[Row] = []
    pivots: list[tuple[str, Row, Row]] = []
    for state, changes in pending:
        left, right = dict(changes), {state: Fraction(1)}
        for process, pivot_left, pivot_right in pivots:
            weight = left.get(process)
            if weight:
                left = _combined(left, pivot_left, weight / pivot_left[process])
                right = _combined(right, pivot_right, weight / pivot_left[process])
        if left:
            pivots.append((min(left), left, right))
        else:
            totals.append(right)
    return [_whole(total) for total in totals]


def breaking_processes(model: OdeModel, weights: Mapping[str, float]) -> list[str]:
    """Return the processes that change a weighted sum of states."""
    return [
        process.id
        for process in model.processes
        if sum(weights.get(state, 0) * coefficient for state, coefficient in process.stoichiometry) != 0
    ]


def _rows(model: OdeModel) -> dict[str, Row]:
    """Return what each process does to each state, by state."""
    rows: dict[str, Row] = {}
    for process in model.processes:
        for state, coefficient in process.stoichiometry:
            rows.setdefault(state, {})[process.id] = Fraction(coefficient).limit_denominator(10**6)
    return {state: rows[state] for state in model.states if state in rows}


def _combined(row: Row, pivot: Row, weight: Fraction) -> Row:
    """Return row - weight * pivot without its zeros."""
    mixed = {
        name: row.get(name, Fraction(0)) - weight * pivot.get(name, Fraction(0)) for name in {*row, *pivot}
    }
    return {name: value for name, value in mixed.items() if value}


def _whole(total: Row) -> dict[str, int]:
    """Return a total with coprime integer weights, the first one positive."""
    scale = lcm(*(value.denominator for value in total.values()))
    weights = {name: int(total[name] * scale) for name in sorted(total)}
    divisor = _divisor(weights.values())
    return {name: weight // divisor for name, weight in weights.items()}


def _divisor(weights: Iterable[int]) -> int:
    values = list(weights)
    return gcd(*values) * (1 if values[0] > 0 else -1)
