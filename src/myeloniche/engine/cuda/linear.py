"""The factorisation and the solution of the linear systems printed as C.

Matrices of moderate size become straight-line code; beyond a limit the same operations in the same order run
from tables, as a GPU fetches very long code more slowly than it computes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from myeloniche.engine.cuda.statements import Names, pieces_text
from myeloniche.engine.kernels.chunks import CHUNK_COST
from myeloniche.engine.kernels.ordering import FactorEntry, Factorisation

__all__ = ["factor_text", "solve_text", "table_text"]

_UPPER, _DIAGONAL, _LOWER = range(3)


def factor_text(plan: Factorisation, names: Names) -> str:
    """Return C of ``factor(work, shift)``: the factors of J - shift I in the place of J."""
    bodies = []
    for entries in _bounded(plan.entries, [len(entry.terms) + 2 for entry in plan.entries]):
        bodies.append([_entry(plan.entries[index], names) for index in entries])
    return pieces_text("factor", bodies, ", double shift")


def solve_text(plan: Factorisation, names: Names) -> str:
    """Return C of ``solve(work, to)``, which turns a right side into W^-1 times it, W = shift I - J."""
    rows = [
        _row(state, plan.lower[place], -1, names.comment(state)) for place, state in enumerate(plan.order)
    ]
    costs = [len(terms) + 3 for terms in plan.lower]
    for place in reversed(range(len(plan.order))):
        state = plan.order[place]
        rows.append(_row(state, plan.upper[place], plan.pivots[state], names.comment(state)))
        costs.append(len(plan.upper[place]) + 3)
    bodies = [[rows[index] for index in piece] for piece in _bounded(rows, costs)]
    return pieces_text("solve", bodies, ", int to")


def table_text(plan: Factorisation) -> str:
    """Return C of ``factor`` and ``solve`` as loops over tables."""
    entries = plan.entries
    kinds = [_DIAGONAL if e.on_diagonal else _LOWER if e.pivot >= 0 else _UPPER for e in entries]
    filled = {entry.slot for entry in entries if entry.source < 0}
    tables = {
        "FACTOR_SLOT": [entry.slot for entry in entries],
        "FACTOR_FILLED": [int(entry.slot in filled) for entry in entries],
        "FACTOR_PIVOT": [max(entry.pivot, 0) for entry in entries],
        "FACTOR_KIND": kinds,
        "FACTOR_FIRST": _starts([entry.terms for entry in entries]),
        "FACTOR_LEFT": [lower for entry in entries for lower, _ in entry.terms],
        "FACTOR_ABOVE": [upper for entry in entries for _, upper in entry.terms],
        "ORDER": list(plan.order),
        "PIVOT": list(plan.pivots),
    }
    for name, rows in (("LOWER", plan.lower), ("UPPER", plan.upper)):
        tables[f"{name}_FIRST"] = _starts(rows)
        tables[f"{name}_SLOT"] = [slot for row in rows for slot, _ in row]
        tables[f"{name}_STATE"] = [state for row in rows for _, state in row]
    parts = [_table(name, values) for name, values in tables.items()]
    return "\n".join([*parts, f"#define FACTOR_ENTRIES {len(entries)}", _TABLE_FUNCTIONS])


def _bounded(items: Sequence[object], costs: Sequence[int]) -> Iterator[list[int]]:
    """Cut a list into pieces of bounded cost; yield the places of each piece."""
    piece: list[int] = []
    total = 0
    for index in range(len(items)):
        if piece and total + costs[index] > CHUNK_COST:
            yield piece
            piece, total = [], 0
        piece.append(index)
        total += costs[index]
    if piece:
        yield piece


def _entry(entry: FactorEntry, names: Names) -> str:
    value = f"W(FACTOR + {entry.slot})" if entry.source >= 0 else "0.0"
    if entry.on_diagonal:
        value = f"{value} - shift"
    for lower, upper in entry.terms:
        value += f" - W(FACTOR + {lower}) * W(FACTOR + {upper})"
    if entry.on_diagonal:
        value = f"1.0 / ({value})"
    elif entry.pivot >= 0:
        value = f"{_grouped(value, entry.terms)} * W(FACTOR + {entry.pivot})"
    where = f"{names.comment(entry.row)}, {names.comment(entry.column)}"
    return f"W(FACTOR + {entry.slot}) = {value};  // {where}"


def _row(state: int, terms: Sequence[tuple[int, int]], pivot: int, name: str) -> str:
    forward = pivot < 0
    value = f"-W(to + {state})" if forward else f"W(to + {state})"
    for slot, other in terms:
        value += f" - W(FACTOR + {slot}) * W(to + {other})"
    if not forward:
        value = f"{_grouped(value, terms)} * W(FACTOR + {pivot})"
    return f"W(to + {state}) = {value};  // {name}"


def _grouped(value: str, terms: Sequence[object]) -> str:
    return f"({value})" if terms else value


def _starts(rows: Sequence[Sequence[object]]) -> list[int]:
    starts = [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    return starts


def _table(name: str, values: Sequence[int]) -> str:
    listed = ", ".join(map(str, values or [0]))
    return f"TABLE int {name}[] = {{{listed}}};"


_TABLE_FUNCTIONS = """
OUT_OF_LINE void factor(double *work, double shift)
{
    for (int entry = 0; entry < FACTOR_ENTRIES; ++entry) {
        const int slot = FACTOR + FACTOR_SLOT[entry], kind = FACTOR_KIND[entry];
        double value = FACTOR_FILLED[entry] ? 0.0 : W(slot);
        if (kind == 1) value = value - shift;
        for (int term = FACTOR_FIRST[entry]; term < FACTOR_FIRST[entry + 1]; ++term)
            value = value - W(FACTOR + FACTOR_LEFT[term]) * W(FACTOR + FACTOR_ABOVE[term]);
        if (kind == 1) value = 1.0 / value;
        if (kind == 2) value = value * W(FACTOR + FACTOR_PIVOT[entry]);
        W(slot) = value;
    }
}

OUT_OF_LINE void solve(double *work, int to)
{
    for (int row = 0; row < STATES; ++row) {
        double value = -W(to + ORDER[row]);
        for (int term = LOWER_FIRST[row]; term < LOWER_FIRST[row + 1]; ++term)
            value = value - W(FACTOR + LOWER_SLOT[term]) * W(to + LOWER_STATE[term]);
        W(to + ORDER[row]) = value;
    }
    for (int row = STATES - 1; row >= 0; --row) {
        double value = W(to + ORDER[row]);
        for (int term = UPPER_FIRST[row]; term < UPPER_FIRST[row + 1]; ++term)
            value = value - W(FACTOR + UPPER_SLOT[term]) * W(to + UPPER_STATE[term]);
        W(to + ORDER[row]) = value * W(FACTOR + PIVOT[ORDER[row]]);
    }
}
"""
