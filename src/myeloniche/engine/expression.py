"""Expressions as one shared graph: every sub-expression exists once and is known by its number.

The graph only grows, and a node's operands always precede it, so a pass in ascending order visits
operands before what uses them and no walk ever recurses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloniche.engine.derivatives import CHAIN_RULES
from myeloniche.engine.identities import IDENTITIES
from myeloniche.engine.operations import ARITY, COMMUTATIVE, NUMERIC
from myeloniche.errors import ModelError, UnknownNameError

__all__ = ["TIME", "ExpressionGraph", "Node"]

Node = tuple[str, tuple[Any, ...]]
"""Operation and operands: ``("number", (value,))``, ``("symbol", (name,))``, else operands are nodes."""

# What a node takes in memory without its mask, and how much all may take [bytes].
_NODE = 350
_MOST_MEMORY = 1_000_000_000

TIME = "time"
"""The symbol of the model's clock."""


class ExpressionGraph:
    """An append-only graph of expressions in which equal expressions are the same node.

    Attributes
    ----------
    nodes
        Every node in the order of creation; read it, never change it.

    Notes
    -----
    Constants are folded and the identities of 0 and 1 are used, also ``0 * x = 0``, which an infinite ``x``
    would break. Operands of commutative operations are kept in ascending order.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._symbols: list[str] = []
        # Bit i of a node's mask says whether the i-th symbol occurs below it.
        self._masks: list[int] = []
        self._memory = 0
        self._derivatives: dict[tuple[int, str], int] = {}
        self._digests: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self.nodes)

    def number(self, value: float) -> int:
        """Return the node of a constant."""
        value = float(value)
        # float.hex keeps -0.0 apart from 0.0 and lets NaN equal itself.
        return self._intern(("number", (value,)), ("number", value.hex()), 0)

    def symbol(self, name: str) -> int:
        """Return the node of a named quantity."""
        key = ("symbol", name)
        known = self._numbers.get(key)
        if known is not None:
            return known
        self._symbols.append(name)
        return self._intern(("symbol", (name,)), key, 1 << (len(self._symbols) - 1))

    def call(self, operation: str, *operands: int) -> int:
        """Return the node of an operation on nodes, simplified where that is free.

        Raises
        ------
        ModelError
            If the operation is unknown or has another number of operands.
        """
        if ARITY.get(operation) != len(operands):
            raise ModelError(_wrong_call(operation, len(operands)))
        if all(self.nodes[operand][0] == "number" for operand in operands):
            return self._folded(operation, operands)
        identity = IDENTITIES.get(operation)
        simpler = identity(self, *operands) if identity is not None else None
        if simpler is not None:
            return simpler
        if operation in COMMUTATIVE:
            operands = tuple(sorted(operands))
        mask = 0
        for operand in operands:
            mask |= self._masks[operand]
        return self._intern((operation, operands), (operation, *operands), mask)

    def fold(self, operation: str, operands: Sequence[int], *, empty: float = 0.0) -> int:
        """Return a binary operation applied from left to right, ``empty`` if there is no operand."""
        if not operands:
            return self.number(empty)
        result = operands[0]
        for operand in operands[1:]:
            result = self.call(operation, result, operand)
        return result

    def value(self, node: int) -> float | None:
        """Return the value of a node that is a constant, else None."""
        operation, operands = self.nodes[node]
        return float(operands[0]) if operation == "number" else None

    def depends_on(self, node: int, name: str) -> bool:
        """Say whether a symbol occurs in an expression."""
        known = self._numbers.get(("symbol", name))
        return known is not None and bool(self._masks[node] & self._masks[known])

    def symbols(self, node: int) -> frozenset[str]:
        """Return the names of all symbols in an expression."""
        mask = self._masks[node]
        names = []
        while mask:
            lowest = mask & -mask
            names.append(self._symbols[lowest.bit_length() - 1])
            mask ^= lowest
        return frozenset(names)

    def order(self, nodes: Iterable[int]) -> list[int]:
        """Return every node that the given ones need, themselves included, operands first."""
        return self._reachable(nodes, lambda _: False)

    def derivative(self, node: int, name: str) -> int:
        """Return the derivative of an expression by one of its symbols, the others held.

        Conditions count as constant: where a piecewise expression jumps, the derivative does not see it.
        """
        memo = self._derivatives
        pending = self._reachable([node], lambda n: (n, name) in memo or not self.depends_on(n, name))
        zero = self.number(0.0)
        for current in pending:
            operation, operands = self.nodes[current]
            if operation == "symbol":
                memo[current, name] = self.number(1.0)
                continue
            slopes = tuple(memo.get((operand, name), zero) for operand in operands)
            memo[current, name] = CHAIN_RULES[operation](self, current, operands, slopes)
        return memo.get((node, name), zero)

    def substitute(self, node: int, replacements: Mapping[str, int]) -> int:
        """Return an expression with symbols replaced by other expressions, all at the same time."""
        return self.substitute_all([node], replacements)[0]

    def substitute_all(self, nodes: Sequence[int], replacements: Mapping[str, int]) -> list[int]:
        """Return several expressions with the same symbols replaced."""
        present = frozenset[str]().union(*map(self.symbols, nodes))
        mask = 0
        for name in present & replacements.keys():
            mask |= self._masks[self.symbol(name)]
        replaced: dict[int, int] = {}
        for current in self._reachable(nodes, lambda n: not self._masks[n] & mask):
            operation, operands = self.nodes[current]
            if operation == "symbol":
                replaced[current] = replacements[operands[0]]
            else:
                renewed = [replaced.get(int(operand), int(operand)) for operand in operands]
                replaced[current] = self.call(operation, *renewed)
        return [replaced.get(node, node) for node in nodes]

    def evaluate(self, nodes: Sequence[int], values: Mapping[str, ArrayLike]) -> list[NDArray[np.float64]]:
        """Return the values of expressions: the slow plain twin of the compiled kernels.

        Parameters
        ----------
        nodes
            The expressions wanted.
        values
            Value of every symbol in them, numbers or arrays of shapes that broadcast.

        Returns
        -------
        One array per expression. Invalid arithmetic gives NaN or infinity silently.

        Raises
        ------
        UnknownNameError
            If a symbol has no value.
        """
        return [np.asarray(value, dtype=np.float64) for value in self.function(nodes)(values)]

    def function(self, nodes: Sequence[int]) -> Callable[[Mapping[str, ArrayLike]], list[Any]]:
        """Return a function of the symbols' values that computes expressions, ordered once for many calls."""
        wanted = tuple(nodes)
        steps = [(node, *self.nodes[node]) for node in self.order(wanted)]

        def compute(values: Mapping[str, ArrayLike]) -> list[Any]:
            results: dict[int, Any] = {}
            with np.errstate(all="ignore"):
                for node, operation, operands in steps:
                    if operation == "number":
                        results[node] = np.float64(operands[0])
                    elif operation == "symbol":
                        results[node] = _value_of(operands[0], values)
                    else:
                        results[node] = NUMERIC[operation](*[results[operand] for operand in operands])
            return [results[node] for node in wanted]

        return compute

    def digest(self, node: int) -> str:
        """Return a hash of an expression's content that does not depend on how nodes are numbered."""
        known = self._digests
        for current in self._reachable([node], lambda n: n in known):
            operation, operands = self.nodes[current]
            if operation == "number":
                parts = [float(operands[0]).hex().encode()]
            elif operation == "symbol":
                parts = [operands[0].encode()]
            else:
                parts = [known[operand] for operand in operands]
                parts = sorted(parts) if operation in COMMUTATIVE else parts
            known[current] = hashlib.sha256(b"\0".join([operation.encode(), *parts])).digest()
        return known[node].hex()

    def text(self, node: int, *, limit: int = 200) -> str:
        """Return an expression as text for messages, shortened to about ``limit`` characters."""
        written: dict[int, str] = {}
        for current in self.order([node]):
            operation, operands = self.nodes[current]
            if operation == "number":
                written[current] = f"{operands[0]:g}"
            elif operation == "symbol":
                written[current] = operands[0]
            else:
                inner = f"{operation}({', '.join(written[operand] for operand in operands)})"
                written[current] = inner if len(inner) <= limit else f"{operation}(...)"
        return written[node]

    def _folded(self, operation: str, operands: Sequence[int]) -> int:
        values = [np.float64(self.nodes[operand][1][0]) for operand in operands]
        with np.errstate(all="ignore"):
            return self.number(float(NUMERIC[operation](*values)))

    def _intern(self, node: Node, key: tuple[Any, ...], mask: int) -> int:
        known = self._numbers.get(key)
        if known is not None:
            return known
        self._memory += _NODE + mask.bit_length() // 8
        if self._memory > _MOST_MEMORY:
            raise ModelError(
                f"the formulas grow to more than {_MOST_MEMORY:.0e} bytes once they are written out; make "
                "them smaller, above all functions that call each other and derivatives of derivatives"
            )
        self.nodes.append(node)
        self._masks.append(mask)
        self._numbers[key] = len(self.nodes) - 1
        return len(self.nodes) - 1

    def _reachable(self, nodes: Iterable[int], skip: Callable[[int], bool]) -> list[int]:
        """Return the nodes below the given ones, ascending, without those to skip and what is below them."""
        seen: set[int] = set()
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node in seen or skip(node):
                continue
            seen.add(node)
            operation, operands = self.nodes[node]
            if operation not in ("number", "symbol"):
                stack.extend(operands)
        return sorted(seen)


def _value_of(name: str, values: Mapping[str, ArrayLike]) -> Any:
    if name not in values:
        raise UnknownNameError("symbol", name, values)
    # The index turns a zero-dimensional array into a scalar, with which NumPy is much faster.
    return np.asarray(values[name], dtype=np.float64)[()]


def _wrong_call(operation: str, given: int) -> str:
    if operation not in ARITY:
        return f"got operation {operation!r}, expected one of {', '.join(sorted(ARITY))}"
    return f"got {given} operands for {operation!r}, expected {ARITY[operation]}"
