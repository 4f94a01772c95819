"""The words in which pharmacokinetics are written, with what each means in the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["DEPOTS", "TERMS", "Term"]

DEPOTS = ("sc", "ip", "oral")
"""Routes by which a dose waits to be absorbed."""


@dataclass(frozen=True)
class Term:
    """A word of the pharmacokinetics.

    Attributes
    ----------
    unit
        In the model; ``A`` stands for the unit of amounts and ``C`` for that of concentrations.
    meaning
        One line for the documentation.
    needs
        Words that have to stand beside it.
    absent
        Value for a species of which the file does not give it, so that it does nothing there; None where
        another word switches it off.
    """

    unit: str
    meaning: str
    needs: tuple[str, ...] = ()
    absent: float | None = None


def _compartment(number: str, ordinal: str) -> dict[str, Term]:
    volume, flow = f"volume_{number}", f"flow_{number}"
    return {
        volume: Term("L", f"volume of a {ordinal} compartment", (flow,)),
        flow: Term("L/h", f"exchange between plasma and the {ordinal} compartment", (volume,), 0.0),
    }


def _sites(name: str, place: str, drug: str) -> dict[str, Term]:
    on, off = f"{name}_on", f"{name}_off"
    return {
        name: Term("A", f"sites that hold drug in {place}", (on, off), 0.0),
        on: Term("1/(C h)", f"{drug} binds a site there", (name,), 0.0),
        off: Term("1/h", "a site there lets drug go", (name,)),
    }


def _depot(route: str) -> dict[str, Term]:
    rate, share = f"{route}_rate", f"{route}_share"
    return {
        rate: Term("1/h", f"absorption of a dose given {route}", (share,)),
        share: Term("1", f"share of a dose given {route} that reaches plasma", (rate,)),
    }


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "volume": Term("L", "volume in which a dose is diluted at once"),
        "clearance": Term("L/h", "plasma cleared per hour", (), 0.0),
        "max_rate": Term("A/h", "fastest elimination, where that saturates", ("half_rate",), 0.0),
        "half_rate": Term("C", "concentration in plasma at which it is half as fast", ("max_rate",)),
        **_compartment("2", "second"),
        **_compartment("3", "third"),
        **_sites("sites", "blood", "unbound drug"),
        **_sites("sites_2", "the second compartment", "drug"),
        **_depot("sc"),
        **_depot("ip"),
        **_depot("oral"),
        "unbound": Term("1", "share in plasma that no protein holds", (), 1.0),
        "bound_share": Term("1", "share that protein holds at low concentration", ("bound_half",), 0.0),
        "bound_half": Term("C", "concentration in plasma at which it holds half of that", ("bound_share",)),
        "niche_share": Term("1", "niche, as a dish counts it, over unbound in plasma", ("niche_rate",)),
        "niche_rate": Term("1/h", "how fast the niche follows plasma", ("niche_share",)),
    }
)
