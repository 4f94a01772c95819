"""Models that are made of models (the package comp of SBML Level 3) become one plain model.

libSBML does the flattening, as the specification has it [1]_: what lies in a submodel ``s`` gets the name
``s__id``. It follows every link that a file gives, and its time and memory grow without bound with the number
of submodels and the depth of their nesting; so links to other files are refused, and what a hierarchy would
grow to is worked out before it is built.

References
----------
.. [1] Smith LP et al., SBML Level 3 Package: Hierarchical Model Composition, Version 1 Release 3, Journal of
   Integrative Bioinformatics 12, 2015, doi:10.2390/biecoll-jib-2015-268
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import libsbml

from myeloniche.engine.dependencies import in_order
from myeloniche.engine.sbml_validity import demand_valid, models_of, raise_faults
from myeloniche.errors import ModelError, UnsupportedError, raise_all

__all__ = ["PACKAGE", "flatten", "is_hierarchical"]

PACKAGE = "comp"
"""Name of the package, which libSBML wants as its prefix too."""


# With these libSBML takes some 20 seconds and 2 GB at worst.
_LARGEST = {
    "levels of submodels": 20,
    "submodels": 5_000,
    "characters of XML": 8_000_000,
    "elements to rename times characters to look through": 4_000_000_000,
    "model definitions times elements to check": 2_000_000,
}


@dataclass(frozen=True)
class _Extent:
    """What a model grows to once all of its submodels are written out.

    Attributes
    ----------
    levels
        How deep models lie in each other, itself included.
    models
        How many models there are, itself included.
    characters
        Length of all XML.
    renaming
        For each model, its elements times the length of the XML below it: what libSBML goes through to
        rename them.
    """

    levels: int
    models: int
    characters: int
    renaming: int


def is_hierarchical(document: Any, used: Set[str]) -> bool:
    """Say whether a libSBML document uses the package, given the namespaces that its file uses."""
    plugin = document.getPlugin(PACKAGE)
    return plugin is not None and plugin.getURI() in used


def flatten(document: Any, where: str) -> None:
    """Turn a document that uses the package into one that does not, in place.

    Raises
    ------
    ModelError
        If the hierarchy is not valid, goes in a circle, or is too large.
    UnsupportedError
        If it is spread over several files.
    """
    raise_all(list(_refused(document, where)), title=f"{where} holds what is not honoured")
    _demand_bounded(document, where)
    demand_valid(document, where)
    properties = libsbml.ConversionProperties()
    properties.addOption("flatten comp", True)
    properties.addOption("performValidation", False)
    status = document.convert(properties)
    raise_faults(document, where)
    if status != libsbml.LIBSBML_OPERATION_SUCCESS or document.getPlugin(PACKAGE) is not None:
        raise ModelError(
            f"{where}: libSBML cannot flatten the submodels; export the model as plain core SBML"
        )


def _refused(document: Any, where: str) -> Iterable[UnsupportedError]:
    plugin = document.getPlugin(PACKAGE)
    for external in plugin.getListOfExternalModelDefinitions():
        yield UnsupportedError(
            f"{where}: external model definition {external.getId()!r} leads to {external.getSource()!r}, and "
            "no other file is ever read; write the model into listOfModelDefinitions"
        )
    if plugin.getPrefix() != PACKAGE:
        yield UnsupportedError(
            f"{where}: the package {PACKAGE!r} has the prefix {plugin.getPrefix()!r}; call it {PACKAGE!r}"
        )


def _demand_bounded(document: Any, where: str) -> None:
    """Refuse circles, and what would grow too large."""
    models = {model.getId(): model for model in models_of(document)}
    if len(models) < len(models_of(document)):
        raise ModelError(f"{where}: two models have the same id; give each its own")
    parts = {name: _submodels(model) for name, model in models.items()}
    needs = {name: models.keys() & set(found) for name, found in parts.items()}
    elements = {name: model.getListOfAllElements().getSize() for name, model in models.items()}
    extents: dict[str, _Extent] = {}
    for name in in_order(needs, f"{where}: these models contain each other"):
        inner = [extents[part] for part in parts[name] if part in extents]
        extents[name] = _extent(models[name], elements[name], inner)
    _demand_at_most(where, extents.values(), len(models) * sum(elements.values()))


def _demand_at_most(where: str, extents: Collection[_Extent], checks: int) -> None:
    got = (
        max(extent.levels for extent in extents) - 1,
        max(extent.models for extent in extents) - 1,
        max(extent.characters for extent in extents),
        max(extent.renaming for extent in extents),
        checks,
    )
    problems = [
        ModelError(f"{where}: written out, there are {count:.4g} {what}, expected at most {most}")
        for count, (what, most) in zip(got, _LARGEST.items(), strict=True)
        if count > most
    ]
    raise_all(problems, title=where)


def _extent(model: Any, elements: int, inner: Sequence[_Extent]) -> _Extent:
    characters = len(model.toSBML()) + sum(extent.characters for extent in inner)
    return _Extent(
        levels=1 + max((extent.levels for extent in inner), default=0),
        models=1 + sum(extent.models for extent in inner),
        characters=characters,
        renaming=elements * characters + sum(extent.renaming for extent in inner),
    )


def _submodels(model: Any) -> list[str]:
    """Return the id of the model that each submodel is an instance of."""
    return [submodel.getModelRef() for submodel in model.getPlugin(PACKAGE).getListOfSubmodels()]
