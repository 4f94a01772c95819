"""The units that an SBML model names, as text a person can read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["time_unit", "unit_texts"]

_LEVEL_WITH_DEFAULTS = 2
_DEFAULTS = {"substance": "mole", "volume": "litre", "area": "metre^2", "length": "metre", "time": "second"}
_SIZE_BY_DIMENSION = {3: "volume", 2: "area", 1: "length"}


def time_unit(model: Any) -> str:
    """Return the unit of a libSBML model's clock, or an empty text."""
    if model.getLevel() > _LEVEL_WITH_DEFAULTS:
        return _text(model, model.getTimeUnits())
    return _text(model, "time")


def unit_texts(model: Any) -> dict[str, str]:
    """Return the unit of every compartment, species, parameter and reaction for which one is named."""
    return {name: unit for name, unit in _units(model) if unit}


def _units(model: Any) -> Iterable[tuple[str, str]]:
    for compartment in model.getListOfCompartments():
        yield compartment.getId(), _size_unit(model, compartment)
    for species in model.getListOfSpecies():
        yield species.getId(), _species_unit(model, species)
    for parameter in model.getListOfParameters():
        yield parameter.getId(), _text(model, parameter.getUnits())
    extent = _default(model, model.getExtentUnits(), "substance")
    for reaction in model.getListOfReactions():
        yield reaction.getId(), _ratio(extent, time_unit(model))
        law = reaction.getKineticLaw()
        for parameter in law.getListOfParameters() if law is not None else ():
            yield f"{reaction.getId()}.{parameter.getId()}", _text(model, parameter.getUnits())


def _species_unit(model: Any, species: Any) -> str:
    amount = species.getSubstanceUnits() or _default(model, model.getSubstanceUnits(), "substance")
    compartment = model.getCompartment(species.getCompartment())
    if species.getHasOnlySubstanceUnits() or compartment is None or not compartment.getSpatialDimensions():
        return _text(model, amount)
    return _ratio(_text(model, amount), _size_unit(model, compartment))


def _size_unit(model: Any, compartment: Any) -> str:
    if compartment.getUnits():
        return _text(model, compartment.getUnits())
    kind = _SIZE_BY_DIMENSION.get(compartment.getSpatialDimensions())
    if kind is None:
        return ""
    by_kind = {"volume": model.getVolumeUnits, "area": model.getAreaUnits, "length": model.getLengthUnits}
    return _text(model, _default(model, by_kind[kind](), kind))


def _default(model: Any, stated: str, kind: str) -> str:
    """Return the unit a model states for a kind of quantity; Level 2 has one even where none is stated."""
    return stated or (kind if model.getLevel() <= _LEVEL_WITH_DEFAULTS else "")


def _text(model: Any, unit: str) -> str:
    if unit == "dimensionless":
        return "1"
    definition = model.getUnitDefinition(unit) if unit else None
    if definition is None:
        return _DEFAULTS.get(unit, unit)
    return str(definition.getName() or definition.getId())


def _ratio(numerator: str, denominator: str) -> str:
    if not numerator or not denominator:
        return ""
    return numerator if denominator == "1" else f"{numerator}/{denominator}"
