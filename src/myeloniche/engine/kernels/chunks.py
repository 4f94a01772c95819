"""Straight-line code cut into functions of bounded length.

LLVM's effort grows faster than linearly with the length of a block, so long kernels are printed as a row of
small functions. A value that a later function needs as well passes through the workspace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myeloniche.engine.kernels.ir_writer import IrWriter
from myeloniche.engine.kernels.layout import Layout
from myeloniche.engine.kernels.lowering import COMPARISONS, Lowering
from myeloniche.engine.kernels.vector_math import LIBRARY_FUNCTIONS

__all__ = ["CHUNK_COST", "Schedule", "Store", "emit_chunks", "function_text", "plan_schedule"]

CHUNK_COST = 240
_CALLS = frozenset({"exp", "ln", "log10", "ln_high", "pow_parts", *LIBRARY_FUNCTIONS})
_CALL_COST = 12
_LEAVES = frozenset({"number", "state", "parameter", "time"})
_LOGIC = {"and": "and", "or": "or"}


@dataclass(frozen=True)
class Store:
    """A result of a kernel: an operation, and the slot of the workspace that receives it."""

    operation: int
    slot: int


@dataclass(frozen=True)
class Schedule:
    """A kernel's operations, cut into chunks.

    Attributes
    ----------
    chunks
        Operations of each chunk in order.
    scratch
        Scratch slot of every operation that a later chunk uses.
    stores
        Slots to write by operation.
    """

    chunks: tuple[tuple[int, ...], ...]
    scratch: dict[int, int]
    stores: dict[int, tuple[int, ...]]


def plan_schedule(lowering: Lowering, stores: Sequence[Store], given: frozenset[int]) -> Schedule:
    """Order a kernel's operations depth first from its results, and cut them into chunks.

    Parameters
    ----------
    lowering
        The operations.
    stores
        The kernel's results.
    given
        Operations whose values lie in the workspace already.
    """
    slots: dict[int, tuple[int, ...]] = {}
    for store in stores:
        slots[store.operation] = (*slots.get(store.operation, ()), store.slot)
    order = _depth_first(lowering, list(slots), given)
    chunks: list[list[int]] = [[]]
    cost = 0
    for operation in order:
        weight = _CALL_COST if lowering.operations[operation][0] in _CALLS else 1
        if cost + weight > CHUNK_COST:
            chunks.append([])
            cost = 0
        chunks[-1].append(operation)
        cost += weight
    place = {operation: index for index, chunk in enumerate(chunks) for operation in chunk}
    return Schedule(tuple(map(tuple, chunks)), _crossings(lowering, chunks, place, given), slots)


def _depth_first(lowering: Lowering, roots: list[int], given: frozenset[int]) -> list[int]:
    done: set[int] = set()
    order: list[int] = []
    for root in roots:
        stack = [(root, False)]
        while stack:
            operation, ready = stack.pop()
            if operation in done:
                continue
            if ready:
                done.add(operation)
                order.append(operation)
                continue
            stack.append((operation, True))
            stack.extend((child, False) for child in reversed(_computed(lowering, operation, given)))
    return order


def _computed(lowering: Lowering, operation: int, given: frozenset[int]) -> list[int]:
    """Return the operands that the kernel has to compute."""
    kind, operands = lowering.operations[operation]
    if kind in _LEAVES or operation in given:
        return []
    kinds = lowering.operations
    return [int(o) for o in operands if kinds[int(o)][0] not in _LEAVES and o not in given]


def _crossings(
    lowering: Lowering, chunks: list[list[int]], place: dict[int, int], given: frozenset[int]
) -> dict[int, int]:
    scratch: dict[int, int] = {}
    for index, chunk in enumerate(chunks):
        for operation in chunk:
            for child in _computed(lowering, operation, given):
                if place[child] != index and child not in scratch:
                    scratch[child] = len(scratch)
    return scratch


def emit_chunks(
    name: str, lowering: Lowering, schedule: Schedule, layout: Layout, given: dict[int, int]
) -> str:
    """Return IR of a kernel ``name(workspace, state)`` made of chunks.

    Parameters
    ----------
    name
        Name of the function.
    lowering, schedule, layout
        The operations, their order, and where everything lies.
    given
        Slots of operations computed earlier, by operation.
    """
    parts = []
    for index, chunk in enumerate(schedule.chunks):
        writer = _ChunkWriter(lowering, schedule, layout, given)
        for operation in chunk:
            writer.compute(operation)
        parts.append(function_text(f"{name}_{index}", writer.lines, arguments=2, internal=True))
    calls = [f"  call void @{name}_{index}(ptr %w, ptr %y)" for index in range(len(schedule.chunks))]
    parts.append(function_text(name, calls, arguments=2))
    return "\n".join(parts)


def function_text(name: str, lines: Sequence[str], *, arguments: int = 1, internal: bool = False) -> str:
    """Return IR of a function of the workspace ``%w`` and, with two arguments, another pointer ``%y``."""
    linkage = "internal " if internal else ""
    listed = ", ".join(f"ptr noalias {pointer}" for pointer in ("%w", "%y")[:arguments])
    return f"define {linkage}void @{name}({listed}) nounwind {{\n" + "\n".join(lines) + "\n  ret void\n}"


class _ChunkWriter(IrWriter):
    """Prints operations; looks values up in this chunk, in the workspace, or among the constants."""

    def __init__(self, lowering: Lowering, schedule: Schedule, layout: Layout, given: dict[int, int]) -> None:
        super().__init__(layout.lanes)
        self.lowering = lowering
        self.schedule = schedule
        self.layout = layout
        self.given = given
        self.values: dict[int, str] = {}
        self.conditions: dict[int, str] = {}
        self.pairs: dict[int, str] = {}

    def compute(self, operation: int) -> None:
        """Print an operation and write its value wherever it is wanted."""
        kind, operands = self.lowering.operations[operation]
        slots = [*self.schedule.stores.get(operation, ())]
        if operation in self.schedule.scratch:
            slots.append(self.layout["scratch"] + self.schedule.scratch[operation])
        if kind not in _LEAVES and operation not in self.given:
            self._print(operation, kind, tuple(int(operand) for operand in operands))
        for slot in slots:
            self.store(self.value(operation), slot)

    def value(self, operation: int) -> str:
        """Return the vector that an operation gives."""
        known = self.values.get(operation)
        if known is None:
            known = self._fetch(operation)
            self.values[operation] = known
        return known

    def condition(self, operation: int) -> str:
        """Return an operation's value as bits: whatever is not 0 is true."""
        known = self.conditions.get(operation)
        if known is None:
            known = self.compare("une", self.value(operation), self.splat(0.0))
            self.conditions[operation] = known
        return known

    def _fetch(self, operation: int) -> str:
        if operation in self.conditions:
            return self.select(self.conditions[operation], self.splat(1.0), self.splat(0.0))
        kind, operands = self.lowering.operations[operation]
        if kind == "number":
            return self.splat(float(operands[0]))
        if operation in self.given:
            return self.load(self.given[operation])
        if kind == "state":
            return self.load(int(operands[0]), "%y")
        if kind == "parameter":
            return self.load(self.layout["parameter"] + int(operands[0]))
        if kind == "time":
            return self.load(self.layout["stage_time"])
        return self.load(self.layout["scratch"] + self.schedule.scratch[operation])

    def _print(self, operation: int, kind: str, operands: tuple[int, ...]) -> None:
        if kind in COMPARISONS:
            self.conditions[operation] = self.compare(COMPARISONS[kind], *map(self.value, operands))
        elif kind in _LOGIC:
            self.conditions[operation] = self.logic(_LOGIC[kind], *map(self.condition, operands))
        elif kind == "not":
            self.conditions[operation] = self.invert(self.condition(operands[0]))
        elif kind == "select":
            then, otherwise = self.value(operands[1]), self.value(operands[2])
            self.values[operation] = self.select(self.condition(operands[0]), then, otherwise)
        elif kind in ("ln_high", "ln_low"):
            self.values[operation] = self._ln_part(operands[0], 0 if kind == "ln_high" else 1)
        else:
            self.values[operation] = self._arithmetic(kind, [self.value(operand) for operand in operands])

    def _arithmetic(self, kind: str, values: list[str]) -> str:
        if kind in ("add", "sub", "mul", "div"):
            return {"add": self.add, "sub": self.sub, "mul": self.mul, "div": self.div}[kind](*values)
        if kind == "neg":
            return self.neg(values[0])
        if kind in ("min", "max"):
            return self._extreme("olt" if kind == "min" else "ogt", *values)
        if kind in ("sqrt", "abs", "floor", "ceil"):
            return self.intrinsic("fabs" if kind == "abs" else kind, values[0])
        return self.call(f"v_{kind}", *values)

    def _extreme(self, predicate: str, left: str, right: str) -> str:
        chosen = self.select(self.compare(predicate, left, right), left, right)
        unordered = self.compare("uno", left, right)
        return self.select(unordered, self.exact("fadd", left, right), chosen)

    def _ln_part(self, base: int, part: int) -> str:
        pair = f"{{ {self.double}, {self.double} }}"
        if base not in self.pairs:
            magnitude = self.intrinsic("fabs", self.value(base))
            self.pairs[base] = self.emit(f"call {pair} @v_ln_parts({self.double} {magnitude})")
        return self.emit(f"extractvalue {pair} {self.pairs[base]}, {part}")
