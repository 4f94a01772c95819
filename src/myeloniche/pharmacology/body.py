"""The body that is dosed: an animal or a patient, by what doses are scaled with."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from myeloniche.units import body_surface, body_weight
from myeloniche.yaml_file import parse_yaml

__all__ = ["Body", "load_bodies"]


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


def load_bodies() -> dict[str, Body]:
    """Return the bodies that ship with the package, by name.

    Raises
    ------
    UnitError
        If a weight or surface is none.
    """
    text = files("myeloniche.pharmacology").joinpath("bodies.yaml").read_text("utf-8")
    file = parse_yaml(text, "bodies.yaml")
    return {
        name: Body(
            name,
            row["species"],
            body_weight(row["weight"], where=file.where((name, "weight"))) if "weight" in row else None,
            body_surface(row["surface"], where=file.where((name, "surface"))) if "surface" in row else None,
        )
        for name, row in file.data.items()
    }
