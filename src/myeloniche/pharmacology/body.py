"""The body that is dosed: an animal or a patient, by what doses are scaled with."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Body"]


@dataclass(frozen=True)
class Body:
    """An animal or a patient.

    Attributes
    ----------
    name
        What it is called, for messages.
    species
        ``human`` or ``mouse``: which pharmacokinetics of a drug apply.
    weight_kg
        Body weight [kg]; None if it is not known.
    surface_m2
        Body surface [m2]; None if it is not known.
    """

    name: str
    species: str
    weight_kg: float | None = None
    surface_m2: float | None = None
