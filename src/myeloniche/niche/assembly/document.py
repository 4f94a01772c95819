"""The SBML document of the niche: units, compartments, amounts, and laws in extent per time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import libsbml

from myeloniche.errors import ModelError
from myeloniche.niche.assembly.annotation import annotate
from myeloniche.niche.assembly.factors import apply_factors, names_in
from myeloniche.niche.assembly.parts import Parts
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.tables import ParameterRow, Problems, SpeciesRow, is_relative, raise_distinct
from myeloniche.niche.unit_text import UnitPart, amount_parts, has_volume, parse_unit, unit_id

__all__ = ["dress"]

# Every reaction's extent is counted in this unit; species in other units carry a conversion factor.
EXTENT = "nM"
DIMENSIONLESS = "dimensionless"


def dress(sbml: str, parts: Parts) -> str:
    """Return the document with everything that Antimony text cannot say.

    Parameters
    ----------
    sbml
        Model as translated from Antimony, with ids and values but without units.
    parts
        Rows, factors and references behind it.

    Returns
    -------
    SBML Level 3 Version 2: units everywhere, hour as time unit, laws in extent per hour, factors applied,
    annotations and notes.

    Raises
    ------
    ModelError
        If a process changes species of different units, or a factor does not apply.
    """
    document = libsbml.readSBMLFromString(sbml)
    model = document.getModel()
    problems: Problems = []
    _declare_units(model, parts)
    _set_species(model, parts)
    _set_parameters(model, parts)
    _clean_functions(model)
    for reaction in model.getListOfReactions():
        _separate_modifiers(reaction)
    apply_factors(model, parts.factors, problems)
    for reaction in model.getListOfReactions():
        _declare_modifiers(model, reaction)
        _scale_law(model, reaction, parts, problems)
    raise_distinct(problems, title="the processes of the niche")
    _mark_numbers(model)
    annotate(model, parts)
    return str(libsbml.writeSBMLToString(document))


def _declare_units(model: Any, parts: Parts) -> None:
    """Define every unit that a row uses, the amounts behind species, and the model's own units."""
    rows: list[SpeciesRow | ParameterRow] = [*parts.species.values(), *parts.parameters.values()]
    defined = {unit_id(row.unit): parse_unit(row.unit) for row in rows}
    amounts = {EXTENT, *(row.unit for row in parts.species.values() if not row.is_observable)}
    for unit in sorted(amounts):
        defined[_amount_id(unit)] = amount_parts(unit)
        if _amount_id(unit) != _amount_id(EXTENT):
            defined[_amount_id(EXTENT) + "_per_" + unit_id(unit)] = _ratio(EXTENT, unit)
            defined[unit_id(unit) + "_per_" + _amount_id(EXTENT)] = _ratio(unit, EXTENT)
    defined["hour"] = parse_unit("h")
    for identifier in sorted(defined):
        if identifier != DIMENSIONLESS:
            _define_unit(model, identifier, defined[identifier])
    model.setTimeUnits("hour")
    model.setVolumeUnits("litre")
    model.setSubstanceUnits(_amount_id(EXTENT))
    model.setExtentUnits(_amount_id(EXTENT))


def _amount_id(unit: str) -> str:
    return DIMENSIONLESS if is_relative(unit) else f"amount_{unit_id(unit)}"


def _ratio(above: str, below: str) -> tuple[UnitPart, ...]:
    inverse = (part._replace(exponent=-part.exponent) for part in amount_parts(below))
    return (*amount_parts(above), *inverse)


def _define_unit(model: Any, identifier: str, unit_parts: Iterable[UnitPart]) -> None:
    definition = model.createUnitDefinition()
    definition.setId(identifier)
    for part in tuple(unit_parts) or (UnitPart(DIMENSIONLESS, 1),):
        unit = definition.createUnit()
        unit.setKind(libsbml.UnitKind_forName(part.kind))
        unit.setExponent(part.exponent)
        unit.setScale(part.scale)
        unit.setMultiplier(part.multiplier)


def _set_species(model: Any, parts: Parts) -> None:
    """Give compartments and species their units, and species their conversion factors."""
    for compartment in model.getListOfCompartments():
        compartment.setUnits("litre")
    for row in parts.species.values():
        if row.is_observable:
            continue
        species = model.getSpecies(sbml_id(row.id))
        species.setSubstanceUnits(_amount_id(row.unit))
        if _amount_id(row.unit) != _amount_id(EXTENT):
            species.setConversionFactor(_conversion(model, row.unit))


def _conversion(model: Any, unit: str) -> str:
    """Return the parameter that turns extent into an amount of a species, made if missing."""
    identifier = f"{_word(unit)}_per_extent"
    return _constant(model, identifier, unit_id(unit) + "_per_" + _amount_id(EXTENT))


def _extent(model: Any, unit: str) -> str:
    """Return the parameter that turns a law in a species' unit into extent, made if missing."""
    identifier = f"extent_per_{_word(unit)}"
    return _constant(model, identifier, _amount_id(EXTENT) + "_per_" + unit_id(unit))


def _word(unit: str) -> str:
    return "relative" if is_relative(unit) else unit_id(unit)


def _constant(model: Any, identifier: str, unit: str) -> str:
    if model.getParameter(identifier) is None:
        parameter = model.createParameter()
        parameter.setId(identifier)
        parameter.setValue(1)
        parameter.setConstant(True)
        parameter.setUnits(unit)
    return identifier


def _set_parameters(model: Any, parts: Parts) -> None:
    """Give parameters and observables their units."""
    observables = (row for row in parts.species.values() if row.is_observable)
    rows: list[SpeciesRow | ParameterRow] = [*parts.parameters.values(), *observables]
    for row in rows:
        model.getParameter(sbml_id(row.id)).setUnits(unit_id(row.unit))


def _clean_functions(model: Any) -> None:
    """Write a zero in a function of one argument as 0*x: then it has the argument's unit.

    SBML numbers cannot take the unit of an argument, and one without a unit keeps libSBML from checking
    any law that calls the function.
    """
    for function in model.getListOfFunctionDefinitions():
        if function.getNumArguments() == 1:
            math = function.getMath().deepCopy()
            _scale_zeros(math, function.getArgument(0).getName())
            function.setMath(math)


def _scale_zeros(node: Any, argument: str) -> None:
    for index in range(node.getNumChildren()):
        child = node.getChild(index)
        if child.isNumber() and child.getValue() == 0:
            node.replaceChild(index, libsbml.parseL3Formula(f"0*{argument}"), True)
        else:
            _scale_zeros(child, argument)


def _separate_modifiers(reaction: Any) -> None:
    """Turn species that come out as they went in into modifiers; make every reaction irreversible."""
    reaction.setReversible(False)
    for name, change in _changes(reaction).items():
        if change == 0:
            reaction.removeReactant(name)
            reaction.removeProduct(name)
            reaction.createModifier().setSpecies(name)


def _declare_modifiers(model: Any, reaction: Any) -> None:
    """List the species that a law came to depend on through a factor."""
    known = {
        reference.getSpecies()
        for references in (
            reaction.getListOfReactants(),
            reaction.getListOfProducts(),
            reaction.getListOfModifiers(),
        )
        for reference in references
    }
    for name in sorted(names_in(reaction.getKineticLaw().getMath()) - known):
        if model.getSpecies(name) is not None:
            reaction.createModifier().setSpecies(name)


def _changes(reaction: Any) -> dict[str, float]:
    """Return the net stoichiometry of every reactant and product."""
    changes: dict[str, float] = {}
    for sign, references in ((-1, reaction.getListOfReactants()), (1, reaction.getListOfProducts())):
        for reference in references:
            name = reference.getSpecies()
            changes[name] = changes.get(name, 0) + sign * reference.getStoichiometry()
    return changes


def _scale_law(model: Any, reaction: Any, parts: Parts, problems: Problems) -> None:
    """Multiply a law in concentration per hour by the compartment, and by the factor that makes it extent."""
    changed = [name for name, change in _changes(reaction).items() if change]
    units = {_amount_id(parts.species[user_name(name)].unit) for name in changed}
    row = parts.processes[user_name(reaction.getId())]
    if len(units) != 1:
        got = ", ".join(f"{user_name(n)} [{parts.species[user_name(n)].unit}]" for n in changed) or "nothing"
        problems.append(
            ModelError(
                f"{row.law_where}: process {row.id!r} changes {got}; expected species of one unit, "
                "write an undepleted one on both sides or only in the law"
            )
        )
        return
    unit = parts.species[user_name(changed[0])].unit
    names = [model.getSpecies(changed[0]).getCompartment()] if has_volume(unit) else []
    names += [] if _amount_id(unit) == _amount_id(EXTENT) else [_extent(model, unit)]
    law = reaction.getKineticLaw()
    product = libsbml.ASTNode(libsbml.AST_TIMES)
    product.addChild(law.getMath().deepCopy())
    for name in names:
        symbol = libsbml.ASTNode(libsbml.AST_NAME)
        symbol.setName(name)
        product.addChild(symbol)
    law.setMath(product)


def _mark_numbers(model: Any) -> None:
    """Declare every number in laws, rules and functions dimensionless."""
    holders = [
        *(reaction.getKineticLaw() for reaction in model.getListOfReactions()),
        *model.getListOfRules(),
        *model.getListOfInitialAssignments(),
        *model.getListOfFunctionDefinitions(),
    ]
    for holder in holders:
        math = holder.getMath().deepCopy()
        _mark(math)
        holder.setMath(math)


def _mark(node: Any) -> None:
    if node.isNumber() and not node.isSetUnits():
        node.setUnits(DIMENSIONLESS)
    for index in range(node.getNumChildren()):
        _mark(node.getChild(index))
