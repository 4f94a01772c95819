"""Formulas as libSBML parsed them become nodes of the expression graph."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import libsbml

from myeloniche.engine.expression import TIME, ExpressionGraph
from myeloniche.errors import ModelError, MyelonicheError, UnsupportedError

__all__ = ["FormulaReader", "Function", "called_functions", "nodes_of", "rate_of"]

Rule = Callable[[ExpressionGraph, Sequence[int]], int]

# Avogadro's number as the SBML Level 3 specification fixes it for its symbol.
_AVOGADRO = 6.02214179e23


def rate_of(name: str) -> str:
    """Return the symbol that stands for the rate of change of a quantity; no SBML id has a bracket."""
    return f"rateOf({name})"


def nodes_of(formula: Any) -> Iterator[Any]:
    """Yield every node of a libSBML formula, which may be None."""
    pending = [] if formula is None else [formula]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.getChild(index) for index in range(node.getNumChildren()))


def called_functions(formula: Any) -> frozenset[str]:
    """Return the ids of all functions that a libSBML formula calls."""
    return frozenset(node.getName() for node in nodes_of(formula) if node.getType() == libsbml.AST_FUNCTION)


@dataclass(frozen=True)
class Function:
    """A function definition: its placeholders in order, and its body in them."""

    placeholders: tuple[str, ...]
    body: int


@dataclass(frozen=True)
class FormulaReader:
    """Turns libSBML formulas into nodes, inlining the functions that the model defines.

    Attributes
    ----------
    graph
        Where the nodes go.
    definitions
        The libSBML function definition of each function by its id; none may call itself.
    clock_start
        What the model's time shows when the clock of the result shows 0.
    problems
        What could not be read; the formula then holds NaN in its place.
    """

    graph: ExpressionGraph
    definitions: Mapping[str, Any] = field(default_factory=dict)
    clock_start: float = 0.0
    problems: list[MyelonicheError] = field(default_factory=list)
    _functions: dict[str, Function] = field(default_factory=dict)

    def read(self, formula: Any, where: str, scope: Mapping[str, int] | None = None) -> int:
        """Return the node of a formula.

        Parameters
        ----------
        formula
            A libSBML ``ASTNode``, or None if the element has no formula.
        where
            The element it belongs to, for messages.
        scope
            Nodes of names that mean something else here: local parameters, arguments.
        """
        if formula is None:
            return self._problem(UnsupportedError(f"{where} has no formula; add one or remove the element"))
        scope = scope or {}
        stack, done = [(formula, False)], list[int]()
        while stack:
            tree, operands_done = stack.pop()
            count = tree.getNumChildren()
            if operands_done or not count:
                first = len(done) - count
                operands = done[first:]
                done[first:] = [self._combine(tree, operands, where, scope)]
            else:
                stack.append((tree, True))
                stack.extend((tree.getChild(i), False) for i in reversed(range(count)))
        return done[0]

    def _combine(self, tree: Any, operands: Sequence[int], where: str, scope: Mapping[str, int]) -> int:
        kind = tree.getType()
        if tree.isNumber():
            return self.graph.number(tree.getValue())
        if kind == libsbml.AST_NAME:
            name = tree.getName()
            return scope[name] if name in scope else self.graph.symbol(name)
        if kind == libsbml.AST_FUNCTION:
            return self._call(tree.getName(), operands, where)
        if kind == libsbml.AST_NAME_TIME:
            clock = self.graph.symbol(TIME)
            return self.graph.call("add", clock, self.graph.number(self.clock_start))
        if kind in _LEAVES:
            return self.graph.number(_LEAVES[kind])
        if kind == libsbml.AST_FUNCTION_RATE_OF:
            return self._rate_of(operands[0], where)
        rule = _RULES.get(kind)
        if rule is None:
            word = _WORDS.get(kind) or libsbml.formulaToL3String(tree)
            return self._problem(UnsupportedError(f"{where} uses {word!r}, which is not honoured"))
        return rule(self.graph, operands)

    def _call(self, name: str, arguments: Sequence[int], where: str) -> int:
        function = self._function(name, where)
        if function is None:
            return self.graph.number(math.nan)
        if len(function.placeholders) != len(arguments):
            expected = len(function.placeholders)
            return self._problem(
                ModelError(f"{where} calls {name!r} with {len(arguments)} arguments, expected {expected}")
            )
        bound = dict(zip(function.placeholders, arguments, strict=True))
        return self.graph.substitute(function.body, bound)

    def _rate_of(self, operand: int, where: str) -> int:
        operation, operands = self.graph.nodes[operand]
        if operation != "symbol":
            return self._problem(
                UnsupportedError(f"{where} takes the rateOf a formula, expected the id of a quantity")
            )
        return self.graph.symbol(rate_of(operands[0]))

    def _function(self, name: str, where: str) -> Function | None:
        if name in self._functions:
            return self._functions[name]
        if name not in self.definitions:
            self._problem(ModelError(f"{where} calls the function {name!r}, which is defined nowhere"))
            return None
        definition = self.definitions[name]
        arguments = [definition.getArgument(i).getName() for i in range(definition.getNumArguments())]
        # No SBML id has a bracket, so placeholders meet no other name.
        placeholders = {argument: f"{name}({argument})" for argument in arguments}
        scope = {argument: self.graph.symbol(symbol) for argument, symbol in placeholders.items()}
        body = self.read(definition.getBody(), f"function definition {name!r}", scope)
        self._functions[name] = Function(tuple(placeholders.values()), body)
        return self._functions[name]

    def _problem(self, problem: MyelonicheError) -> int:
        self.problems.append(problem)
        return self.graph.number(math.nan)


def _direct(operation: str) -> Rule:
    return lambda graph, operands: graph.call(operation, *operands)


def _many(operation: str, empty: float = 0.0) -> Rule:
    return lambda graph, operands: graph.fold(operation, operands, empty=empty)


def _inverse_of(operation: str) -> Rule:
    """Return the rule of 1 / f(x), as for the secant."""
    return lambda graph, x: graph.call("div", graph.number(1.0), graph.call(operation, *x))


def _of_inverse(operation: str) -> Rule:
    """Return the rule of f(1 / x), as for the arcus secant."""
    return lambda graph, x: graph.call(operation, graph.call("div", graph.number(1.0), *x))


def _chained(operation: str) -> Rule:
    """Return the rule of a comparison of several operands: each neighbouring pair must satisfy it."""

    def rule(graph: ExpressionGraph, operands: Sequence[int]) -> int:
        pairs = itertools.pairwise(operands)
        return graph.fold("and", [graph.call(operation, *pair) for pair in pairs], empty=1.0)

    return rule


def _minus(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    return graph.call("neg" if len(operands) == 1 else "sub", *operands)


def _piecewise(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    odd = len(operands) % 2
    result = operands[-1] if odd else graph.number(math.nan)
    pieces = operands[:-1] if odd else operands
    for value, condition in reversed(list(zip(pieces[::2], pieces[1::2], strict=True))):
        result = graph.call("select", condition, value, result)
    return result


def _log(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    if len(operands) == 1 or graph.value(operands[0]) == 10.0:
        return graph.call("log10", operands[-1])
    base, operand = operands
    return graph.call("div", graph.call("ln", operand), graph.call("ln", base))


def _root(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    if len(operands) == 1 or graph.value(operands[0]) == 2.0:
        return graph.call("sqrt", operands[-1])
    degree, operand = operands
    return graph.call("pow", operand, graph.call("div", graph.number(1.0), degree))


def _exclusive_or(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    zero = graph.number(0.0)
    return graph.fold("ne", [graph.call("ne", operand, zero) for operand in operands])


def _implies(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    return graph.call("or", graph.call("not", operands[0]), operands[1])


def _quotient(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    ratio = graph.call("div", *operands)
    negative = graph.call("lt", ratio, graph.number(0.0))
    return graph.call("select", negative, graph.call("ceil", ratio), graph.call("floor", ratio))


def _remainder(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    whole = graph.call("mul", operands[1], _quotient(graph, operands))
    return graph.call("sub", operands[0], whole)


def _factorial(graph: ExpressionGraph, operands: Sequence[int]) -> int:
    """Return n! by bisection over its 171 finite values; NaN for what is no whole number from 0 up."""
    operand = operands[0]
    level = [graph.number(math.factorial(whole)) for whole in range(_LARGEST_FACTORIAL + 1)]
    bounds = list(range(1, _LARGEST_FACTORIAL + 1))
    while len(level) > 1:
        # Neighbours meet at every other bound, as in the rounds of a tournament.
        met = zip(level[::2], level[1::2], bounds[::2], strict=False)
        joined = [
            graph.call("select", graph.call("lt", operand, graph.number(bound)), low, high)
            for low, high, bound in met
        ]
        level = [*joined, *level[2 * len(joined) :]]
        bounds = bounds[1::2]
    whole = graph.call("eq", operand, graph.call("floor", operand))
    finite = graph.call("lt", operand, graph.number(_LARGEST_FACTORIAL + 1))
    natural = graph.call("and", whole, graph.call("ge", operand, graph.number(0.0)))
    value = graph.call("select", finite, level[0], graph.number(math.inf))
    return graph.call("select", natural, value, graph.number(math.nan))


_WORDS = {libsbml.AST_FUNCTION_DELAY: "delay"}
_LARGEST_FACTORIAL = 170

_LEAVES = {
    libsbml.AST_NAME_AVOGADRO: _AVOGADRO,
    libsbml.AST_CONSTANT_E: math.e,
    libsbml.AST_CONSTANT_PI: math.pi,
    libsbml.AST_CONSTANT_TRUE: 1.0,
    libsbml.AST_CONSTANT_FALSE: 0.0,
}

_RULES: dict[int, Rule] = {
    libsbml.AST_PLUS: _many("add"),
    libsbml.AST_TIMES: _many("mul", 1.0),
    libsbml.AST_MINUS: _minus,
    libsbml.AST_DIVIDE: _direct("div"),
    libsbml.AST_POWER: _direct("pow"),
    libsbml.AST_FUNCTION_POWER: _direct("pow"),
    libsbml.AST_FUNCTION_ROOT: _root,
    libsbml.AST_FUNCTION_LOG: _log,
    libsbml.AST_FUNCTION_LN: _direct("ln"),
    libsbml.AST_FUNCTION_EXP: _direct("exp"),
    libsbml.AST_FUNCTION_ABS: _direct("abs"),
    libsbml.AST_FUNCTION_FACTORIAL: _factorial,
    libsbml.AST_FUNCTION_FLOOR: _direct("floor"),
    libsbml.AST_FUNCTION_CEILING: _direct("ceil"),
    libsbml.AST_FUNCTION_MIN: _many("min", math.inf),
    libsbml.AST_FUNCTION_MAX: _many("max", -math.inf),
    libsbml.AST_FUNCTION_QUOTIENT: _quotient,
    libsbml.AST_FUNCTION_REM: _remainder,
    libsbml.AST_FUNCTION_PIECEWISE: _piecewise,
    libsbml.AST_FUNCTION_SIN: _direct("sin"),
    libsbml.AST_FUNCTION_COS: _direct("cos"),
    libsbml.AST_FUNCTION_TAN: _direct("tan"),
    libsbml.AST_FUNCTION_SINH: _direct("sinh"),
    libsbml.AST_FUNCTION_COSH: _direct("cosh"),
    libsbml.AST_FUNCTION_TANH: _direct("tanh"),
    libsbml.AST_FUNCTION_ARCSIN: _direct("asin"),
    libsbml.AST_FUNCTION_ARCCOS: _direct("acos"),
    libsbml.AST_FUNCTION_ARCTAN: _direct("atan"),
    libsbml.AST_FUNCTION_ARCSINH: _direct("asinh"),
    libsbml.AST_FUNCTION_ARCCOSH: _direct("acosh"),
    libsbml.AST_FUNCTION_ARCTANH: _direct("atanh"),
    libsbml.AST_FUNCTION_SEC: _inverse_of("cos"),
    libsbml.AST_FUNCTION_CSC: _inverse_of("sin"),
    libsbml.AST_FUNCTION_COT: _inverse_of("tan"),
    libsbml.AST_FUNCTION_SECH: _inverse_of("cosh"),
    libsbml.AST_FUNCTION_CSCH: _inverse_of("sinh"),
    libsbml.AST_FUNCTION_COTH: _inverse_of("tanh"),
    libsbml.AST_FUNCTION_ARCSEC: _of_inverse("acos"),
    libsbml.AST_FUNCTION_ARCCSC: _of_inverse("asin"),
    libsbml.AST_FUNCTION_ARCCOT: _of_inverse("atan"),
    libsbml.AST_FUNCTION_ARCSECH: _of_inverse("acosh"),
    libsbml.AST_FUNCTION_ARCCSCH: _of_inverse("asinh"),
    libsbml.AST_FUNCTION_ARCCOTH: _of_inverse("atanh"),
    libsbml.AST_RELATIONAL_EQ: _chained("eq"),
    libsbml.AST_RELATIONAL_NEQ: _direct("ne"),
    libsbml.AST_RELATIONAL_LT: _chained("lt"),
    libsbml.AST_RELATIONAL_LEQ: _chained("le"),
    libsbml.AST_RELATIONAL_GT: _chained("gt"),
    libsbml.AST_RELATIONAL_GEQ: _chained("ge"),
    libsbml.AST_LOGICAL_AND: _many("and", 1.0),
    libsbml.AST_LOGICAL_OR: _many("or", 0.0),
    libsbml.AST_LOGICAL_NOT: _direct("not"),
    libsbml.AST_LOGICAL_XOR: _exclusive_or,
    libsbml.AST_LOGICAL_IMPLIES: _implies,
}
