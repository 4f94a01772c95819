"""Response and progression by the rules of the International Myeloma Working Group.

Every category and progression has to be seen at two visits in a row; the first of them is its day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from myeloniche.trials.clinic.numbers import numbers, shipped_yaml

__all__ = ["CATEGORIES", "Assessment", "Criteria", "Marker", "assess", "load_criteria"]

CATEGORIES = ("PD", "SD", "MR", "PR", "VGPR", "CR")
"""From progression to complete response."""

Marker = Literal["m_protein", "flc"]


@dataclass(frozen=True)
class Criteria:
    """The numbers of the rules for one marker.

    Attributes
    ----------
    complete
        Value up to which nothing is seen, or all is normal.
    very_good, partial, minimal
        Falls from the start, as shares.
    progression, rise
        Rise from the lowest value, as a share and in the marker's unit.
    high, high_rise
        Lowest value from which on a larger rise is asked for, and that rise.
    """

    complete: float
    very_good: float
    partial: float
    minimal: float
    progression: float
    rise: float
    high: float = math.inf
    high_rise: float = math.inf

    def category(self, value: float, start: float) -> str:
        """Return the response at a visit, leaving progression aside."""
        fall = 1.0 - value / start
        if value <= self.complete and value < start:
            return "CR"
        steps = {"VGPR": self.very_good, "PR": self.partial, "MR": self.minimal}
        return next((name for name, share in steps.items() if fall >= share), "SD")

    def progressed(self, value: float, lowest: float) -> bool:
        """Return whether a value shows progression from the lowest one before."""
        rise = self.high_rise if lowest >= self.high else self.rise
        return value >= (1.0 + self.progression) * lowest and value - lowest >= rise


@dataclass(frozen=True)
class Assessment:
    """What some visits say.

    Attributes
    ----------
    best
        Best response that was confirmed, ``PD`` where progression came first; empty if nothing is confirmed.
    response_day
        Day of the first partial response or better [d]; NaN if there was none.
    progression_day
        Day of progression [d]; NaN if there was none.
    """

    best: str
    response_day: float
    progression_day: float


def load_criteria() -> dict[Marker, Criteria]:
    """Return the criteria of each marker from the data file that ships with the package."""
    rows = numbers(shipped_yaml("response.yaml"), "shares")
    shares = {name: rows[name] for name in ("very_good", "partial", "minimal", "progression")}
    return {
        "m_protein": Criteria(
            rows["complete_m_protein"],
            rise=rows["rise_m_protein"],
            high=rows["high_m_protein"],
            high_rise=rows["high_rise_m_protein"],
            **shares,
        ),
        "flc": Criteria(rows["complete_flc"], rise=rows["rise_flc"], **shares),
    }


def assess(days: Sequence[float], values: Sequence[float], criteria: Criteria) -> Assessment:
    """Return what the visits of a patient say.

    Parameters
    ----------
    days
        Days of the visits, the first being the start of therapy [d], shape (visit,).
    values
        Marker by which the patient is followed, shape (visit,).
    criteria
        Of that marker.
    """
    seen = len(values) if (until := _progression(values, criteria)) is None else until
    found = [criteria.category(value, values[0]) for value in values[1:seen]]
    ranks = [CATEGORIES.index(category) for category in found]
    confirmed = [min(pair) for pair in pairwise(ranks)]
    responses = [place for place, rank in enumerate(confirmed) if rank >= CATEGORIES.index("PR")]
    best = CATEGORIES[max(confirmed)] if confirmed else ("PD" if until is not None else "")
    return Assessment(
        best,
        float(days[1 + responses[0]]) if responses else math.nan,
        float(days[until]) if until is not None else math.nan,
    )


def _progression(values: Sequence[float], criteria: Criteria) -> int | None:
    """Return the visit of the first confirmed progression; None if there is none."""
    lowest = values[0]
    for visit in range(1, len(values) - 1):
        if all(criteria.progressed(value, lowest) for value in values[visit : visit + 2]):
            return visit
        lowest = min(lowest, values[visit])
    return None


def followed_by(patient: Mapping[str, object]) -> Marker:
    """Return the marker by which a patient is followed."""
    return "flc" if patient.get("immunoglobulin") == LIGHT_CHAIN else "m_protein"


LIGHT_CHAIN = "light chain"
