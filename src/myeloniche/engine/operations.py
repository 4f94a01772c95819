"""The operations an expression may contain: how many operands, and what NumPy makes of them.

Truth is a number here: a comparison is 1 where it holds and 0 where not, and whatever is not 0 is true.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["ARITY", "BOOLEAN", "COMMUTATIVE", "NUMERIC"]

Numeric = Callable[..., Any]


def _comparison(compare: Numeric) -> Numeric:
    return lambda left, right: compare(left, right) * 1.0


def _logical_and(left: Any, right: Any) -> Any:
    return np.logical_and(left, right) * 1.0


def _logical_or(left: Any, right: Any) -> Any:
    return np.logical_or(left, right) * 1.0


def _logical_not(operand: Any) -> Any:
    return np.logical_not(operand) * 1.0


def _select(condition: Any, then: Any, otherwise: Any) -> Any:
    return np.where(np.not_equal(condition, 0.0), then, otherwise)[()]


_UNARY: dict[str, Numeric] = {
    "neg": operator.neg,
    "exp": np.exp,
    "ln": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "not": _logical_not,
}

_BINARY: dict[str, Numeric] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "min": np.minimum,
    "max": np.maximum,
    "lt": _comparison(operator.lt),
    "le": _comparison(operator.le),
    "gt": _comparison(operator.gt),
    "ge": _comparison(operator.ge),
    "eq": _comparison(operator.eq),
    "ne": _comparison(operator.ne),
    "and": _logical_and,
    "or": _logical_or,
}

NUMERIC: Mapping[str, Numeric] = {**_UNARY, **_BINARY, "select": _select}
"""What NumPy computes for each operation."""

ARITY: Mapping[str, int] = {
    **dict.fromkeys(_UNARY, 1),
    **dict.fromkeys(_BINARY, 2),
    "select": 3,
}
"""How many operands each operation takes."""

COMMUTATIVE = frozenset({"add", "mul", "min", "max", "eq", "ne", "and", "or"})
"""Operations whose operands may change places without changing a bit of the result."""

BOOLEAN = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})
"""Operations whose result is 0 or 1."""
