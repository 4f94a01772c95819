"""Quantities at the door: ``"3 uM"``, ``"10 ng/mL"``, ``"12 h"`` become floats in model units.

Everything inside the package is a bare float in hours, nM or uM, and thousands of cells per mL. Text is
converted once, here, exactly (with fractions, so that ``"0.1 uM"`` is the float nearest to 100 nM).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from myeloniche.errors import UnitError

__all__ = [
    "Quantity",
    "Times",
    "body_surface",
    "body_weight",
    "cell_density",
    "cell_number",
    "concentration",
    "drug_dose",
    "fold",
    "fraction",
    "hours",
    "read_quantity",
    "serum_level",
    "times",
]

Dimension = Literal[
    "time",
    "molar",
    "mass concentration",
    "fraction",
    "cell density",
    "cell number",
    "fold",
    "mass",
    "mass dose",
    "surface dose",
    "surface",
]

_PREFIXES = {"": 0, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "k": 3}
_TIMES = {
    "s": Fraction(1, 3600), "sec": Fraction(1, 3600), "second": Fraction(1, 3600),
    "seconds": Fraction(1, 3600),
    "min": Fraction(1, 60), "mins": Fraction(1, 60), "minute": Fraction(1, 60), "minutes": Fraction(1, 60),
    "h": Fraction(1), "hr": Fraction(1), "hrs": Fraction(1), "hour": Fraction(1), "hours": Fraction(1),
    "d": Fraction(24), "day": Fraction(24), "days": Fraction(24),
    "wk": Fraction(168), "week": Fraction(168), "weeks": Fraction(168),
}  # fmt: skip
_EXAMPLES: dict[Dimension, str] = {
    "time": "a time such as '3 h' or '15 min'",
    "molar": "a concentration such as '3 uM' or '10 nM'",
    "mass concentration": "a concentration such as '10 ng/mL'",
    "fraction": "a percentage such as '90%'",
    "cell density": "a cell density such as '2e5 cells/mL'",
    "cell number": "a number of cells such as '1e5 cells'",
    "fold": "a multiple such as '3 x'",
    "mass": "a mass such as '4 mg' or '70 kg'",
    "mass dose": "a dose such as '20 mg/kg'",
    "surface dose": "a dose such as '1.3 mg/m2'",
    "surface": "a surface such as '1.8 m2'",
}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER}|[+-]?nan|[+-]?inf)\s*(.*?)\s*", re.IGNORECASE)
_MASS_PER_VOLUME = re.compile(r"([munpfk]?)g/([mun]?)[lL]")
_AMOUNT_PER_VOLUME = re.compile(r"([munpfk]?)mol/([mun]?)[lL]")
_MOLAR = re.compile(r"([munpfk]?)M")
_MASS = re.compile(r"([munpfk]?)g(?:/(kg|m2))?")
_CELLS = re.compile(r"(k?)(?:cells?|x?10\^3 cells)/([mu]?)[lL]")
_WINDOW = re.compile(rf"\s*({_NUMBER})\s*(?:-|–|to)\s*({_NUMBER})\s*([^\d\s].*?)\s*")


@dataclass(frozen=True)
class Quantity:
    """A number with its unit in the base of its dimension.

    Attributes
    ----------
    value
        Exact value in the base unit of ``dimension``: h, mol/L, g/L, 1, cells/L, cells, fold, g, g/kg, g/m2
        or m2.
    dimension
        What kind of quantity it is.
    text
        The text it was read from.
    """

    value: Fraction
    dimension: Dimension
    text: str


@dataclass(frozen=True)
class Times:
    """Times of measurement on their clock.

    Attributes
    ----------
    hours
        Points in time [h], rising; for a window its two ends.
    window
        Whether any time between the two ends may be looked at.
    text
        The text they were read from.
    """

    hours: tuple[float, ...]
    window: bool
    text: str


def read_quantity(text: object, *, what: str = "quantity", where: str = "") -> Quantity:
    """Read a number with its unit, whatever its dimension.

    Parameters
    ----------
    text
        For example ``"3 uM"``, ``"10 ng/mL"``, ``"12 h"``, ``"90%"``, ``"2e5 cells/mL"``, ``"20 mg/kg"``.
        Both micro signs and ``u`` are understood.
    what
        What the quantity is for, used in errors.
    where
        File and line, used in errors.

    Raises
    ------
    UnitError
        If there is no number, no unit, an unknown unit, or the number is negative or not finite.
    """
    plain = _plain(text)
    match = _QUANTITY.fullmatch(plain)
    if match is None:
        raise _error(what, text, "a number with a unit", "Write it like '3 uM' or '12 h'.", where)
    number, unit = match.groups()
    if not unit:
        raise _error(what, text, "a unit behind the number", "Write it like '3 uM' or '12 h'.", where)
    known = _unit(unit)
    if known is None:
        raise _error(what, text, f"a known unit instead of {unit!r}", _KNOWN_UNITS, where)
    dimension, factor = known
    value = _exact(number, text, what, where) * factor
    return Quantity(value, dimension, str(text))


_KNOWN_UNITS = (
    "Use s, min, h, d, week, nM, uM, mM, ng/mL, ug/mL, %, cells, cells/mL, mg, mg/kg, mg/m2, m2 or 'x'."
)


def hours(text: object, *, what: str = "time", where: str = "") -> float:
    """Return a duration in hours.

    Raises
    ------
    UnitError
        If the text is not a time, or is negative.
    """
    return float(_of_dimension(text, "time", what, where).value)


def times(text: object, *, what: str = "measurement time", where: str = "") -> Times:
    """Read points in time or a window.

    Parameters
    ----------
    text
        ``"0 5 15 30 60 min"`` (one unit for the list), ``"0 h, 15 min, 1 h"``, or a window ``"5-60 min"``.
    what, where
        Used in errors.

    Raises
    ------
    UnitError
        If a unit is missing or is not a time, or a number is negative.
    """
    plain = _plain(text)
    if window := _WINDOW.fullmatch(plain):
        low, high, unit = window.groups()
        start = hours(f"{low} {unit}", what=what, where=where)
        stop = hours(f"{high} {unit}", what=what, where=where)
        if start >= stop:
            raise _error(what, text, "a window that ends after it starts", "Swap the two times.", where)
        return Times((start, stop), True, str(text))
    points = _listed_times(plain, text, what, where)
    return Times(tuple(sorted(set(points))), False, str(text))


def _listed_times(plain: str, text: object, what: str, where: str) -> list[float]:
    """Read ``"0 5 15 min"``: a number without a unit takes the next unit to its right."""
    tokens = re.findall(rf"{_NUMBER}|[^\s,;\d][^\s,;\d]*", plain)
    if not tokens or _is_number(tokens[-1]):
        raise _error(what, text, "a unit behind the last number", "Write it like '0 5 15 30 60 min'.", where)
    points: list[float] = []
    waiting: list[str] = []
    for token in tokens:
        if _is_number(token):
            waiting.append(token)
        else:
            points.extend(hours(f"{number} {token}", what=what, where=where) for number in waiting)
            if not waiting:
                raise _error(what, text, f"a number before {token!r}", "Write '0 5 15 min'.", where)
            waiting = []
    return points


def concentration(
    text: object,
    unit: str,
    *,
    molar_mass_g_per_mol: float | None = None,
    what: str = "dose",
    where: str = "",
) -> float:
    """Return a concentration in a molar model unit.

    Parameters
    ----------
    text
        For example ``"3 uM"`` or ``"10 ng/mL"``.
    unit
        Model unit of the answer, ``"nM"`` or ``"uM"``.
    molar_mass_g_per_mol
        Needed for mass concentrations [g/mol].
    what, where
        Used in errors.

    Raises
    ------
    UnitError
        If the text is no concentration, or is a mass concentration and no molar mass is known.
    """
    quantity = read_quantity(text, what=what, where=where)
    molar = quantity.value
    if quantity.dimension == "mass concentration":
        if molar_mass_g_per_mol is None:
            raise _error(what, text, "a molar concentration", "No molar mass is known.", where)
        molar = quantity.value / Fraction(str(molar_mass_g_per_mol))
    elif quantity.dimension != "molar":
        raise _error(what, text, _EXAMPLES["molar"], f"{quantity.dimension!r} does not fit.", where)
    target = _unit(unit)
    if target is None or target[0] != "molar":
        raise UnitError(f"model unit {unit!r} is not molar. Use nM or uM.")
    return float(molar / target[1])


def fraction(text: object, *, what: str = "fraction", where: str = "", limit: float = 1.0) -> float:
    """Return a percentage such as ``"90%"`` as a fraction, at most ``limit``.

    Raises
    ------
    UnitError
        If the text is no percentage, is negative, or exceeds ``limit``.
    """
    value = float(_of_dimension(text, "fraction", what, where).value)
    if value > limit:
        raise _error(what, text, f"at most {limit:.0%}", "Give a smaller percentage.", where)
    return value


def serum_level(text: object, *, reference: str = "10%", where: str = "") -> float:
    """Return serum such as ``"1% FBS"`` relative to full medium (``reference``, 10 % FBS).

    Raises
    ------
    UnitError
        If the text is no percentage.
    """
    plain = re.sub(r"(?i)\s*(fbs|fcs|serum)\s*$", "", _plain(text))
    level = _of_dimension(plain, "fraction", "serum", where).value
    return float(level / read_quantity(reference).value)


def cell_density(text: object, *, what: str = "cell density", where: str = "") -> float:
    """Return a cell density in thousands of cells per mL.

    Raises
    ------
    UnitError
        If the text is no cell density, or is negative.
    """
    return float(_of_dimension(text, "cell density", what, where).value / 10**6)


def cell_number(text: object, *, what: str = "number of cells", where: str = "") -> float:
    """Return a number of cells in thousands.

    Raises
    ------
    UnitError
        If the text is no number of cells, or is negative.
    """
    return float(_of_dimension(text, "cell number", what, where).value / 1000)


def drug_dose(text: object, *, what: str = "dose", where: str = "") -> Quantity:
    """Return a dose for an animal or patient: a mass, or a mass per kg or m2 of body.

    Raises
    ------
    UnitError
        If the text is none of these, or is negative.
    """
    quantity = read_quantity(text, what=what, where=where)
    if quantity.dimension not in ("mass", "mass dose", "surface dose"):
        expected = "a dose such as '20 mg/kg', '1.3 mg/m2' or '4 mg'"
        raise _error(what, text, expected, "Use 'add' in a dish for a concentration.", where)
    return quantity


def body_weight(text: object, *, where: str = "") -> float:
    """Return a body weight such as ``"20 g"`` in kg.

    Raises
    ------
    UnitError
        If the text is no mass, or is negative.
    """
    return float(_of_dimension(text, "mass", "body weight", where).value / 1000)


def body_surface(text: object, *, where: str = "") -> float:
    """Return a body surface such as ``"1.8 m2"`` in m2.

    Raises
    ------
    UnitError
        If the text is no surface, or is negative.
    """
    return float(_of_dimension(text, "surface", "body surface", where).value)


def fold(text: object, *, what: str = "fold", where: str = "") -> float:
    """Return a multiple: ``3``, ``"3"``, ``"3 x"``, ``"3-fold"``; it carries no unit.

    Raises
    ------
    UnitError
        If it is not a positive finite number.
    """
    match = re.fullmatch(rf"\s*({_NUMBER}|nan|inf)\s*-?(?:x|fold|times|×)?\s*", _plain(text), re.IGNORECASE)
    if match is None or isinstance(text, bool):
        raise _error(what, text, _EXAMPLES["fold"], "Write a number without a unit.", where)
    return float(_exact(match.group(1), text, what, where))


def _of_dimension(text: object, dimension: Dimension, what: str, where: str) -> Quantity:
    """Read a quantity and insist on its dimension."""
    quantity = read_quantity(text, what=what, where=where)
    if quantity.dimension != dimension:
        raise _error(what, text, _EXAMPLES[dimension], f"A {quantity.dimension} does not fit here.", where)
    return quantity


def _unit(unit: str) -> tuple[Dimension, Fraction] | None:
    """Return the dimension of a unit and its size in the base of that dimension."""
    fixed: dict[str, tuple[Dimension, Fraction]] = {
        "%": ("fraction", Fraction(1, 100)),
        "x": ("fold", Fraction(1)),
        "fold": ("fold", Fraction(1)),
        "cells": ("cell number", Fraction(1)),
        "m2": ("surface", Fraction(1)),
    }
    if unit in fixed:
        return fixed[unit]
    if unit in _TIMES:
        return "time", _TIMES[unit]
    return _molar_unit(unit) or _volume_unit(unit) or _mass_unit(unit)


def _molar_unit(unit: str) -> tuple[Dimension, Fraction] | None:
    """Read ``uM`` and ``nmol/L``."""
    if match := _MOLAR.fullmatch(unit):
        return "molar", _ten_to(match[1])
    if match := _AMOUNT_PER_VOLUME.fullmatch(unit):
        return "molar", _ten_to(match[1]) / _ten_to(match[2])
    return None


def _volume_unit(unit: str) -> tuple[Dimension, Fraction] | None:
    """Read ``ng/mL`` and ``cells/mL``."""
    if match := _MASS_PER_VOLUME.fullmatch(unit):
        return "mass concentration", _ten_to(match[1]) / _ten_to(match[2])
    if match := _CELLS.fullmatch(unit):
        return "cell density", _ten_to(match[1]) / _ten_to(match[2])
    return None


def _mass_unit(unit: str) -> tuple[Dimension, Fraction] | None:
    """Read ``mg``, ``mg/kg`` and ``mg/m2``."""
    per: dict[str | None, Dimension] = {None: "mass", "kg": "mass dose", "m2": "surface dose"}
    match = _MASS.fullmatch(unit)
    return (per[match[2]], _ten_to(match[1])) if match else None


def _ten_to(prefix: str) -> Fraction:
    """Return the size of an SI prefix."""
    return Fraction(10) ** _PREFIXES[prefix]


def _exact(number: str, text: object, what: str, where: str) -> Fraction:
    """Return a number exactly, refusing what is negative or not finite."""
    if not math.isfinite(float(number)):
        raise _error(what, text, "a finite number", "Write the amount used at the bench.", where)
    value = Fraction(number) if float(number) else Fraction(0)
    if value < 0:
        raise _error(what, text, "a number that is not negative", "Drop the minus sign.", where)
    return value


def _plain(text: object) -> str:
    """Return text with both micro signs written as ``u`` and squares as ``2``."""
    plain = str(text).replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    return plain.replace("\N{SUPERSCRIPT TWO}", "2").replace("m^2", "m2").strip()


def _is_number(token: str) -> bool:
    """Return whether a token is a number."""
    return re.fullmatch(_NUMBER, token) is not None


def _error(what: str, text: object, expected: str, remedy: str, where: str) -> UnitError:
    """Say what was got, what was expected and what to do."""
    place = f"{where}: " if where else ""
    return UnitError(f"{place}{what}: got {text!r}, expected {expected}. {remedy}")
