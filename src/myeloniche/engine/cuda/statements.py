"""Operations printed as C statements, cut into functions of bounded length that name what they compute."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from myeloniche.engine.kernels.chunks import Schedule
from myeloniche.engine.kernels.lowering import Lowering

__all__ = ["Function", "Names", "function_text", "literal", "pieces_text"]

_LONGEST_INLINE = 72
_LEAVES = frozenset({"number", "state", "parameter", "time"})
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
_COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_LOGIC = {"and": "&&", "or": "||"}
_CALLS = {"ln": "log", "abs": "fabs", "min": "least", "max": "greatest"}


def literal(value: float) -> str:
    """Return a number as C reads it back to the same bits."""
    if value != value:
        return "NO_NUMBER"
    if value in (float("inf"), float("-inf")):
        return "INFINITE" if value > 0 else "(-INFINITE)"
    return repr(value) if value >= 0 and not repr(value).startswith("-") else f"({value!r})"


@dataclass(frozen=True)
class Names:
    """States and parameters as C may name them.

    Attributes
    ----------
    states, parameters
        The model's names.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]

    def state(self, index: int) -> str:
        """Return the variable that holds a state."""
        return f"s{index}_{_identifier(self.states[index])}"

    def parameter(self, index: int) -> str:
        """Return the variable that holds a parameter."""
        return f"p{index}_{_identifier(self.parameters[index])}"

    def comment(self, index: int) -> str:
        """Return a state's name, free of anything that could end a comment."""
        return re.sub(r"[^\w.*-]", "_", self.states[index], flags=re.ASCII).rstrip("\\")


def _identifier(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)


@dataclass(frozen=True)
class Function:
    """A function to be printed.

    Attributes
    ----------
    name
        Its name.
    lowering, schedule
        The operations and their order.
    names
        Names of states and parameters.
    given
        Hoisted value of each operation that is known already.
    scratch
        Part of the work array for values that pass between pieces.
    write
        The statement that writes a value to one of the schedule's slots.
    """

    name: str
    lowering: Lowering
    schedule: Schedule
    names: Names
    given: Mapping[int, int]
    scratch: str
    write: Callable[[int, str], str]


def function_text(function: Function, arguments: str) -> str:
    """Return C of a function of the work array and other arguments, made of pieces if it is long.

    Parameters
    ----------
    function
        What to print.
    arguments
        Its arguments after the work array, for example ``", int from, double time"``.
    """
    bodies = [_Piece(function, chunk).lines for chunk in function.schedule.chunks]
    return pieces_text(function.name, bodies, arguments)


def pieces_text(name: str, bodies: Sequence[Sequence[str]], arguments: str) -> str:
    """Return C of a function whose body is cut into pieces, so that no piece takes long to compile."""
    if len(bodies) <= 1:
        return _definition(name, bodies[0] if bodies else (), arguments)
    parts = [_definition(f"{name}_{index}", body, arguments) for index, body in enumerate(bodies)]
    passed = "".join(f", {argument.split()[-1]}" for argument in arguments.split(",")[1:])
    calls = [f"{name}_{index}(work{passed});" for index in range(len(bodies))]
    return "\n".join([*parts, _definition(name, calls, arguments)])


def _definition(name: str, lines: Sequence[str], arguments: str) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"OUT_OF_LINE void {name}(double *work{arguments})\n{{\n{body}\n}}\n"


class _Piece:
    """Prints one piece: a value used once is written where it is used, others get a name."""

    def __init__(self, function: Function, chunk: Sequence[int]) -> None:
        self.function = function
        self.operations = function.lowering.operations
        self.lines: list[str] = []
        self.known: dict[int, str] = {}
        self.truths: dict[int, str] = {}
        self.inside = {op for op in chunk if op not in function.given and self._kind(op) not in _LEAVES}
        self.uses = Counter(
            int(operand) for operation in self.inside for operand in self.operations[operation][1]
        )
        for operation in chunk:
            self._compute(operation)

    def _kind(self, operation: int) -> str:
        return self.operations[operation][0]

    def _compute(self, operation: int) -> None:
        schedule = self.function.schedule
        stores = [self.function.write(slot, "{}") for slot in schedule.stores.get(operation, ())]
        if operation in schedule.scratch:
            stores.append(f"W({self.function.scratch} + {schedule.scratch[operation]}) = {{}};")
        if operation in self.inside:
            text = self._expression(operation)
            needed = self.uses[operation] + len(stores)
            if needed > 1 or (not stores and len(text) > _LONGEST_INLINE):
                self.truths.pop(operation, None)
                self.lines.append(f"const double t{operation} = {_bare(text)};")
                text = f"t{operation}"
            self.known[operation] = text
        self.lines += [store.format(_bare(self._value(operation))) for store in stores]

    def _value(self, operation: int) -> str:
        known = self.known.get(operation)
        if known is None:
            known = self._fetched(operation)
            self.known[operation] = known
        return known

    def _fetched(self, operation: int) -> str:
        kind, operands = self.operations[operation]
        names = self.function.names
        if kind == "number":
            return literal(float(operands[0]))
        if kind == "time":
            return "time"
        if operation in self.function.given:
            return self._loaded(operation, f"h{operation}", f"HOISTED + {self.function.given[operation]}")
        if kind == "state":
            return self._declared(names.state(int(operands[0])), f"from + {operands[0]}")
        if kind == "parameter":
            return self._declared(names.parameter(int(operands[0])), f"PARAMETER + {operands[0]}")
        slot = self.function.schedule.scratch[operation]
        return self._loaded(operation, f"t{operation}", f"{self.function.scratch} + {slot}")

    def _loaded(self, operation: int, name: str, place: str) -> str:
        return self._declared(name, place) if self.uses[operation] > 1 else f"W({place})"

    def _declared(self, name: str, place: str) -> str:
        self.lines.append(f"const double {name} = W({place});")
        return name

    def _truth(self, operation: int) -> str:
        self._value(operation)
        return self.truths.get(operation) or f"({self._value(operation)} != 0.0)"

    def _expression(self, operation: int) -> str:
        kind, operands = self.operations[operation]
        children = [int(operand) for operand in operands]
        truth = self._logic(kind, children)
        if truth:
            self.truths[operation] = truth
            return f"({truth} ? 1.0 : 0.0)"
        if kind == "select":
            then, otherwise = self._value(children[1]), self._value(children[2])
            return f"({self._truth(children[0])} ? {then} : {otherwise})"
        values = [self._value(child) for child in children]
        if kind in _INFIX:
            return f"({values[0]} {_INFIX[kind]} {values[1]})"
        if kind == "neg":
            return f"(-{values[0]})"
        return f"{_CALLS.get(kind, kind)}({', '.join(map(_bare, values))})"

    def _logic(self, kind: str, children: Sequence[int]) -> str:
        if kind in _COMPARISONS:
            return f"({self._value(children[0])} {_COMPARISONS[kind]} {self._value(children[1])})"
        if kind in _LOGIC:
            return f"({self._truth(children[0])} {_LOGIC[kind]} {self._truth(children[1])})"
        return f"(!{self._truth(children[0])})" if kind == "not" else ""


def _bare(text: str) -> str:
    """Drop parentheses around a whole expression."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]
