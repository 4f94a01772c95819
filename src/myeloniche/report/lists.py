"""Tables of what is known: cells, drugs, species, readouts, findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from myeloniche.findings.catalogue import load_findings
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.pharmacology.drug import Drug
from myeloniche.report.words import pretty

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["name_table"]

Rows = Iterable[tuple[str, ...]]


def name_table(kind: str) -> Table:
    """Return a table of everything of a kind.

    Parameters
    ----------
    kind
        ``cells``, ``drugs``, ``species``, ``readouts`` or ``findings``.
    """
    from rich.table import Table

    columns, rows = _LISTS[kind]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=column == columns[0], overflow="fold")
    for row in rows():
        table.add_row(*(pretty(cell) for cell in row))
    return table


def _laboratory() -> Laboratory:
    return open_laboratory()


def _cells() -> Rows:
    return [
        (row.id, row.instance, row.species, row.description) for row in _laboratory().niche.cells.values()
    ]


def _drugs() -> Rows:
    drugs = {drug.name: drug for drug in _laboratory().drugs.values()}
    return [
        (drug.name, drug.kind, ", ".join(drug.synonyms), _bodies(drug), drug.description)
        for drug in drugs.values()
    ]


def _bodies(drug: Drug) -> str:
    """Return the bodies a drug can be given to, each with the routes."""
    known = drug.circulation
    if known is None:
        return ""
    return "; ".join(f"{species}: {', '.join(known.routes(species))}" for species in known.numbers.species)


def _species() -> Rows:
    return [(row.id, row.unit, row.meaning, row.source) for row in _laboratory().niche.species.values()]


def _readouts() -> Rows:
    return [
        (row.name, row.instrument, row.place, row.unit, ", ".join(row.synonyms))
        for row in _laboratory().readouts
    ]


def _findings() -> Rows:
    return [
        (row.id, row.panel, "; ".join(row.readouts), row.expected, row.system, row.condition)
        for row in load_findings()
    ]


_LISTS: Mapping[str, tuple[tuple[str, ...], Callable[[], Rows]]] = MappingProxyType(
    {
        "cells": (("name", "cell type", "species", "description"), _cells),
        "drugs": (("name", "kind", "also called", "in bodies", "description"), _drugs),
        "species": (("name", "unit", "meaning", "source"), _species),
        "readouts": (("name", "instrument", "in", "unit", "also called"), _readouts),
        "findings": (("id", "panel", "readouts", "expected", "system", "condition"), _findings),
    }
)
