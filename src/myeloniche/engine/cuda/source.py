"""A model's equations and the integrator printed as one CUDA C source, which is C++ for a host as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from myeloniche.engine.cuda.arguments import batch_struct
from myeloniche.engine.cuda.linear import factor_text, solve_text, table_text
from myeloniche.engine.cuda.statements import Function, Names, function_text, literal
from myeloniche.engine.cuda.work_layout import WorkLayout, in_place, share_scratch
from myeloniche.engine.kernels.chunks import Schedule, Store, plan_schedule
from myeloniche.engine.kernels.ir_printer import STRAIGHT_LINE_LIMIT, Equations
from myeloniche.engine.kernels.lowering import Lowering
from myeloniche.engine.kernels.ordering import plan_factorisation
from myeloniche.engine.rosenbrock_tableau import RosenbrockTableau

__all__ = ["CudaSource", "print_source"]

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class CudaSource:
    """The printed source.

    Attributes
    ----------
    text
        CUDA C, or C++ where no CUDA compiler reads it.
    layout
        A thread's work array.
    """

    text: str
    layout: WorkLayout


def print_source(
    equations: Equations, tableau: RosenbrockTableau, *, straight_line_limit: int = STRAIGHT_LINE_LIMIT
) -> CudaSource:
    """Print a model for one thread per member.

    Parameters
    ----------
    equations
        The model.
    tableau
        The integration method.
    straight_line_limit
        Multiply-subtracts of a factorisation above which it becomes a loop over tables.

    Returns
    -------
    The source, whose only kernel is ``integrate(const Batch *batch)``, and its work array's layout.
    """
    return _SourcePrinter(equations, tableau).source(straight_line_limit)


class _SourcePrinter:
    def __init__(self, equations: Equations, tableau: RosenbrockTableau) -> None:
        self.tableau = tableau
        self.names = Names(equations.states, equations.parameters)
        self.lowering = Lowering(equations.nodes, equations.states, equations.parameters)
        self.rates = self.lowering.lower(equations.rates)
        self.entries = self.lowering.lower(node for _, _, node in equations.jacobian)
        self.positions = [(row, column) for row, column, _ in equations.jacobian]
        self.slopes = [
            (state, slope)
            for state, slope in enumerate(self.lowering.lower(equations.time_slopes))
            if self.lowering.value_of(slope) != 0.0
        ]
        _whole_powers(self.lowering)
        roots = [*self.rates, *self.entries, *(slope for _, slope in self.slopes)]
        self.hoisted = {op: place for place, op in enumerate(_hoisted(self.lowering, roots))}
        plan = plan_factorisation(len(equations.states), self.positions)
        self.plan, self.overwritten = in_place(plan, len(self.positions))
        self.schedules = self._schedules()
        self.layout = WorkLayout(
            states=len(equations.states),
            parameters=len(equations.parameters),
            hoisted=len(self.hoisted),
            factors=self.plan.slots,
            time_slopes=len(self.slopes),
            scratch=max(_count(self.schedules[name]) for name in self.schedules if not self._borrows(name)),
            stages=tableau.stages,
        )

    def source(self, straight_line_limit: int) -> CudaSource:
        long = self.plan.operations > straight_line_limit
        linear = [factor_text(self.plan, self.names), solve_text(self.plan, self.names)]
        parts = [
            (_HERE / "prelude.cu").read_text(encoding="utf-8"),
            _constants(self.layout, self.tableau),
            batch_struct(),
            "// ---- the model",
            *(self._function(name) for name in self.schedules),
            self._add_time_slopes(),
            *([table_text(self.plan)] if long else linear),
            (_HERE / "integrator.cu").read_text(encoding="utf-8"),
        ]
        return CudaSource("\n".join(parts), self.layout)

    def _schedules(self) -> dict[str, Schedule]:
        # slots: of the rates the state; else the Jacobian's entries, then the slopes, then the hoisted values
        fixed = self.lowering.fixed
        slopes = len(self.entries)
        first = slopes + len(self.slopes)
        linear = [Store(entry, slot) for slot, entry in enumerate(self.entries)]
        linear += [Store(slope, slopes + place) for place, (_, slope) in enumerate(self.slopes)]
        lasting = [s for s in linear if fixed[s.operation] and s.slot not in self.overwritten]
        prepared = [Store(operation, first + place) for operation, place in self.hoisted.items()] + lasting
        moving = [store for store in linear if store not in lasting]
        rates = [Store(operation, state) for state, operation in enumerate(self.rates)]
        given = frozenset(self.hoisted)
        plans = {
            "prepare": plan_schedule(self.lowering, prepared, frozenset()),
            "rates": plan_schedule(self.lowering, rates, given),
            "jacobian": plan_schedule(self.lowering, moving, given),
        }
        return {name: share_scratch(self.lowering, plan) for name, plan in plans.items()}

    def _borrows(self, name: str) -> bool:
        """Say whether a function's scratch fits where the stages lie: between steps they hold nothing."""
        room = len(self.names.states) * self.tableau.stages
        return name != "rates" and _count(self.schedules[name]) <= room

    def _function(self, name: str) -> str:
        schedule = self.schedules[name]
        scratch = "K" if self._borrows(name) else "SCRATCH"
        given = {} if name == "prepare" else self.hoisted
        write = self._add_rate if name == "rates" else self._write
        function = Function(name, self.lowering, schedule, self.names, given, scratch, write)
        arguments = {"prepare": "", "rates": ", int from, int to, double time"}
        return function_text(function, arguments.get(name, ", int from, double time"))

    def _add_rate(self, state: int, value: str) -> str:
        return f"W(to + {state}) += {value};  // d {self.names.comment(state)} / dt"

    def _write(self, slot: int, value: str) -> str:
        if slot < len(self.entries):
            row, column = (self.names.comment(index) for index in self.positions[slot])
            return f"W(FACTOR + {slot}) = {value};  // d (d {row} / dt) / d {column}"
        slot -= len(self.entries)
        if slot < len(self.slopes):
            name = self.names.comment(self.slopes[slot][0])
            return f"W(TIME_SLOPE + {slot}) = {value};  // d (d {name} / dt) / d time"
        return f"W(HOISTED + {slot - len(self.slopes)}) = {value};"

    def _add_time_slopes(self) -> str:
        lines = [
            f"    W(to + {state}) += scale * W(TIME_SLOPE + {place});  // {self.names.comment(state)}"
            for place, (state, _) in enumerate(self.slopes)
        ]
        body = "\n".join(lines)
        return f"DEVICE void add_time_slopes(double *work, int to, double scale)\n{{\n{body}\n}}\n"


def _count(schedule: Schedule) -> int:
    return max(schedule.scratch.values(), default=-1) + 1


def _whole_powers(lowering: Lowering) -> None:
    """Undo the split of powers into logarithms: the compilers' own power is as fast and more exact."""
    for place, (kind, operands) in enumerate(lowering.operations):
        if kind == "pow_parts":
            lowering.operations[place] = ("pow", (operands[0], operands[3]))


def _hoisted(lowering: Lowering, roots: Iterable[int]) -> list[int]:
    """Return the operations on parameters alone whose values others use, in ascending order."""
    wanted = set(roots)
    for operation in range(len(lowering.operations) - 1, -1, -1):
        kind, operands = lowering.operations[operation]
        if operation in wanted and not lowering.fixed[operation] and kind not in ("state", "time"):
            wanted.update(int(operand) for operand in operands)
    leaves = ("number", "parameter")
    return sorted(op for op in wanted if lowering.fixed[op] and lowering.operations[op][0] not in leaves)


def _constants(layout: WorkLayout, tableau: RosenbrockTableau) -> str:
    sizes = {"STATES": layout.states, "PARAMETERS": layout.parameters}
    sizes |= {"STAGES": tableau.stages, "ORDER_OF_METHOD": tableau.order}
    lines = [f"#define {name} {value}" for name, value in sizes.items()]
    lines += ["// first slots of a thread's work array"]
    lines += [f"#define {name} {value}" for name, value in layout.offsets.items()]
    lines += ["// the method", f"#define GAMMA {literal(tableau.gamma)}"]
    lines += [_matrix("ARGUMENTS", tableau.arguments, tableau.stages)]
    lines += [_matrix("COUPLINGS", tableau.couplings, tableau.stages)]
    lines += [_matrix("DENSE", tableau.dense, tableau.stages)]
    lines += [_vector("NODES", tableau.nodes), _vector("SLOPES", tableau.slopes)]
    return "\n".join(lines) + "\n"


def _vector(name: str, values: Sequence[float]) -> str:
    return f"COEFFICIENTS double {name}[] = {{{', '.join(map(repr, values))}}};"


def _matrix(name: str, rows: Sequence[Sequence[float]], width: int) -> str:
    padded = [[*row, *[0.0] * (width - len(row))] for row in rows]
    listed = ",\n    ".join(f"{{{', '.join(map(repr, row))}}}" for row in padded)
    return f"COEFFICIENTS double {name}[][{width}] = {{\n    {listed}}};"
