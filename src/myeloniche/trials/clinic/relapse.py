"""What carries a relapse: the proteasome, a resistant clone, or protection by stroma and bone.

States at the visit of progression are compared with those on the day therapy began:

- ``PSMB5``: mRNA of beta5 in the clone that is larger at relapse, as a mean since the last visit. CDK5 makes
  it, which miR-27a holds down.
- ``resistant clone``: its share of the tumour, where it is half of it or more.
- ``stroma and bone``: the share of cells that adhere, or IL-6, whichever has risen more.

Each rise is measured on a logarithmic scale against the rise from which it counts (``clinic.yaml``). The one
that exceeds this the most carries the relapse. Where none counts it is ``off therapy`` if nothing was given
since the last visit, and else ``growth``: drug and tumour are as they were.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from myeloniche.trials.clinic.visits import Part

__all__ = ["CAUSES", "Niche", "relapse_cause", "seen_at"]

PROTEASOME, CLONE, NICHE, OFF, GROWTH = "PSMB5", "resistant clone", "stroma and bone", "off therapy", "growth"
CAUSES = (PROTEASOME, CLONE, NICHE, OFF, GROWTH)
"""What can carry a relapse."""

_HALF = 0.5
_LEAST = 1e-12


@dataclass(frozen=True)
class Niche:
    """What is compared between two visits.

    Attributes
    ----------
    beta5
        Mean mRNA of beta5 in each clone.
    resistant
        Share of the resistant clone.
    larger
        Which clone is the larger one.
    adherent, il6
        Share of cells that adhere and IL-6, in the larger clone.
    """

    beta5: tuple[float, ...]
    resistant: float
    larger: int
    adherent: tuple[float, ...]
    il6: tuple[float, ...]


def seen_at(parts: Sequence[Part], beta5: Sequence[float]) -> Niche:
    """Return what is compared, at one visit."""
    densities = [part.density for part in parts]
    total = max(sum(densities), _LEAST)
    return Niche(
        tuple(beta5),
        densities[1] / total if len(densities) > 1 else 0.0,
        densities.index(max(densities)),
        tuple(part.values["MM_adh"] / max(part.density, _LEAST) for part in parts),
        tuple(part.values["IL6"] for part in parts),
    )


def relapse_cause(start: Niche, now: Niche, limits: Mapping[str, float], *, treated: bool) -> str:
    """Return which of :data:`CAUSES` carries a relapse.

    Parameters
    ----------
    start, now
        What was seen when therapy began and at progression.
    limits
        Rise from which each counts, by ``proteasome``, ``clone`` and ``niche``.
    treated
        Whether anything was given since the last visit.
    """
    larger = now.larger
    rises = {
        PROTEASOME: (_ratio(now.beta5[larger], start.beta5[larger]), limits["proteasome"]),
        CLONE: (_ratio(now.resistant, start.resistant) if now.resistant >= _HALF else 1.0, limits["clone"]),
        NICHE: (
            max(
                _ratio(now.adherent[larger], start.adherent[larger]),
                _ratio(now.il6[larger], start.il6[larger]),
            ),
            limits["niche"],
        ),
    }
    scores = {name: math.log(rise) / math.log(limit) for name, (rise, limit) in rises.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 1.0:
        return best
    return GROWTH if treated else OFF


def _ratio(now: float, start: float) -> float:
    return max(now, _LEAST) / max(start, _LEAST)
