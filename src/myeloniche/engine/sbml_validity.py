"""What libSBML finds wrong with a document, in a time that grows little faster than its length.

Two of libSBML's general checks look for circles, of assignments and of function definitions. Their time
grows with the fourth or fifth power of the longest chain, so that a hundred functions or some hundred rules
that build on each other take a minute, and a circle of functions crashes or has no end. General checks
therefore see a copy in which no formula leads to another one. Circles of functions are refused before libSBML
looks, those of assignments where formulas are put in order (:mod:`myeloniche.engine.sbml_source`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import libsbml

from myeloniche.engine.dependencies import in_order
from myeloniche.engine.mathml import called_functions, nodes_of
from myeloniche.errors import ModelError, raise_all

__all__ = ["demand_valid", "models_of", "raise_faults"]

_LONGEST_MESSAGE = 400
_MOST_MESSAGES = 50
# libSBML recurses into functions that call each other.
_DEEPEST = 100

_GENERAL = libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY
_OTHERS = (
    libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
    libsbml.LIBSBML_CAT_MATHML_CONSISTENCY,
    libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
    libsbml.LIBSBML_CAT_INTERNAL_CONSISTENCY,
)
# Of no consequence for the numbers.
_LEFT_OUT = (
    libsbml.LIBSBML_CAT_UNITS_CONSISTENCY,
    libsbml.LIBSBML_CAT_MODELING_PRACTICE,
    libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
)


def models_of(document: Any) -> list[Any]:
    """Return the model of a libSBML document and all that it defines to be submodels."""
    plugin = document.getPlugin("comp")
    defined = [] if plugin is None else list(plugin.getListOfModelDefinitions())
    return [model for model in (document.getModel(), *defined) if model is not None]


def demand_valid(document: Any, where: str) -> None:
    """Refuse a libSBML document that is no valid SBML.

    Raises
    ------
    ModelError
        With the line of every fault.
    """
    copy = document.clone()
    for model in models_of(copy):
        _separate_functions(model, where)
        _separate_assignments(model)
    _demand(document, where, _OTHERS)
    _demand(copy, where, (_GENERAL,))


def _demand(document: Any, where: str, categories: Iterable[int]) -> None:
    for category in (_GENERAL, *_OTHERS, *_LEFT_OUT):
        document.setConsistencyChecks(category, category in categories)
    plugin = document.getPlugin("comp")
    if plugin is not None:
        # A hierarchy is flattened once it is known to be valid, not to find out.
        plugin.setOverrideCompFlattening(True)
    document.checkConsistency()
    raise_faults(document, where)


def raise_faults(document: Any, where: str, least_severity: int = libsbml.LIBSBML_SEV_ERROR) -> None:
    """Raise what libSBML found wrong with a document so far.

    Raises
    ------
    ModelError
        With the line of every fault.
    """
    log = document.getErrorLog()
    errors = [log.getError(index) for index in range(log.getNumErrors())]
    # What is required of packages is judged by what of them is used.
    faults = [
        ModelError(f"{where}:{error.getLine()}: {_shortened(error.getMessage())}")
        for error in errors
        if error.getSeverity() >= least_severity and error.getErrorId() != libsbml.RequiredPackagePresent
    ]
    if len(faults) > _MOST_MESSAGES:
        more = len(faults) - _MOST_MESSAGES
        faults[_MOST_MESSAGES:] = [ModelError(f"{where}: and {more} faults more")]
    raise_all(faults, title=where)


def _shortened(message: str) -> str:
    """Return a message without its middle if it is long: first stands the rule, last who breaks it."""
    words = " ".join(message.split())
    half = _LONGEST_MESSAGE // 2
    return words if len(words) <= _LONGEST_MESSAGE else f"{words[:half]} ... {words[-half:]}"


def _separate_functions(model: Any, where: str) -> None:
    """Replace what functions call by an operation that gives a truth or a number as the function does."""
    bodies = {function.getId(): function.getBody() for function in model.getListOfFunctionDefinitions()}
    calls = {name: called_functions(body) & bodies.keys() for name, body in bodies.items()}
    depths: dict[str, int] = {}
    for name in in_order(calls, f"{where}: these functions call each other"):
        depths[name] = 1 + max((depths[called] for called in calls[name]), default=0)
        if depths[name] > _DEEPEST:
            raise ModelError(
                f"{where}: function {name!r} calls others more than {_DEEPEST} deep; write some of them out"
            )
        for node in nodes_of(bodies[name]):
            if node.getType() == libsbml.AST_FUNCTION:
                called = bodies.get(node.getName())
                truth = called is not None and called.returnsBoolean()
                node.setType(libsbml.AST_LOGICAL_AND if truth else libsbml.AST_PLUS)


def _separate_assignments(model: Any) -> None:
    """Let no rule or initial assignment depend on anything, and nothing on a reaction."""
    zero = libsbml.parseL3Formula("0")
    for element in (*model.getListOfRules(), *model.getListOfInitialAssignments()):
        if element.isSetMath():
            element.setMath(zero)
    reactions = list(model.getListOfReactions())
    ids = frozenset(reaction.getId() for reaction in reactions)
    laws = (reaction.getKineticLaw() for reaction in reactions if reaction.isSetKineticLaw())
    for node in (node for law in laws for node in nodes_of(law.getMath())):
        if node.getType() == libsbml.AST_NAME and node.getName() in ids:
            node.setValue(0)
