"""Drug levels: the concentration of a drug in plasma, in the unit of the kit."""

from __future__ import annotations

from collections.abc import Iterable

from myeloniche.lab.readouts.formula import read_formula
from myeloniche.lab.readouts.table import BODY, Readout
from myeloniche.pharmacology.drug import Drug

__all__ = ["serum_levels"]

_NG_PER_ML = {"nM": 1e-3, "uM": 1.0}


def serum_levels(drugs: Iterable[Drug]) -> tuple[Readout, ...]:
    """Return a readout [ng/mL] for every drug of which it is known what a body does with it."""
    by_name = {drug.name: drug for drug in drugs}
    levels: list[Readout] = []
    for drug in by_name.values():
        if drug.circulation is None or drug.dose is None or drug.dose.molar_mass_g_per_mol is None:
            continue
        factor = _NG_PER_ML[drug.dose.unit] * drug.dose.molar_mass_g_per_mol
        formula = read_formula(f"{factor!r}*{drug.dose.species}_plasma", where=drug.where)
        source = "concentration in plasma, with what protein holds"
        levels.append(Readout(drug.name, drug.synonyms, "serum", BODY, formula, "ng/mL", "", source))
    return tuple(levels)
