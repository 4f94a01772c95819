"""The factorisation of a step's matrix and the solution with it, as straight-line IR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from myeloniche.engine.kernels.chunks import CHUNK_COST, function_text
from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.ordering import FactorEntry, Factorisation

__all__ = ["factor_text", "solve_text"]


def factor_text(plan: Factorisation, layout: Layout, gamma: float) -> str:
    """Return IR of ``factor(workspace)``: the factors of J - I/(gamma h), from the Jacobian in place."""
    parts, names = [], []
    for index, entries in enumerate(_bounded(plan.entries)):
        writer = IrWriter(layout.lanes)
        # 1/(gamma h) is taken anew in each chunk: cheaper than a slot for it
        shift = _shift(writer, layout, gamma) if any(entry.on_diagonal for entry in entries) else ""
        fetch = _Fetch(writer, layout["factor"])
        for entry in entries:
            _emit_entry(writer, fetch, entry, shift)
        names.append(f"factor_{index}")
        parts.append(function_text(names[-1], writer.lines, internal=True))
    calls = [f"  call void @{name}(ptr %w)" for name in names]
    parts.append(function_text("factor", calls))
    return "\n".join(parts)


def _bounded(entries: Sequence[FactorEntry]) -> Iterator[list[FactorEntry]]:
    chunk: list[FactorEntry] = []
    cost = 0
    for entry in entries:
        weight = len(entry.terms) + 2
        if chunk and cost + weight > CHUNK_COST:
            yield chunk
            chunk, cost = [], 0
        chunk.append(entry)
        cost += weight
    if chunk:
        yield chunk


def _shift(writer: IrWriter, layout: Layout, gamma: float) -> str:
    scaled = writer.mul(writer.splat(gamma), writer.load(layout["step"]))
    return writer.div(writer.splat(1.0), scaled)


class _Fetch:
    """Loads factors, keeping those that the next entries of the same row or column use again."""

    def __init__(self, writer: IrWriter, base: int) -> None:
        self.writer = writer
        self.base = base
        self.line = (-1, -1)
        self.kept: dict[int, str] = {}

    def once(self, slot: int) -> str:
        """Return a value that is read here only."""
        return self.writer.load(self.base + slot)

    def shared(self, slot: int, line: tuple[int, int]) -> str:
        """Return a value that all entries of a line of the matrix use."""
        if line != self.line:
            self.line = line
            self.kept = {}
        if slot not in self.kept:
            self.kept[slot] = self.once(slot)
        return self.kept[slot]


def _emit_entry(writer: IrWriter, fetch: _Fetch, entry: FactorEntry, shift: str) -> None:
    value = fetch.once(entry.source) if entry.source >= 0 else ""
    if entry.on_diagonal:
        value = writer.sub(value, shift) if value else writer.neg(shift)
    below = entry.pivot >= 0
    line = (1, entry.column) if below else (0, entry.row)
    for lower, upper in entry.terms:
        if below:
            product = writer.mul(fetch.once(lower), fetch.shared(upper, line))
        else:
            product = writer.mul(fetch.shared(lower, line), fetch.once(upper))
        value = writer.sub(value, product) if value else writer.neg(product)
    if entry.on_diagonal:
        value = writer.div(writer.splat(1.0), value)
    elif below:
        value = writer.mul(value, fetch.shared(entry.pivot, line))
    writer.store(value, fetch.base + entry.slot)


def solve_text(plan: Factorisation, layout: Layout) -> str:
    """Return IR of ``solve(workspace, k)``: k = W^-1 (rate + correction) with W = I/(gamma h) - J."""
    rows = [(state, list(plan.lower[place]), False) for place, state in enumerate(plan.order)]
    rows += [(state, list(plan.upper[place]), True) for place, state in reversed(list(enumerate(plan.order)))]
    parts, names = [], []
    for index, chunk in enumerate(_bounded_rows(rows)):
        writer = _SolveWriter(plan, layout)
        for state, terms, backward in chunk:
            writer.row(state, terms, backward=backward)
        names.append(f"solve_{index}")
        parts.append(function_text(names[-1], writer.lines, arguments=2, internal=True))
    calls = [f"  call void @{name}(ptr %w, ptr %y)" for name in names]
    parts.append(function_text("solve", calls, arguments=2))
    return "\n".join(parts)


_Row = tuple[int, list[tuple[int, int]], bool]


def _bounded_rows(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    chunk: list[_Row] = []
    cost = 0
    for row in rows:
        weight = len(row[1]) + 3
        if chunk and cost + weight > CHUNK_COST:
            yield chunk
            chunk, cost = [], 0
        chunk.append(row)
        cost += weight
    if chunk:
        yield chunk


class _SolveWriter(IrWriter):
    """Prints rows of the substitution; what this chunk has solved it keeps, the rest lies in memory."""

    def __init__(self, plan: Factorisation, layout: Layout) -> None:
        super().__init__(layout.lanes)
        self.plan = plan
        self.layout = layout
        self.solved: dict[int, str] = {}

    def row(self, state: int, terms: Sequence[tuple[int, int]], *, backward: bool) -> None:
        """Print one row of the forward or backward substitution."""
        value = self._known(state) if backward else self._right_side(state)
        base = self.layout["factor"]
        for slot, other in terms:
            value = self.sub(value, self.mul(self.load(base + slot), self._known(other)))
        if backward:
            value = self.mul(value, self.load(base + self.plan.pivots[state]))
        self.solved[state] = value
        self.store(value, state, "%y")

    def _right_side(self, state: int) -> str:
        # the factors are those of -W, so the right side changes its sign
        rate = self.load(self.layout["rate"] + state)
        return self.sub(self.neg(rate), self.load(self.layout["correction"] + state))

    def _known(self, state: int) -> str:
        if state not in self.solved:
            self.solved[state] = self.load(state, "%y")
        return self.solved[state]
