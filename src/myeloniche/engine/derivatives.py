"""The chain rule of every operation.

A rule gets the graph, the node itself, its operands and their derivatives, and returns the node's derivative.
At least one operand depends on the symbol; the derivative of one that does not is the constant 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from myeloniche.engine.expression import ExpressionGraph

__all__ = ["CHAIN_RULES", "ChainRule"]

Nodes = tuple[int, ...]
ChainRule = Callable[["ExpressionGraph", int, Nodes, Nodes], int]


def _termwise(operation: str) -> ChainRule:
    def rule(graph: ExpressionGraph, _: int, __: Nodes, slopes: Nodes) -> int:
        return graph.call(operation, *slopes)

    return rule


def _outer(slope_of: Callable[[ExpressionGraph, int, int], int]) -> ChainRule:
    """Return the chain rule of a unary operation from its derivative by its operand."""

    def rule(graph: ExpressionGraph, node: int, operands: Nodes, slopes: Nodes) -> int:
        return graph.call("mul", slope_of(graph, node, operands[0]), slopes[0])

    return rule


def _over(divisor_of: Callable[[ExpressionGraph, int, int], int]) -> ChainRule:
    """Return the chain rule of a unary operation whose derivative is one over something."""

    def rule(graph: ExpressionGraph, node: int, operands: Nodes, slopes: Nodes) -> int:
        return graph.call("div", slopes[0], divisor_of(graph, node, operands[0]))

    return rule


def _zero(graph: ExpressionGraph, _: int, __: Nodes, ___: Nodes) -> int:
    return graph.number(0.0)


def _mul(graph: ExpressionGraph, _: int, operands: Nodes, slopes: Nodes) -> int:
    left = graph.call("mul", slopes[0], operands[1])
    return graph.call("add", left, graph.call("mul", operands[0], slopes[1]))


def _div(graph: ExpressionGraph, node: int, operands: Nodes, slopes: Nodes) -> int:
    # (a/b)' = (a' - (a/b) b') / b shares the quotient with the expression itself.
    numerator = graph.call("sub", slopes[0], graph.call("mul", node, slopes[1]))
    return graph.call("div", numerator, operands[1])


def _pow(graph: ExpressionGraph, node: int, operands: Nodes, slopes: Nodes) -> int:
    base, exponent = operands
    by_base = graph.call("mul", graph.call("mul", exponent, _lower_power(graph, *operands)), slopes[0])
    if graph.value(slopes[1]) == 0.0:
        return by_base
    # At a base of 0 the logarithm is infinite but the power, and with it the slope, is 0.
    positive = graph.call("gt", base, graph.number(0.0))
    logarithm = graph.call("select", positive, graph.call("ln", base), graph.number(0.0))
    by_exponent = graph.call("mul", graph.call("mul", node, logarithm), slopes[1])
    return graph.call("add", by_base, by_exponent)


def _lower_power(graph: ExpressionGraph, base: int, exponent: int) -> int:
    """Return base**(exponent - 1), or 0 where that is infinite: at a base of 0 with an exponent below 1.

    The slope there is vertical, as of a Hill curve without its drug. A Jacobian must be finite all the same,
    and while it only guides the steps, their errors being estimated, a missing entry costs steps at most.
    """
    lower = graph.call("pow", base, graph.call("sub", exponent, graph.number(1.0)))
    known = graph.value(exponent)
    if known is not None and known >= 1.0:
        return lower
    steep = graph.call("lt", exponent, graph.number(1.0))
    vertical = graph.call("and", graph.call("eq", base, graph.number(0.0)), steep)
    return graph.call("select", vertical, graph.number(0.0), lower)


def _min(graph: ExpressionGraph, _: int, operands: Nodes, slopes: Nodes) -> int:
    return graph.call("select", graph.call("le", *operands), *slopes)


def _max(graph: ExpressionGraph, _: int, operands: Nodes, slopes: Nodes) -> int:
    return graph.call("select", graph.call("ge", *operands), *slopes)


def _abs(graph: ExpressionGraph, _: int, operands: Nodes, slopes: Nodes) -> int:
    negative = graph.call("lt", operands[0], graph.number(0.0))
    return graph.call("select", negative, graph.call("neg", slopes[0]), slopes[0])


def _select(graph: ExpressionGraph, _: int, operands: Nodes, slopes: Nodes) -> int:
    return graph.call("select", operands[0], slopes[1], slopes[2])


def _times(graph: ExpressionGraph, factor: float, node: int) -> int:
    return graph.call("mul", graph.number(factor), node)


def _plus(graph: ExpressionGraph, constant: float, node: int) -> int:
    return graph.call("add", graph.number(constant), node)


def _minus(graph: ExpressionGraph, constant: float, node: int) -> int:
    return graph.call("sub", graph.number(constant), node)


def _square(graph: ExpressionGraph, node: int) -> int:
    return graph.call("mul", node, node)


_LN_10 = 2.302585092994046

_SMOOTH: dict[str, ChainRule] = {
    "exp": _outer(lambda _, node, __: node),
    "ln": _over(lambda _, __, x: x),
    "log10": _over(lambda graph, _, x: _times(graph, _LN_10, x)),
    "sqrt": _over(lambda graph, node, _: _times(graph, 2.0, node)),
    "sin": _outer(lambda graph, _, x: graph.call("cos", x)),
    "cos": _outer(lambda graph, _, x: graph.call("neg", graph.call("sin", x))),
    "tan": _outer(lambda graph, node, _: _plus(graph, 1.0, _square(graph, node))),
    "asin": _over(lambda graph, _, x: graph.call("sqrt", _minus(graph, 1.0, _square(graph, x)))),
    "acos": _over(
        lambda graph, _, x: graph.call("neg", graph.call("sqrt", _minus(graph, 1.0, _square(graph, x))))
    ),
    "atan": _over(lambda graph, _, x: _plus(graph, 1.0, _square(graph, x))),
    "sinh": _outer(lambda graph, _, x: graph.call("cosh", x)),
    "cosh": _outer(lambda graph, _, x: graph.call("sinh", x)),
    "tanh": _outer(lambda graph, node, _: _minus(graph, 1.0, _square(graph, node))),
    "asinh": _over(lambda graph, _, x: graph.call("sqrt", _plus(graph, 1.0, _square(graph, x)))),
    "acosh": _over(lambda graph, _, x: graph.call("sqrt", _plus(graph, -1.0, _square(graph, x)))),
    "atanh": _over(lambda graph, _, x: _minus(graph, 1.0, _square(graph, x))),
}

_FLAT = ("floor", "ceil", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")

CHAIN_RULES: Mapping[str, ChainRule] = {
    **_SMOOTH,
    **dict.fromkeys(_FLAT, _zero),
    "add": _termwise("add"),
    "sub": _termwise("sub"),
    "neg": _termwise("neg"),
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "min": _min,
    "max": _max,
    "abs": _abs,
    "select": _select,
}
"""How to differentiate each operation."""
