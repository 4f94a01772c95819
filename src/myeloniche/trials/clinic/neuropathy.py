"""Peripheral neuropathy: damage that follows exposure and heals, and grades that are thresholds of it.

From one visit to the next, damage ``D`` becomes ``D 2^(-t/h) + A (1 + w P/(P + K))``, where ``A`` is the area
under the drug in plasma, ``P`` its highest value, and ``h`` the half-life of healing. A patient's
susceptibility multiplies ``D``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from myeloniche.trials.clinic.numbers import numbers, shipped_yaml
from myeloniche.trials.protocol.rules import MOST_SEVERE

__all__ = ["Neuropathy", "load_neuropathy"]


@dataclass(frozen=True)
class Neuropathy:
    """How exposure becomes damage and grades.

    Attributes
    ----------
    drug
        Drug that does it.
    observable
        What its plasma holds, by the engine's name [nM].
    numbers
        Constants of the data file, by name.
    """

    drug: str
    observable: str
    numbers: Mapping[str, float]

    def damage(self, before: float, days: float, area: float, peak: float) -> float:
        """Return the damage at the end of some days, in the unit of an area [nM h].

        Parameters
        ----------
        before
            Damage at their begin [nM h].
        days
            How many [d].
        area, peak
            Area under the drug in plasma [nM h], and its highest value [nM].
        """
        left: float = before * 0.5 ** (days / self.numbers["healing_half_life"])
        by_peak = self.numbers["peak_weight"] * peak / (peak + self.numbers["peak_half"])
        return left + area * (1.0 + by_peak)

    def grade(self, damage: float, susceptibility: float) -> int:
        """Return the grade of some damage in a patient, 0 to 4."""
        felt = damage * susceptibility
        reached = [step for step in range(1, MOST_SEVERE + 1) if felt >= self.numbers[f"grade_{step}"]]
        return max(reached, default=0)


def load_neuropathy() -> Neuropathy:
    """Return the neuropathy of the data file that ships with the package."""
    file = shipped_yaml("neuropathy.yaml")
    return Neuropathy(file.data["drug"], file.data["exposure"]["area"], numbers(file, "numbers"))
