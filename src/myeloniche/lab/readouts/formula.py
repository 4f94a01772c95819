"""Arithmetic over species: what a row of the readout table computes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import add, mul, neg, pos, pow, sub, truediv

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import TableError

__all__ = ["Formula", "read_formula"]

Array = NDArray[np.float64]

_BINARY: dict[type[ast.operator], Callable[[Array, Array], Array]] = {
    ast.Add: add,
    ast.Sub: sub,
    ast.Mult: mul,
    ast.Div: truediv,
    ast.Pow: pow,
}
_ALLOWED = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Load, ast.Constant)
_UNARY: dict[type[ast.unaryop], Callable[[Array], Array]] = {ast.USub: neg, ast.UAdd: pos}


@dataclass(frozen=True)
class Formula:
    """An arithmetic expression with its names.

    Attributes
    ----------
    text
        As written.
    names
        Species, observables and parameters it reads, in the order they appear.
    """

    text: str
    names: tuple[str, ...]

    def evaluate(self, values: Mapping[str, Array]) -> Array:
        """Return the value for arrays of one shape, by name; NaN where a name is NaN, not finite over 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(_value(_parsed(self.text), values), dtype=np.float64)


def read_formula(text: str, *, where: str = "") -> Formula:
    """Read an expression of names, numbers, ``+ - * / ^`` and brackets; a name may be ``site.name``.

    Raises
    ------
    TableError
        If it holds anything else.
    """
    place = f"{where}: " if where else ""
    try:
        body = _parsed(text)
    except SyntaxError as error:
        message = f"{place}got expression {text!r}, expected arithmetic over species: {error}"
        raise TableError(message) from error
    names: dict[str, None] = {}
    for node in _outer(body):
        if isinstance(node, ast.Name) or _is_dotted(node):
            names[ast.unparse(node)] = None
        elif not isinstance(node, _ALLOWED):
            raise TableError(f"{place}got {type(node).__name__} in {text!r}, expected + - * / ^ and names.")
        elif isinstance(node, ast.Constant) and not isinstance(node.value, (int, float)):
            raise TableError(f"{place}got {node.value!r} in {text!r}, expected a number.")
    return Formula(text, tuple(names))


def _outer(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it, a dotted name as one."""
    yield node
    if not _is_dotted(node):
        for child in ast.iter_child_nodes(node):
            yield from _outer(child)


def _is_dotted(node: ast.AST) -> bool:
    """Return whether a node is a name with one dot."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def _parsed(text: str) -> ast.expr:
    """Return the syntax tree of an expression."""
    return ast.parse(text.strip().replace("^", "**"), mode="eval").body


def _value(node: ast.expr, values: Mapping[str, Array]) -> Array:
    """Evaluate a node of a checked expression."""
    if isinstance(node, (ast.Name, ast.Attribute)):
        return values[ast.unparse(node)]
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)](_value(node.left, values), _value(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, values))
    assert isinstance(node, ast.Constant)
    return np.asarray(node.value, dtype=np.float64)
