"""What the clinic reads of a patient: blood, bone and marrow, each with the noise of its assay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.trials.clinic.marrow import CELLS, PROTEIN, Clone, Marrow
from myeloniche.trials.clinic.numbers import numbers, shipped_yaml
from myeloniche.trials.patients.streams import Purpose, stream

__all__ = ["ASSAYS", "MOST", "Clinic", "Part", "load_clinic"]

Floats = NDArray[np.float64]

ASSAYS = ("m_protein", "flc", "ctx", "p1np", "bone_density", "marrow_burden")
"""What is read at every visit."""

MOST = {"marrow_burden": 100.0, "bone_density": 100.0}
"""Shares of a whole, in percent, which no noise exceeds."""

_CTX, _P1NP, _BONE = "ctx", "p1np", ("BONE__BV", "BONE__OV")
_PERCENT = 100.0
_CAPACITY, _VOLUME, _PER_CELL = "carrying_capacity", "tissue_volume", "igg_per_cell"


@dataclass(frozen=True, eq=False)
class Part:
    """A clone of a patient at a visit.

    Attributes
    ----------
    clone
        Its numbers.
    values
        What the engine returned, by name.
    """

    clone: Clone
    values: Mapping[str, float]

    @property
    def density(self) -> float:
        """Myeloma cells [kcell/mL]."""
        return sum(self.values[name] for name in CELLS)


@dataclass(frozen=True, eq=False)
class Clinic:
    """The instruments, by the numbers of a data file.

    Attributes
    ----------
    types
        Types of immunoglobulin.
    grams_per_umol
        Mass of immunoglobulin.
    light_chains
        How light chains follow what tumours make.
    spread
        Coefficient of variation of each assay.
    leaving, relapse
        Who leaves, and what carries a relapse.
    """

    types: Mapping[str, Mapping[str, Any]]
    grams_per_umol: float
    light_chains: Mapping[str, float]
    spread: Mapping[str, float]
    leaving: Mapping[str, float]
    relapse: Mapping[str, float]

    def type_of(self, patient: Mapping[str, object]) -> Mapping[str, Any]:
        """Return the type of a patient's immunoglobulin; the first one if the population has no types."""
        name = str(patient.get("immunoglobulin", next(iter(self.types))))
        return self.types[name]

    def read(self, patient: Mapping[str, object], parts: Sequence[Part], marrow: Marrow) -> dict[str, float]:
        """Return what instruments without noise would show, by the names of :data:`ASSAYS`.

        Bone is read where the larger clone is: each sees what both do, the larger one best.
        """
        larger = max(parts, key=lambda part: part.density)
        nominal = {**marrow.nominal, **larger.clone.parameters}
        shown = float(self.type_of(patient)["band"])
        return {
            "m_protein": shown * self.grams_per_umol * sum(part.values[PROTEIN] for part in parts),
            "flc": self._light_chains(patient, parts, nominal),
            "ctx": larger.values[_CTX],
            "p1np": larger.values[_P1NP],
            "bone_density": _PERCENT * sum(larger.values[name] for name in _BONE),
            "marrow_burden": _PERCENT * sum(part.density for part in parts) / nominal[_CAPACITY],
        }

    def noise(self, seed: int, patient: int, visits: int) -> dict[str, Floats]:
        """Return what readings are multiplied with, shape (visit,), from the patient's own stream."""
        drawn = stream(seed, Purpose.ASSAY, patient).standard_normal((visits, len(ASSAYS)))
        widths = np.array([np.sqrt(np.log1p(self.spread[name] ** 2)) for name in ASSAYS])
        factors = np.exp(drawn * widths)
        return {name: factors[:, place] for place, name in enumerate(ASSAYS)}

    def death_per_year(self, patient: Mapping[str, object]) -> float:
        """Return the rate of deaths without progression [1/y]."""
        numbers, age = self.leaving, patient.get("age_y")
        older = age - numbers["reference_age"] if isinstance(age, int | float) else 0.0
        return float(numbers["death_per_year"] * 2.0 ** (older / numbers["doubling_age"]))

    def _light_chains(
        self, patient: Mapping[str, object], parts: Sequence[Part], nominal: Mapping[str, float]
    ) -> float:
        """Return the involved light chain [mg/L]."""
        rows = self.light_chains
        made = sum(part.clone.parameters[_PER_CELL] * part.density for part in parts) * nominal[_VOLUME]
        kidney = patient.get("creatinine_clearance_mL_min", rows["reference_kidney"])
        assert isinstance(kidney, int | float)
        kept: float = (rows["reference_kidney"] / kidney) ** rows["kidney_power"]
        level = float(self.type_of(patient)["flc_mg_L"])
        return rows["normal_mg_L"] + level * kept * made / rows["reference_made"]


def load_clinic() -> Clinic:
    """Return the clinic of the data file that ships with the package."""
    file = shipped_yaml("clinic.yaml")
    return Clinic(
        file.data["types"],
        numbers(file, "m_protein")["grams_per_umol"],
        numbers(file, "light_chains"),
        numbers(file, "assays"),
        numbers(file, "leaving"),
        numbers(file, "relapse"),
    )
