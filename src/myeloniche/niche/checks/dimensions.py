"""Units carried through laws and rules, scale included, so that nM where uM is meant is found.

libSBML's own unit check does not see a factor of 1000 under an exponent that is a parameter; this one does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import libsbml

from myeloniche.errors import UnitError
from myeloniche.niche.names import user_text
from myeloniche.niche.unit_text import parse_unit

__all__ = ["DIMENSIONLESS", "Dimension", "DimensionReader", "dimension_of"]

# Text of a unit is written in these, as people in the field would: name, kinds and exponents, scale.
_WRITTEN = ("nM", "kcell", "mL", "h")
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Dimension:
    """A unit as powers of base units and the logarithm of its scale; `is_any` fits every unit, as 0 does."""

    powers: Mapping[str, float] = field(default_factory=dict)
    log_scale: float = 0.0
    is_any: bool = False

    def times(self, other: Dimension, power: float = 1) -> Dimension:
        """Return the product with a power of another unit."""
        kinds = dict.fromkeys([*self.powers, *other.powers])
        powers = {kind: self.powers.get(kind, 0) + power * other.powers.get(kind, 0) for kind in kinds}
        kept = {kind: value for kind, value in powers.items() if abs(value) > _TOLERANCE}
        return Dimension(kept, self.log_scale + power * other.log_scale, self.is_any or other.is_any)

    def fits(self, other: Dimension) -> bool:
        """Return whether quantities of both units can be added without a factor."""
        if self.is_any or other.is_any:
            return True
        ratio = self.times(other, -1)
        return not ratio.powers and abs(ratio.log_scale) < _TOLERANCE

    def __str__(self) -> str:
        rest, words = self, []
        for name, kind in zip(_WRITTEN, ("mole", "item", "litre", "second"), strict=True):
            power = rest.powers.get(kind, 0)
            if power:
                rest = rest.times(dimension_of(name), -power)
                words.append(name if power == 1 else f"{name}^{power:g}")
        words.extend(f"{kind}^{power:g}" for kind, power in rest.powers.items())
        factor = math.exp(rest.log_scale)
        if abs(rest.log_scale) > _TOLERANCE:
            words.insert(0, f"{factor:g}")
        return " ".join(words) or "1"


DIMENSIONLESS = Dimension()


def dimension_of(unit: str) -> Dimension:
    """Return the dimension of a unit text."""
    result = DIMENSIONLESS
    for part in parse_unit(unit):
        scale = part.scale * math.log(10) + math.log(part.multiplier)
        result = result.times(Dimension({part.kind: 1}, scale), part.exponent)
    return result


@dataclass(frozen=True)
class DimensionReader:
    """Finds the unit of an expression.

    Attributes
    ----------
    known
        Unit of every SBML id that may occur.
    values
        Value of the ids that may be exponents.
    functions
        libSBML function definitions by name.
    """

    known: Mapping[str, Dimension]
    values: Mapping[str, float]
    functions: Mapping[str, Any]

    def read(self, expression: str) -> Dimension:
        """Return the unit of an expression over SBML ids.

        Raises
        ------
        UnitError
            If it adds, compares or exponentiates what does not fit, in user names.
        """
        return self._of(libsbml.parseL3Formula(expression), self.known, self.values)

    def _of(self, node: Any, known: Mapping[str, Dimension], values: Mapping[str, float]) -> Dimension:
        kind = node.getType()
        children = [node.getChild(index) for index in range(node.getNumChildren())]
        if node.isNumber():
            return Dimension(is_any=node.getValue() == 0)
        if kind == libsbml.AST_NAME:
            return known.get(node.getName(), DIMENSIONLESS)
        if kind == libsbml.AST_NAME_TIME:
            return dimension_of("h")
        if kind == libsbml.AST_FUNCTION and node.getName() in self.functions:
            return self._call(node.getName(), children, known, values)
        units = [self._of(child, known, values) for child in children]
        if kind == libsbml.AST_TIMES:
            return _product(units)
        if kind == libsbml.AST_DIVIDE:
            return units[0].times(units[1], -1)
        if kind in (libsbml.AST_POWER, libsbml.AST_FUNCTION_POWER):
            return self._power(node, units, values)
        return self._same(node, units)

    def _call(
        self, name: str, arguments: Sequence[Any], known: Mapping[str, Dimension], values: Mapping[str, float]
    ) -> Dimension:
        """Return the unit of a function's body with the units of its arguments."""
        function = self.functions[name]
        words = [function.getArgument(index).getName() for index in range(function.getNumArguments())]
        units = {word: self._of(node, known, values) for word, node in zip(words, arguments, strict=True)}
        numbers = {word: _value(node, values) for word, node in zip(words, arguments, strict=True)}
        try:
            return self._of(function.getBody(), units, numbers)
        except UnitError as error:
            given = ", ".join(f"{word} in {unit}" for word, unit in units.items())
            raise UnitError(f"in {name} with {given}: {error}") from error

    def _power(self, node: Any, units: Sequence[Dimension], values: Mapping[str, float]) -> Dimension:
        base, exponent = units
        if not exponent.fits(DIMENSIONLESS):
            raise UnitError(f"the exponent in {_text(node)} is in {exponent}, expected 1")
        power = _value(node.getChild(1), values)
        if math.isnan(power) and not base.fits(DIMENSIONLESS):
            raise UnitError(f"the base of {_text(node)} is in {base}, expected 1 as the exponent may vary")
        return DIMENSIONLESS if math.isnan(power) else DIMENSIONLESS.times(base, power)

    def _same(self, node: Any, units: Sequence[Dimension]) -> Dimension:
        """Return the unit of a sum, comparison, choice or mathematical function."""
        if node.isLogical() or not units:
            return DIMENSIONLESS
        if node.getType() == libsbml.AST_FUNCTION_PIECEWISE:
            units = [*units[::2]] if len(units) % 2 else [*units[:-1:2]]
        elif node.getType() in _KEEPING or node.isRelational():
            pass
        elif not all(unit.fits(DIMENSIONLESS) for unit in units):
            raise UnitError(f"{_text(node)} is taken of {units[0]}, expected 1")
        concrete = [unit for unit in units if not unit.is_any]
        for unit in concrete[1:]:
            if not unit.fits(concrete[0]):
                raise UnitError(f"{_text(node)} puts {unit} with {concrete[0]}")
        return DIMENSIONLESS if node.isRelational() else (concrete or units)[0]


_KEEPING = frozenset(
    {
        libsbml.AST_PLUS,
        libsbml.AST_MINUS,
        libsbml.AST_FUNCTION_ABS,
        libsbml.AST_FUNCTION_MAX,
        libsbml.AST_FUNCTION_MIN,
        libsbml.AST_FUNCTION_CEILING,
        libsbml.AST_FUNCTION_FLOOR,
    }
)


def _product(units: Sequence[Dimension]) -> Dimension:
    result = DIMENSIONLESS
    for unit in units:
        result = result.times(unit)
    return result


def _value(node: Any, values: Mapping[str, float]) -> float:
    """Return the number of an exponent, NaN if it is neither a number nor a parameter."""
    if node.isNumber():
        return float(node.getValue())
    return values.get(node.getName(), math.nan) if node.getType() == libsbml.AST_NAME else math.nan


def _text(node: Any) -> str:
    written = user_text(libsbml.formulaToL3String(node))
    return repr(written if len(written) <= 120 else f"{written[:117]}...")
