"""A model's equations, their Jacobian and the integrator's step, printed as one module of LLVM IR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from myeloniche.engine.kernels.chunks import (
    Schedule,
    Store,
    emit_chunks,
    function_text,
    plan_schedule,
)
from myeloniche.engine.kernels.factor_table import factor_table_text
from myeloniche.engine.kernels.layout import Layout, plan_layout
from myeloniche.engine.kernels.linear_printer import factor_text, solve_text
from myeloniche.engine.kernels.lowering import Lowering, SourceNode
from myeloniche.engine.kernels.ordering import Factorisation, plan_factorisation
from myeloniche.engine.kernels.step_printer import step_text
from myeloniche.engine.kernels.vector_math import LIBRARY_FUNCTIONS, library_text, math_text
from myeloniche.engine.rosenbrock_tableau import RosenbrockTableau

__all__ = ["STRAIGHT_LINE_LIMIT", "Equations", "print_module"]

STRAIGHT_LINE_LIMIT = 20_000
"""Multiply-subtracts above which the factorisation is a loop over tables: about two seconds to compile."""


@dataclass(frozen=True)
class Equations:
    """What the kernels compute, as nodes of an expression graph.

    Attributes
    ----------
    nodes
        The graph's nodes.
    states, parameters
        Names of the symbols, in the order of their slots.
    rates
        Node of each state's derivative.
    jacobian
        (row, column, node) of the entries that are not identically zero.
    time_slopes
        Node of each rate's explicit derivative by time; empty if no rate contains the time.
    """

    nodes: Sequence[SourceNode]
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    rates: tuple[int, ...]
    jacobian: tuple[tuple[int, int, int], ...]
    time_slopes: tuple[int, ...] = ()


def print_module(equations: Equations, *, lanes: int, tableau: RosenbrockTableau) -> tuple[str, Layout]:
    """Print all kernels of a model.

    Parameters
    ----------
    equations
        The model.
    lanes
        Trajectories in one vector.
    tableau
        The integration method.

    Returns
    -------
    Text of the module, and where its kernels expect what in their workspace.
    """
    return _ModulePrinter(equations, lanes).text(tableau)


class _ModulePrinter:
    def __init__(self, equations: Equations, lanes: int) -> None:
        self.equations = equations
        self.lanes = lanes
        self.lowering = Lowering(equations.nodes, equations.states, equations.parameters)
        self.rates = self.lowering.lower(equations.rates)
        self.entries = self.lowering.lower(node for _, _, node in equations.jacobian)
        self.slopes = self.lowering.lower(equations.time_slopes)
        roots = [*self.rates, *self.entries, *self.slopes]
        self.hoisted = _hoisted(self.lowering, roots)
        positions = [(row, column) for row, column, _ in equations.jacobian]
        self.plan: Factorisation = plan_factorisation(len(equations.states), positions)

    def text(self, tableau: RosenbrockTableau) -> tuple[str, Layout]:
        # scratch slots are counted first, from schedules whose destinations do not matter yet
        draft = self._layout(0)
        scratch = max(len(schedule.scratch) for schedule in self._schedules(draft).values())
        layout = self._layout(scratch)
        given = self._given(layout)
        parts = [math_text(self.lanes), library_text(self.lanes, self._library_functions())]
        for name, schedule in self._schedules(layout).items():
            known = {} if name == "prepare_values" else given
            parts.append(emit_chunks(name, self.lowering, schedule, layout, known))
        parts.append(function_text("prepare", ["  call void @prepare_values(ptr %w, ptr %w)"]))
        long = self.plan.operations > STRAIGHT_LINE_LIMIT
        factor = factor_table_text if long else factor_text
        parts.append(factor(self.plan, layout, tableau.gamma))
        parts.append(solve_text(self.plan, layout))
        parts.append(step_text(layout, tableau))
        return "\n".join(parts), layout

    def _layout(self, scratch: int) -> Layout:
        return plan_layout(
            lanes=self.lanes,
            states=len(self.equations.states),
            parameters=len(self.equations.parameters),
            hoisted=len(self.hoisted),
            factors=self.plan.slots,
            scratch=scratch,
            timed=bool(self.equations.time_slopes),
        )

    def _given(self, layout: Layout) -> dict[int, int]:
        return {operation: layout["hoisted"] + place for place, operation in enumerate(self.hoisted)}

    def _schedules(self, layout: Layout) -> dict[str, Schedule]:
        given = self._given(layout)
        fixed = self.lowering.fixed
        linear = [Store(e, layout["factor"] + slot) for slot, e in enumerate(self.entries)]
        linear += [Store(e, layout["time_slope"] + i) for i, e in enumerate(self.slopes)]
        prepared = [Store(operation, slot) for operation, slot in given.items()]
        prepared += [store for store in linear if fixed[store.operation]]
        moving = [store for store in linear if not fixed[store.operation]]
        rates = [Store(operation, layout["rate"] + i) for i, operation in enumerate(self.rates)]
        hoisted = frozenset(given)
        return {
            "prepare_values": plan_schedule(self.lowering, prepared, frozenset()),
            "rhs": plan_schedule(self.lowering, rates, hoisted),
            "jacobian": plan_schedule(self.lowering, moving, hoisted),
        }

    def _library_functions(self) -> set[str]:
        used = {kind for kind, _ in self.lowering.operations}
        return used.intersection(LIBRARY_FUNCTIONS)


def _hoisted(lowering: Lowering, roots: Sequence[int]) -> list[int]:
    """Return the operations on parameters whose values the time-dependent ones use, in ascending order."""
    leaves = ("number", "parameter")
    found: set[int] = set()
    seen: set[int] = set()
    waiting = list(roots)
    while waiting:
        operation = waiting.pop()
        if operation in seen:
            continue
        seen.add(operation)
        kind, operands = lowering.operations[operation]
        if lowering.fixed[operation]:
            if kind not in leaves:
                found.add(operation)
        elif kind not in ("state", "time"):
            waiting.extend(int(operand) for operand in operands)
    return sorted(found)
