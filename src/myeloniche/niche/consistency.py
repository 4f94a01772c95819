"""libSBML's consistency check of an SBML text, with every message placed at the element it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

import libsbml

__all__ = ["SbmlMessage", "sbml_messages"]

_ELEMENT = re.compile(
    r"<(?:reaction|assignmentRule|rateRule|initialAssignment|species|parameter|compartment|unitDefinition"
    r"|functionDefinition|model)\b[^>]*?\b(?:id|variable|symbol)=\"(\w+)\""
)
# What libSBML says where it cannot tell, as opposed to where units are wrong.
_UNVERIFIED = frozenset({99505, 99506, 99507, 99508})


@dataclass(frozen=True)
class SbmlMessage:
    """One message: libSBML's number for the rule, the element's id, the text and how bad it is.

    `is_error` means that the document is not valid SBML, `is_unverified` that units could not be checked.
    """

    rule: int
    element: str
    text: str
    is_error: bool
    is_unverified: bool


def sbml_messages(sbml: str) -> list[SbmlMessage]:
    """Return all that libSBML has to say about a document, unit checks included, in its order."""
    document = libsbml.readSBMLFromString(sbml)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    lines = sbml.splitlines()
    errors = (document.getError(index) for index in range(document.getNumErrors()))
    return [
        SbmlMessage(
            rule=error.getErrorId(),
            element=_element(lines, error.getLine()),
            text=" ".join(error.getMessage().split("Reference:")[-1].split("\n", 1)[-1].split()),
            is_error=error.getSeverity() >= libsbml.LIBSBML_SEV_ERROR,
            is_unverified=error.getErrorId() in _UNVERIFIED,
        )
        for error in errors
    ]


def _element(lines: list[str], line: int) -> str:
    """Return the id of the nearest element at or above a line."""
    for text in reversed(lines[:line]):
        match = _ELEMENT.search(text)
        if match:
            return match[1]
    return ""
