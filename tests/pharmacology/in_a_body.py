"""Drugs in a body without cells: a small model of nothing but what the body does with a drug."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.niche.attachment import Attachment
from myeloniche.niche.niche import DATA, load
from myeloniche.pharmacology import Body, read_regimen
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import drug_text
from myeloniche.pharmacology.pharmacokinetics import PERFUSION

HEADERS = {
    "medium/parameters.tsv": "id\tvalue\tunit\tkind\tlow\thigh\tsource\tnote",
    "medium/species.tsv": "id\tunit\tinitial\tidentifier\tmeaning\tsource",
    "medium/processes.tsv": "id\trole\tmeaning\tevidence",
    "references.tsv": "key\tcitation\tdoi",
    "cells.tsv": "id\tinstance\tspecies\tkind\tdescription\tsource",
    "cell_values.tsv": "cell\tparameter\tvalue\tunit\tkind\tsource\tnote",
    "assembly.yaml": "instances: {}\nshared: [medium]",
}

FILE = """\
name: test drug
kind: inhibitor
description: a test
dose: {{species: X, unit: nM, molar_mass_g_per_mol: 500}}
species:
  - {{id: X, unit: nM, identifier: "cas:1", meaning: test drug, source: assumed}}
pharmacokinetics:
  human:
{numbers}
"""


def drug_with(**numbers: str) -> Drug:
    """Return a drug with numbers of a human body such as ``clearance="5 L/h"``, beside a volume of 10 L."""
    rows = []
    for word, text in {"volume": "10 L", **numbers}.items():
        value, _, unit = text.partition(" ")
        row = f'{{id: {word}, value: {value}, unit: "{unit or 1}", kind: assumed, source: assumed}}'
        rows.append(f"    - {row}")
    return drug_text(FILE.format(numbers="\n".join(rows)), name="test.yaml")


def course(
    drug: Drug, regimen: str, hours: NDArray[np.float64], folder: Path, body: Body | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return the compartments [nmol] and concentrations [nM] of a drug over time."""
    body = body or Body("patient", "human", 70.0, 1.8)
    circulation = drug.circulation
    assert circulation is not None
    changes: list[tuple[float, Change]] = []
    for dose in read_regimen(regimen).doses(until_h=float(hours[-1])):
        target, amount = drug.given(dose, body)
        if dose.over_h:
            changes.append((dose.hours, Change(circulation.drip, "add", amount / dose.over_h)))
            changes.append((dose.hours + dose.over_h, Change(circulation.drip, "add", -amount / dose.over_h)))
        else:
            changes.append((dose.hours, Change(target, "add", amount)))
    marks = sorted({0.0, float(hours[-1]), *(time for time, _ in changes if time < hours[-1])})
    periods = tuple(
        Period(stop - start, tuple(change for time, change in changes if time == start))
        for start, stop in itertools.pairwise(marks)
    )
    model = _niche(drug, folder).model
    parameters = {**circulation.values(body), PERFUSION: 1.0}
    member = Member(parameters=parameters, timeline=periods, times=hours)
    outputs = (*model.states, *model.observables)
    return simulate(model, [member], outputs=outputs, rtol=1e-9, atol=1e-12).of(0)[1]


def _niche(drug: Drug, folder: Path):
    for name, header in HEADERS.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{header}\n", "utf-8")
    with (folder / "medium/parameters.tsv").open("a", encoding="utf-8") as table:
        table.write(f"{PERFUSION}\t0\t1\tassumed\t0\t1\tassumed\t\n")
    (folder / "functions.ant").write_text((DATA / "functions.ant").read_text("utf-8"), "utf-8")
    (folder / "references.tsv").write_text((DATA / "references.tsv").read_text("utf-8"), "utf-8")
    return load([_without_cells(drug.attachment())], data=folder)


def _without_cells(attachment: Attachment) -> Attachment:
    """Return what a drug adds to a body alone, without the cells and factors that it acts on."""
    species = tuple(row for row in attachment.species if "." not in row.id)
    known = {row.id for row in species}
    return replace(
        attachment,
        species=species,
        processes=tuple(
            process
            for process in attachment.processes
            if "." not in process.reaction.replace("0.", "")
            and set(process.reaction.partition(";")[0].replace("->", "").split()) <= known
            and "MM_" not in process.reaction
        ),
        factors=(),
    )
