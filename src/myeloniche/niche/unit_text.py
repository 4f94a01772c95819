"""Unit texts of the tables, such as ``nM mL/(kcell h)``, read into parts that SBML can express."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from myeloniche.errors import UnitError, nearest_names

__all__ = ["UnitPart", "amount_parts", "conversion", "has_volume", "is_amount", "parse_unit", "unit_id"]


class UnitPart(NamedTuple):
    """One factor of a unit as SBML writes it: (multiplier * 10^scale * kind)^exponent."""

    kind: str
    exponent: int
    scale: int = 0
    multiplier: int = 1


_HOUR = 3600
_ATOMS: dict[str, tuple[UnitPart, ...]] = {
    "1": (),
    "relative": (),
    "h": (UnitPart("second", 1, 0, _HOUR),),
    "min": (UnitPart("second", 1, 0, 60),),
    "s": (UnitPart("second", 1),),
    "d": (UnitPart("second", 1, 0, 24 * _HOUR),),
    "kg": (UnitPart("kilogram", 1),),
    "cell": (UnitPart("item", 1),),
    "kcell": (UnitPart("item", 1, 3),),
    "Mcell": (UnitPart("item", 1, 6),),
}
_PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}
for _prefix, _scale in _PREFIXES.items():
    _ATOMS[f"{_prefix}M"] = (UnitPart("mole", 1, _scale), UnitPart("litre", -1))
    _ATOMS[f"{_prefix}mol"] = (UnitPart("mole", 1, _scale),)
    _ATOMS[f"{_prefix}g"] = (UnitPart("gram", 1, _scale),)
    _ATOMS[f"{_prefix}L"] = (UnitPart("litre", 1, _scale),)
    _ATOMS[f"{_prefix}m"] = (UnitPart("metre", 1, _scale),)

_TOKEN = re.compile(r"\s*(?:([A-Za-z]+|1)(?:\^(-?\d+))?|([()/*]))")


@dataclass(frozen=True)
class _Atom:
    name: str
    power: int


def parse_unit(text: str) -> tuple[UnitPart, ...]:
    """Return the factors of a unit text.

    Parameters
    ----------
    text
        Products by space or ``*``, quotients by ``/`` (parentheses after it), powers by ``^``:
        ``nM``, ``1/(nM h)``, ``nM mL/(kcell h)``, ``nM^2``. ``1`` and ``relative`` are dimensionless.

    Returns
    -------
    The factors in the order written; empty for a dimensionless unit.

    Raises
    ------
    UnitError
        If the text is empty, malformed or names an unknown unit.
    """
    parts: list[UnitPart] = []
    for atom in _atoms(text):
        known = _ATOMS.get(atom.name)
        if known is None:
            near = nearest_names(atom.name, _ATOMS)
            hint = f"did you mean {', '.join(near)}?" if near else "known: nM, uM, 1, relative, h, kcell, mL"
            raise UnitError(f"unknown unit {atom.name!r} in {text!r}; {hint}")
        parts.extend(part._replace(exponent=part.exponent * atom.power) for part in known)
    return tuple(parts)


def _atoms(text: str) -> Iterator[_Atom]:
    """Yield the named factors with their signed powers."""
    sign, depth, position, count = 1, 0, 0, 0
    stripped = text.strip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise UnitError(f"cannot read unit {text!r} at {stripped[position:]!r}; write e.g. '1/(nM h)'")
        position = match.end()
        name, power, mark = match.groups()
        if name:
            count += 1
            yield _Atom(name, sign * int(power or 1))
            sign = sign if depth else 1
        elif mark == "/":
            if depth or not count:
                raise UnitError(f"cannot read unit {text!r}; write one '/' with parentheses, e.g. '1/(nM h)'")
            sign = -1
        elif mark == "(":
            depth += 1
        elif mark == ")":
            depth, sign = depth - 1, 1
    if depth or not count or sign < 0:
        raise UnitError(f"cannot read unit {text!r}; write e.g. 'nM', '1/h' or '1/(nM h)'")


def unit_id(text: str) -> str:
    """Return an SBML identifier for a unit text, the same for every spelling with the same symbols.

    Raises
    ------
    UnitError
        If the text is not a unit.
    """
    above: list[str] = []
    below: list[str] = []
    for atom in _atoms(text):
        if atom.name in ("1", "relative"):
            continue
        size = abs(atom.power)
        (above if atom.power > 0 else below).append(atom.name if size == 1 else f"{atom.name}{size}")
    words = [*above, *(["per", *below] if below else [])]
    return "_".join(words) if words else "dimensionless"


def conversion(source: str, target: str) -> float:
    """Return the number a value in `source` units is multiplied with to be in `target` units.

    Raises
    ------
    UnitError
        If either text is not a unit or their dimensions differ.
    """
    source_dimension, source_scale = _dimension(parse_unit(source))
    target_dimension, target_scale = _dimension(parse_unit(target))
    if source_dimension != target_dimension:
        raise UnitError(f"got a value in {source!r}, expected one that converts to {target!r}")
    factor = math.prod(base**power for base, power in _merged(source_scale, target_scale))
    return float(f"{factor:.15g}")


def _dimension(parts: tuple[UnitPart, ...]) -> tuple[dict[str, int], list[tuple[float, int]]]:
    exponents: dict[str, int] = defaultdict(int)
    scales: list[tuple[float, int]] = []
    for part in parts:
        exponents[part.kind] += part.exponent
        scales.append((10, part.scale * part.exponent))
        scales.append((part.multiplier, part.exponent))
    return {kind: power for kind, power in exponents.items() if power}, scales


def _merged(above: list[tuple[float, int]], below: list[tuple[float, int]]) -> list[tuple[float, int]]:
    powers: dict[float, int] = defaultdict(int)
    for base, power in above:
        powers[base] += power
    for base, power in below:
        powers[base] -= power
    return sorted(powers.items())


def amount_parts(text: str) -> tuple[UnitPart, ...]:
    """Return the unit of the amount behind the unit of a species.

    Parameters
    ----------
    text
        An amount or a number of cells per volume, such as ``nM`` or ``kcell/mL``, which is multiplied by a
        litre; an amount itself, such as ``nmol``; or dimensionless, for which the amount is dimensionless
        too.

    Raises
    ------
    UnitError
        If the unit is neither.
    """
    parts = parse_unit(text)
    substance = [part for part in parts if part.kind != "litre"]
    volume = [part for part in parts if part.kind == "litre"]
    if not parts:
        return ()
    if [part.exponent for part in substance] != [1] or [part.exponent for part in volume] not in ([], [-1]):
        raise UnitError(f"a species cannot be in {text!r}; expected e.g. nM, uM, nmol, kcell/mL or relative")
    per_litre = sum(part.scale for part in volume)
    return (substance[0]._replace(scale=substance[0].scale - per_litre),)


def is_amount(text: str) -> bool:
    """Return whether a unit is an amount of substance and nothing else: ``nmol`` is, ``nM`` is not."""
    return [(part.kind, part.exponent) for part in parse_unit(text)] == [("mole", 1)]


def has_volume(text: str) -> bool:
    """Return whether a unit is something per volume: ``nM`` is, ``nmol`` and ``relative`` are not."""
    return any(part.kind == "litre" for part in parse_unit(text))
