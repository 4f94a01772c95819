"""A model's expressions rewritten into few and cheap vector operations.

What is rewritten, and why: factors that depend on parameters only are gathered in front of every product,
so that they are multiplied once per change of parameters and not in every step; a division by a parameter
becomes a product with its inverse, for the same reason; powers with small whole exponents become
products; and the logarithm of a base is shared by all its powers, such as x**n and the x**(n-1) of its
derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

__all__ = ["COMPARISONS", "TIME", "Lowering", "SourceNode"]

SourceNode = tuple[str, tuple]  # type: ignore[type-arg]
TIME = "time"
COMPARISONS = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_LARGEST_WHOLE_EXPONENT = 16

Operation = tuple[str, tuple[float | int, ...]]


class Lowering:
    """A hash-consed list of vector operations, each with operands that come before it.

    Parameters
    ----------
    source
        Nodes of the expression graph.
    states, parameters
        Names of the symbols, in the order of their slots.

    Attributes
    ----------
    operations
        ``("number", (value,))``, ``("state", (index,))``, ``("parameter", (index,))``, ``("time", ())`` or an
        operation on earlier ones.
    fixed
        For each operation, whether it depends on nothing but parameters.
    """

    def __init__(
        self, source: Sequence[SourceNode], states: Sequence[str], parameters: Sequence[str]
    ) -> None:
        self.source = source
        self.operations: list[Operation] = []
        self.fixed: list[bool] = []
        self._interned: dict[Operation, int] = {}
        self._lowered: dict[int, int] = {}
        self._binary: dict[str, Callable[[int, int], int]] = {
            "add": self._add,
            "sub": self._sub,
            "mul": self._mul,
            "div": self._div,
            "pow": self._pow,
        }
        self._symbols: dict[str, Operation] = {TIME: ("time", ())}
        self._symbols.update({name: ("parameter", (i,)) for i, name in enumerate(parameters)})
        self._symbols.update({name: ("state", (i,)) for i, name in enumerate(states)})

    def lower(self, roots: Iterable[int]) -> list[int]:
        """Return the operations that compute the given nodes of the graph."""
        wanted = list(roots)
        for node in self._missing(wanted):
            operation, operands = self.source[node]
            self._lowered[node] = self._translate(operation, operands)
        return [self._lowered[node] for node in wanted]

    def number(self, value: float) -> int:
        """Return the operation that is a constant."""
        return self._intern("number", (float(value),), fixed=True)

    def value_of(self, operation: int) -> float | None:
        """Return a constant's value, or None for anything else."""
        kind, operands = self.operations[operation]
        return float(operands[0]) if kind == "number" else None

    def _missing(self, roots: list[int]) -> list[int]:
        found: set[int] = set()
        waiting = [node for node in roots if node not in self._lowered]
        while waiting:
            node = waiting.pop()
            if node in found:
                continue
            found.add(node)
            operation, operands = self.source[node]
            if operation not in ("number", "symbol"):
                waiting.extend(child for child in operands if child not in self._lowered)
        return sorted(found)  # children have smaller numbers than their parents

    def _intern(self, kind: str, operands: tuple[float | int, ...], *, fixed: bool) -> int:
        key = (kind, operands)
        known = self._interned.get(key)
        if known is not None:
            return known
        self.operations.append(key)
        self.fixed.append(fixed)
        self._interned[key] = len(self.operations) - 1
        return len(self.operations) - 1

    def _apply(self, kind: str, *operands: int) -> int:
        return self._intern(kind, operands, fixed=all(self.fixed[operand] for operand in operands))

    def _translate(self, operation: str, operands: tuple[float | int | str, ...]) -> int:
        if operation == "number":
            return self.number(float(operands[0]))
        if operation == "symbol":
            kind, place = self._symbols[str(operands[0])]
            return self._intern(kind, place, fixed=kind == "parameter")
        lowered = [self._lowered[int(operand)] for operand in operands]
        if operation == "neg":
            return self._neg(lowered[0])
        if operation in self._binary:
            return self._binary[operation](lowered[0], lowered[1])
        return self._apply(operation, *lowered)

    def _parts(self, operation: int) -> tuple[int | None, int | None]:
        """Split a product into its factor of parameters and the rest."""
        if self.fixed[operation]:
            return operation, None
        kind, operands = self.operations[operation]
        if kind == "mul" and self.fixed[int(operands[0])]:
            return int(operands[0]), int(operands[1])
        return None, operation

    def _add(self, left: int, right: int) -> int:
        kind, operands = self.operations[right]
        if kind == "neg":
            return self._apply("sub", left, int(operands[0]))
        kind, operands = self.operations[left]
        if kind == "neg":
            return self._apply("sub", right, int(operands[0]))
        return self._apply("add", min(left, right), max(left, right))

    def _sub(self, left: int, right: int) -> int:
        kind, operands = self.operations[right]
        if kind == "neg":
            return self._add(left, int(operands[0]))
        return self._apply("sub", left, right)

    def _neg(self, value: int) -> int:
        kind, operands = self.operations[value]
        if kind == "neg":
            return int(operands[0])
        number = self.value_of(value)
        return self._apply("neg", value) if number is None else self.number(-number)

    def _mul(self, left: int, right: int) -> int:
        left_fixed, left_rest = self._parts(left)
        right_fixed, right_rest = self._parts(right)
        fixed = self._product(left_fixed, right_fixed)
        rest = self._product(left_rest, right_rest)
        if fixed is None or rest is None:
            return rest if fixed is None else fixed  # type: ignore[return-value]
        return self._scaled(fixed, rest)

    def _scaled(self, fixed: int, rest: int) -> int:
        value = self.value_of(fixed)
        if value == 1.0:
            return rest
        if value == -1.0:
            return self._neg(rest)
        return self._apply("mul", fixed, rest)

    def _product(self, left: int | None, right: int | None) -> int | None:
        if left is None or right is None:
            return right if left is None else left
        left_value, right_value = self.value_of(left), self.value_of(right)
        if left_value is not None and right_value is not None:
            return self.number(left_value * right_value)
        if left_value == 1.0 or right_value == 1.0:
            return right if left_value == 1.0 else left
        return self._apply("mul", min(left, right), max(left, right))

    def _div(self, left: int, right: int) -> int:
        if self.fixed[right] and not self.fixed[left]:
            return self._mul(self._inverse(right), left)
        fixed, rest = self._parts(left)
        if fixed is None or rest is None or self.fixed[left]:
            return self._apply("div", left, right)
        return self._scaled(fixed, self._apply("div", rest, right))

    def _inverse(self, value: int) -> int:
        number = self.value_of(value)
        if number is not None and number != 0.0:
            return self.number(1.0 / number)
        return self._apply("div", self.number(1.0), value)

    def _pow(self, base: int, exponent: int) -> int:
        number = self.value_of(exponent)
        if number is not None and number == round(number) and 0 < abs(number) <= _LARGEST_WHOLE_EXPONENT:
            return self._whole_power(base, int(number))
        if number == 0.5:
            return self._apply("sqrt", base)
        high = self._apply("ln_high", base)
        low = self._apply("ln_low", base)
        return self._apply("pow_parts", base, high, low, exponent)

    def _whole_power(self, base: int, exponent: int) -> int:
        if exponent < 0:
            return self._div(self.number(1.0), self._whole_power(base, -exponent))
        if exponent == 1:
            return base
        half = self._whole_power(base, exponent // 2)
        square = self._mul(half, half)
        return self._mul(square, base) if exponent % 2 else square
