"""The publications behind a run: of the model's numbers, of the drugs that were given, of the cells."""

from __future__ import annotations

from collections.abc import Iterable

from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.preparation import Prepared
from myeloniche.niche.names import instance_of
from myeloniche.niche.tables import Reference, citation_keys

__all__ = ["sources_of"]


def sources_of(prepared: Prepared, laboratory: Laboratory) -> tuple[Reference, ...]:
    """Return the publications behind an experiment, in the order of the reference table.

    Only cell types that were in a dish count, and only drugs that were given.
    """
    instances = {instance for plan in prepared.plans.values() for instance in plan.cells}
    cells = {cell for plan in prepared.plans.values() for cell in plan.cells.values()}
    keys = {*_model_keys(laboratory, instances), *_drug_keys(prepared, laboratory)}
    keys |= _keys(laboratory.niche.cells[cell].source for cell in cells)
    keys |= _keys(value.source for value in laboratory.niche.cell_values if value.cell in cells)
    return tuple(reference for key, reference in laboratory.niche.references.items() if key in keys)


def _model_keys(laboratory: Laboratory, instances: set[str]) -> set[str]:
    """Return the keys behind the numbers and processes of some cell types and of the medium."""
    niche = laboratory.niche
    attached = {row.id for attachment in niche.attachments for row in attachment.parameters}
    attached |= {row.id for attachment in niche.attachments for row in attachment.processes}
    present = {"", *instances}
    numbers = [
        row.source
        for row in niche.parameters.values()
        if instance_of(row.id) in present and row.id not in attached
    ]
    evidence = [
        row.evidence
        for row in niche.processes.values()
        if instance_of(row.id) in present and row.id not in attached
    ]
    return _keys([*numbers, *evidence])


def _drug_keys(prepared: Prepared, laboratory: Laboratory) -> set[str]:
    """Return the keys behind the drugs that were given."""
    names = [
        step.text(word) for arm in prepared.experiment.arms for step in arm.steps for word in ("drug", "with")
    ]
    return {key for name in names if name for key in laboratory.drug(name).references()}


def _keys(sources: Iterable[str]) -> set[str]:
    return {key for source in sources for key in citation_keys(source)}
