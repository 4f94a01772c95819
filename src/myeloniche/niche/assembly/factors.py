"""Factors of attachments multiplied into the rate laws of an SBML model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import libsbml

from myeloniche.errors import ModelError
from myeloniche.niche.attachment import Factor
from myeloniche.niche.names import user_name, user_text
from myeloniche.niche.tables import Problems

__all__ = ["apply_factors", "names_in"]


def apply_factors(model: Any, factors: Sequence[Factor], problems: Problems) -> None:
    """Multiply the laws of a model by factors over SBML ids.

    Parameters
    ----------
    model
        libSBML model, changed in place. Species that come out as they went in must be modifiers.
    factors
        ``process:MM__tak1_block`` multiplies a law; ``activity:MM__PIM2`` multiplies the species in every
        law of a process that neither consumes nor makes it, also where it acts through an observable.
    problems
        Gets a ModelError for each factor that cannot be read or has no effect.
    """
    activities: dict[str, Any] = {}
    for factor in factors:
        kind, _, name = factor.target.partition(":")
        math = libsbml.parseL3Formula(factor.expression)
        if math is None:
            reason = libsbml.getLastParseL3Error()
            got = user_text(factor.expression)
            problems.append(ModelError(f"{factor.where}: cannot read factor {got!r}: {reason}"))
        elif kind == "activity":
            activities[name] = _product(activities[name], math) if name in activities else math
        else:
            _multiply_process(model, name, math, factor, problems)
    used = _multiply_activities(model, activities)
    for factor in factors:
        kind, _, name = factor.target.partition(":")
        if kind == "activity" and name in activities and name not in used:
            what = f"no rate law depends on {user_name(name)!r}"
            problems.append(ModelError(f"{factor.where}: {what}, so a factor on its activity does nothing"))


def _product(first: Any, second: Any) -> Any:
    node = libsbml.ASTNode(libsbml.AST_TIMES)
    node.addChild(first.deepCopy())
    node.addChild(second.deepCopy())
    return node


def _multiply_process(model: Any, name: str, math: Any, factor: Factor, problems: Problems) -> None:
    reaction = model.getReaction(name)
    if reaction is None:
        known = "a process is the id of a reaction, such as 'process:MM.tak1_loss'"
        problems.append(ModelError(f"{factor.where}: {user_name(name)!r} is not a process; {known}"))
        return
    law = reaction.getKineticLaw()
    # libSBML misjudges the unit of a product in which a call follows another call with other units.
    law.setMath(_product(math, law.getMath()))


def _multiply_activities(model: Any, activities: Mapping[str, Any]) -> set[str]:
    """Multiply species where they act; return those that act somewhere."""
    used: set[str] = set()
    if not activities:
        return used
    rules = _rules_with(model, activities)
    for reaction in model.getListOfReactions():
        changed = {
            reference.getSpecies()
            for references in (reaction.getListOfReactants(), reaction.getListOfProducts())
            for reference in references
        }
        acting = {name: math for name, math in activities.items() if name not in changed}
        law = reaction.getKineticLaw()
        math, found = _replaced(law.getMath(), acting, rules)
        if found:
            used |= found
            law.setMath(math)
    return used


def _rules_with(model: Any, activities: Mapping[str, Any]) -> dict[str, Any]:
    """Return the assignment rules that depend on one of the species, directly or through another rule."""
    rules = {rule.getVariable(): rule.getMath() for rule in model.getListOfRules() if rule.isAssignment()}
    reached = set(activities)
    while True:
        grown = reached | {name for name, math in rules.items() if names_in(math) & reached}
        if grown == reached:
            return {name: math for name, math in rules.items() if name in reached}
        reached = grown


def names_in(node: Any) -> set[str]:
    """Return the ids that a formula refers to."""
    found = {node.getName()} if node.getType() == libsbml.AST_NAME else set()
    return found.union(*(names_in(node.getChild(index)) for index in range(node.getNumChildren())))


def _replaced(node: Any, acting: Mapping[str, Any], rules: Mapping[str, Any]) -> tuple[Any, set[str]]:
    """Return the expression with acting species multiplied, observables on the way written out."""
    if node.getType() == libsbml.AST_NAME:
        name = node.getName()
        if name in acting:
            return _product(node, acting[name]), {name}
        if name in rules:
            inner, found = _replaced(rules[name], acting, rules)
            return (inner, found) if found else (node.deepCopy(), set())
        return node.deepCopy(), set()
    copy, used = node.deepCopy(), set[str]()
    for index in range(node.getNumChildren()):
        child, found = _replaced(node.getChild(index), acting, rules)
        if found:
            used |= found
            copy.replaceChild(index, child, True)
    return copy, used
