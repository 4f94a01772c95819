"""Meaning, evidence and identifiers of the niche's rows, as SBML notes and MIRIAM annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

import libsbml

from myeloniche.niche.assembly.parts import Parts
from myeloniche.niche.names import instance_of, sbml_id
from myeloniche.niche.tables import Reference, citation_keys

__all__ = ["annotate", "identifier_uris"]

_RESOLVER = "https://identifiers.org/"
# These collections print their prefix in capitals inside the compact identifier.
_CAPITALS = frozenset({"chebi", "go", "cl", "pr", "so", "uberon", "efo"})


def identifier_uris(text: str) -> tuple[str, ...]:
    """Return the identifiers.org addresses of compact identifiers separated by ``;``, ``,`` or spaces."""
    words = text.replace(";", " ").replace(",", " ").split()
    return tuple(_RESOLVER + _compact(word) for word in words if ":" in word)


def _compact(word: str) -> str:
    prefix, _, accession = word.partition(":")
    folded = prefix.lower()
    return f"{folded.upper() if folded in _CAPITALS else folded}:{accession}"


def annotate(model: Any, parts: Parts) -> None:
    """Write notes, names, identifiers and the DOIs of sources into a libSBML model, in place."""
    for species in parts.species.values():
        element = model.getElementBySId(sbml_id(species.id))
        element.setName(_title(species.id, species.meaning))
        _note(element, (species.meaning, _line("Source", species.source)))
        _is(element, identifier_uris(species.identifier))
        _described_by(element, species.source, parts.references)
    for parameter in parts.parameters.values():
        element = model.getParameter(sbml_id(parameter.id))
        span = f"{parameter.low} to {parameter.high}" if parameter.low is not None else ""
        lines = (_line("Kind", parameter.kind), _line("Plausible", span), _line("Source", parameter.source))
        _note(element, (*lines, parameter.note))
        _described_by(element, parameter.source, parts.references)
    for process in parts.processes.values():
        element = model.getReaction(sbml_id(process.id))
        if element is not None:
            element.setName(_title(process.id, process.meaning))
            _note(
                element, (process.meaning, _line("Role", process.role), _line("Evidence", process.evidence))
            )
            _described_by(element, process.evidence, parts.references)


def _title(name: str, meaning: str) -> str:
    """Return a name that tells the cell, since other tools show names and not ids."""
    instance = instance_of(name)
    return f"{meaning} ({instance})" if instance else meaning


def _line(title: str, text: str) -> str:
    return f"{title}: {text}" if text else ""


def _note(element: Any, lines: Iterable[str]) -> None:
    written = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    if written:
        element.setNotes(f'<body xmlns="http://www.w3.org/1999/xhtml">{written}</body>')


def _is(element: Any, uris: tuple[str, ...]) -> None:
    """Say what an element is, or, with several identifiers, what it is made of."""
    if uris:
        qualifier = libsbml.BQB_IS if len(uris) == 1 else libsbml.BQB_HAS_PART
        _add_terms(element, qualifier, uris)


def _described_by(element: Any, source: str, references: Mapping[str, Reference]) -> None:
    cited = (references[key] for key in citation_keys(source) if key in references)
    uris = tuple(f"{_RESOLVER}doi:{reference.doi}" for reference in cited if reference.doi)
    if uris:
        _add_terms(element, libsbml.BQB_IS_DESCRIBED_BY, uris)


def _add_terms(element: Any, qualifier: int, uris: Iterable[str]) -> None:
    element.setMetaId(f"meta_{element.getId()}")
    term = libsbml.CVTerm()
    term.setQualifierType(libsbml.BIOLOGICAL_QUALIFIER)
    term.setBiologicalQualifierType(qualifier)
    for uri in uris:
        term.addResource(uri)
    element.addCVTerm(term)
