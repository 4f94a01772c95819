"""From one visit to the next: the parts of tumours through periods of therapy, in one call of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import REST_TOLERANCE, Member, Period
from myeloniche.trials.clinic.marrow import Clone, Marrow

__all__ = ["MAX_STEPS", "RTOL", "Leg", "Walk", "diagnosed", "onward"]

Floats = NDArray[np.float64]

RTOL = 1e-3
"""Relative tolerance between visits; in 128 patients M-protein and CTX differ by less than 0.02 % from
those at 1e-6, and no response or progression does."""

DIAGNOSIS_RTOL, DIAGNOSIS_REST = 1e-6, 1e-7
"""Relative tolerance and largest change at rest [1/h] before therapy: bone moves so slowly that where it
changes by 1e-6 per hour it is some per cent away from its rest."""

MAX_STEPS = 50_000
"""Step attempts between two visits after which a patient is given up."""

_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Leg:
    """What a part of a tumour has before it.

    Attributes
    ----------
    clone, states
        Which part, and where it stands, shape (state,).
    periods
        What comes.
    others
        Density of the other part in each period, shape (period,) [kcell/mL].
    cells_each
        For how many cells of the whole tumour each cell of this part stands.
    """

    clone: Clone
    states: Floats
    periods: Sequence[Period]
    others: Floats
    cells_each: float = 1.0


@dataclass(frozen=True, eq=False)
class Walk:
    """What came of it.

    Attributes
    ----------
    rows
        Outputs of the marrow at the times asked for, shape (time, output).
    gathered
        Endpoints by their names.
    status
        ``ok``, or why the integration failed.
    """

    rows: Floats
    gathered: Mapping[str, float]
    status: str

    def between(self, marrow: Marrow, before: Floats) -> Floats:
        """Return the density in each period, the geometric mean of its two ends, shape (period,)."""
        ends = [marrow.density(before), *(marrow.density(row) for row in self.rows)]
        found = np.maximum(np.array(ends), _LEAST)
        means: Floats = np.sqrt(found[:-1] * found[1:])
        return means


def onward(
    marrow: Marrow, legs: Sequence[Leg], endpoints: Sequence[Endpoint], workers: int | None
) -> list[Walk]:
    """Return what comes of parts of tumours, with their outputs at the end of every period."""
    members = [marrow.onward(leg.clone, leg.states, leg.periods, leg.others, leg.cells_each) for leg in legs]
    return _through(marrow, members, endpoints, workers, rtol=RTOL)


def diagnosed(marrow: Marrow, members: Sequence[Member], workers: int | None) -> list[Walk]:
    """Return what members come to that rest in health before they have a tumour.

    Bone that swings for ever, as it does with some numbers, is taken as it is after a lifetime.
    """
    walks = _diagnosed(marrow, members, workers)
    restless = [place for place, walk in enumerate(walks) if walk.status == "no rest"]
    again = _diagnosed(marrow, [_after_a_lifetime(members[place]) for place in restless], workers)
    for place, walk in zip(restless, again, strict=True):
        walks[place] = walk
    return walks


def _diagnosed(marrow: Marrow, members: Sequence[Member], workers: int | None) -> list[Walk]:
    return _through(marrow, members, (), workers, rtol=DIAGNOSIS_RTOL, rest_tolerance=DIAGNOSIS_REST)


def _after_a_lifetime(member: Member) -> Member:
    """Return a member whose first period, until rest, lasts as long as it may."""
    rest = member.timeline[0]
    timeline = (replace(rest, until_rest=False), *member.timeline[1:])
    return replace(member, timeline=timeline, times=member.times + rest.duration)


def _through(
    marrow: Marrow,
    members: Sequence[Member],
    endpoints: Sequence[Endpoint],
    workers: int | None,
    rtol: float,
    rest_tolerance: float = REST_TOLERANCE,
) -> list[Walk]:
    if not members:
        return []
    found = simulate(
        marrow.model,
        members,
        outputs=marrow.outputs,
        endpoints=endpoints,
        rtol=rtol,
        rest_tolerance=rest_tolerance,
        max_steps=MAX_STEPS,
        workers=workers,
    )
    edges = np.cumsum([0, *(member.times.size for member in members)])
    return [
        Walk(
            found.values[edges[place] : edges[place + 1]],
            {name: float(values[place]) for name, values in found.endpoints.items()},
            found.status[place],
        )
        for place in range(len(members))
    ]
