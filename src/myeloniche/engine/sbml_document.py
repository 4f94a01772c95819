"""An SBML file becomes a libSBML document that is known to be valid and to hold nothing we would drop."""

from __future__ import annotations

from collections.abc import Iterable, Set
from pathlib import Path
from typing import Any

import libsbml

from myeloniche.engine.expression import TIME
from myeloniche.engine.sbml_guard import demand_harmless
from myeloniche.engine.sbml_hierarchy import PACKAGE, flatten, is_hierarchical
from myeloniche.engine.sbml_validity import demand_valid, raise_faults
from myeloniche.errors import ModelError, UnsupportedError, raise_all

__all__ = ["free_clock_name", "open_document"]

_OLDEST_LEVEL = 2
# The second only lets Level 3 Version 1 use the formulas of Version 2, which are read or refused one by one.
_HONOURED_PACKAGES = frozenset({PACKAGE, "l3v2extendedmath"})


def open_document(path_or_text: str | Path) -> tuple[Any, str]:
    """Return a checked libSBML document and the name under which messages speak of it.

    Raises
    ------
    ModelError
        If the file is missing or is no valid SBML, with the line of every fault.
    UnsupportedError
        If it holds what is not honoured, with the kind and id of every such element.
    """
    text, where = _source(path_or_text)
    used = demand_harmless(text, where)
    document = libsbml.readSBMLFromString(text)
    raise_faults(document, where, libsbml.LIBSBML_SEV_FATAL)
    raise_all(list(_refused(document, where, used)), title=f"{where} holds what is not honoured")
    raise_faults(document, where)
    if document.getModel() is None:
        raise ModelError(f"{where}: got an SBML document without a model")
    if is_hierarchical(document, used):
        flatten(document, where)
    raise_all(list(_refused_elements(document, where)), title=f"{where} holds what is not honoured")
    demand_valid(document, where)
    return document, where


def free_clock_name(document: Any) -> dict[str, str]:
    """Rename what has the name of the clock as its id, everywhere in the document.

    Returns
    -------
    The new id by the old one; empty if there was nothing to rename.
    """
    model = document.getModel()
    element = model.getElementBySId(TIME)
    if element is None:
        return {}
    new = f"{TIME}_"
    while model.getElementBySId(new) is not None:
        new += "_"
    element.setId(new)
    elements = model.getListOfAllElements()
    for index in range(elements.getSize()):
        elements.get(index).renameSIdRefs(TIME, new)
    return {TIME: new}


def _source(path_or_text: str | Path) -> tuple[str, str]:
    if isinstance(path_or_text, str) and path_or_text.lstrip("\ufeff \t\r\n").startswith("<"):
        return path_or_text.lstrip("\ufeff \t\r\n"), "SBML text"
    path = Path(path_or_text)
    try:
        return path.read_text(encoding="utf-8-sig"), str(path)
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot read the SBML file: {error}") from error


def _refused(document: Any, where: str, used: Set[str]) -> Iterable[UnsupportedError]:
    if document.getLevel() < _OLDEST_LEVEL:
        level = document.getLevel()
        yield UnsupportedError(f"{where}: got SBML Level {level}; convert the file to Level 2 or 3")
    for package in _required_packages(document, used):
        yield UnsupportedError(
            f"{where}: the package {package!r} is required to understand this model and is not honoured; "
            "export the model as plain core SBML"
        )


def _required_packages(document: Any, used: Set[str]) -> Iterable[str]:
    """Yield the packages that are declared to bear on the numbers, are used and not honoured."""
    for plugin in (document.getPlugin(index) for index in range(document.getNumPlugins())):
        package = plugin.getPackageName()
        # In Level 2 packages live in annotations, which never bear on the numbers.
        required = document.getLevel() > _OLDEST_LEVEL and document.getPackageRequired(package)
        if required and plugin.getURI() in used and package not in _HONOURED_PACKAGES:
            yield package
    for index in range(document.getNumUnknownPackages()):
        uri = document.getUnknownPackageURI(index)
        if document.getPackageRequired(uri) and uri in used:
            yield document.getUnknownPackagePrefix(index)


def _refused_elements(document: Any, where: str) -> Iterable[UnsupportedError]:
    for kind, name, advice in _elements(document.getModel()):
        yield UnsupportedError(f"{where}: {kind} {name!r} is not honoured; {advice}")


def _elements(model: Any) -> Iterable[tuple[str, str, str]]:
    for index, rule in enumerate(model.getListOfRules()):
        if rule.isAlgebraic():
            yield "algebraic rule", f"number {index + 1}", "solve it for one variable as an assignment rule"
    for reaction in model.getListOfReactions():
        if reaction.isSetFast() and reaction.getFast():
            yield "fast reaction", reaction.getId(), "give it a rate law fast enough"
