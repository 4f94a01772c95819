"""Simplifications that cost nothing: the identities of 0, 1, signs and small powers.

Each rule gets the graph and the operands, of which at least one is no constant, and returns the node of a
simpler equal expression, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from myeloniche.engine.operations import BOOLEAN

if TYPE_CHECKING:
    from myeloniche.engine.expression import ExpressionGraph

__all__ = ["IDENTITIES"]

_LARGEST_UNROLLED_POWER = 8


def _operand_of(graph: ExpressionGraph, node: int, operation: str) -> int | None:
    """Return the operand of a node that is the given unary operation."""
    found, operands = graph.nodes[node]
    return int(operands[0]) if found == operation else None


def _add(graph: ExpressionGraph, left: int, right: int) -> int | None:
    if graph.value(left) == 0.0:
        return right
    if graph.value(right) == 0.0:
        return left
    for one, other in ((left, right), (right, left)):
        negated = _operand_of(graph, other, "neg")
        if negated is not None:
            return graph.call("sub", one, negated)
    return None


def _sub(graph: ExpressionGraph, left: int, right: int) -> int | None:
    if graph.value(right) == 0.0:
        return left
    if graph.value(left) == 0.0:
        return graph.call("neg", right)
    if left == right:
        return graph.number(0.0)
    negated = _operand_of(graph, right, "neg")
    return graph.call("add", left, negated) if negated is not None else None


def _mul(graph: ExpressionGraph, left: int, right: int) -> int | None:
    if graph.value(right) is not None:
        left, right = right, left
    factor = graph.value(left)
    if factor is not None:
        return _scaled(graph, factor, right)
    for one, other in ((left, right), (right, left)):
        negated = _operand_of(graph, other, "neg")
        if negated is not None:
            return graph.call("neg", graph.call("mul", one, negated))
    return None


def _scaled(graph: ExpressionGraph, factor: float, node: int) -> int | None:
    if factor == 0.0:
        return graph.number(0.0)
    if factor == 1.0:
        return node
    if factor == -1.0:
        return graph.call("neg", node)
    negated = _operand_of(graph, node, "neg")
    if negated is not None:
        return graph.call("mul", graph.number(-factor), negated)
    operation, operands = graph.nodes[node]
    inner = graph.value(operands[0]) if operation == "mul" else None
    if inner is not None:
        return graph.call("mul", graph.number(factor * inner), operands[1])
    inner = graph.value(operands[1]) if operation == "mul" else None
    return graph.call("mul", graph.number(factor * inner), operands[0]) if inner is not None else None


def _div(graph: ExpressionGraph, left: int, right: int) -> int | None:
    if graph.value(left) == 0.0:
        return left
    if graph.value(right) == 1.0:
        return left
    if graph.value(right) == -1.0:
        return graph.call("neg", left)
    negated = _operand_of(graph, left, "neg")
    return graph.call("neg", graph.call("div", negated, right)) if negated is not None else None


def _neg(graph: ExpressionGraph, operand: int) -> int | None:
    negated = _operand_of(graph, operand, "neg")
    if negated is not None:
        return negated
    operation, operands = graph.nodes[operand]
    return graph.call("sub", operands[1], operands[0]) if operation == "sub" else None


def _pow(graph: ExpressionGraph, base: int, exponent: int) -> int | None:
    if graph.value(base) == 1.0:
        return base
    power = graph.value(exponent)
    if power is None:
        return None
    if power == 0.5:
        return graph.call("sqrt", base)
    if not power.is_integer() or abs(power) > _LARGEST_UNROLLED_POWER:
        return None
    product = _unrolled(graph, base, abs(int(power)))
    return product if power >= 0 else graph.call("div", graph.number(1.0), product)


def _unrolled(graph: ExpressionGraph, base: int, power: int) -> int:
    """Return a whole power as multiplications by repeated squaring."""
    product, square = graph.number(1.0), base
    while power:
        if power & 1:
            product = graph.call("mul", product, square)
        power >>= 1
        if power:
            square = graph.call("mul", square, square)
    return product


def _same(_: ExpressionGraph, left: int, right: int) -> int | None:
    return left if left == right else None


def _and(graph: ExpressionGraph, left: int, right: int) -> int | None:
    return _with_constant(graph, left, right, absorbing=False)


def _or(graph: ExpressionGraph, left: int, right: int) -> int | None:
    return _with_constant(graph, left, right, absorbing=True)


def _with_constant(graph: ExpressionGraph, left: int, right: int, *, absorbing: bool) -> int | None:
    for one, other in ((left, right), (right, left)):
        value = graph.value(one)
        if value is None:
            continue
        if bool(value) == absorbing:
            return graph.number(float(absorbing))
        # The constant is neutral; only a truth value may stand for the whole.
        return other if graph.nodes[other][0] in BOOLEAN else None
    return left if left == right and graph.nodes[left][0] in BOOLEAN else None


def _select(graph: ExpressionGraph, condition: int, then: int, otherwise: int) -> int | None:
    value = graph.value(condition)
    if value is not None:
        return then if value else otherwise
    return then if then == otherwise else None


IDENTITIES: Mapping[str, Callable[..., int | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "pow": _pow,
    "min": _same,
    "max": _same,
    "and": _and,
    "or": _or,
    "select": _select,
}
"""The simplification rule of each operation that has one."""
