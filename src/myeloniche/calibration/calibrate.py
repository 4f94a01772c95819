"""Finding plausible sets of the niche: a search with the laboratory behind it, and the draws kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.judged import Demand, Judged, judge, judge_plausible, together
from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Cloud, Settings, search
from myeloniche.calibration.sets import PlausibleSets, rounded
from myeloniche.errors import TableError
from myeloniche.lab.laboratory import open_laboratory

__all__ = ["Calibration", "Round", "calibrate", "niche_prior"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DRAWS = (
    40  # times the number of sets asked for; a cloud in which fewer are plausible was not searched enough
)


@dataclass(frozen=True)
class Round:
    """One step of a calibration, for those who wait.

    Attributes
    ----------
    what
        ``pool``, ``search`` or ``draw``.
    done, total
        How many sets are judged, or found when drawing, of how many.
    plausible
        Share of the sets just judged that is plausible.
    """

    what: str
    done: int
    total: int
    plausible: float


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a search for plausible sets found.

    Attributes
    ----------
    prior
        What varied.
    demand
        What was asked of a plausible set.
    sets, judged
        The plausible sets, and what findings and anchors say of them.
    pool_values, pool
        Sets drawn around the tables' values without looking at any finding, and what is said of them.
    """

    prior: Prior
    demand: Demand
    sets: PlausibleSets
    judged: Judged
    pool_values: Floats
    pool: Judged

    @property
    def pool_agrees(self) -> Flags:
        """Which sets of the pool agree with enough findings and fail in no arm, shape (set,)."""
        support = self.pool.findings
        flags: Flags = (support.agree.mean(axis=1) >= self.demand.findings) & (support.failed == 0)
        return flags


def niche_prior() -> Prior:
    """Return the prior of the niche with the shipped drugs."""
    return prior_of(open_laboratory().niche.parameters.values())


def calibrate(
    settings: Settings,
    demand: Demand,
    *,
    sets: int,
    only: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Callable[[Round], object] | None = None,
) -> Calibration:
    """Find plausible sets of the niche.

    Parameters
    ----------
    settings
        Size, length, spread and seed of the search.
    demand
        What counts as plausible.
    sets
        How many plausible sets to find; the pool holds as many.
    only
        Findings to calibrate on; all that count by default. Leave some out to predict them.
    workers
        How many cores to use; all by default. The sets are the same bits for any number.
    progress
        Called after every step.

    Returns
    -------
    The first plausible sets among draws from the last cloud of the search, judged as a file will hold them.

    Raises
    ------
    TableError
        If too few of the draws are plausible.
    """
    prior = niche_prior()
    told = progress or (lambda _: None)

    def judged(values: Floats) -> Judged:
        return judge(prior.mappings(values), only, workers=workers)

    def plausible(values: Floats) -> tuple[Flags, Judged | None]:
        return judge_plausible(prior.mappings(values), demand, only, workers=workers)

    pool_values = prior.values(prior.around_nominal(sets, settings.spread, settings.seed))
    pool = judged(pool_values)
    told(Round("pool", sets, sets, float(pool.plausible(demand).mean())))

    def violation(values: Floats) -> Floats:
        found = judged(values)
        latest.append(float(found.plausible(demand).mean()))
        return found.violation

    latest: list[float] = []
    goal = settings.members * settings.generations
    cloud = search(
        prior,
        violation,
        settings,
        progress=lambda number: told(Round("search", number * settings.members, goal, latest[-1])),
    )
    factors, kept = _draw(cloud, prior, settings, sets, plausible, told)
    found = PlausibleSets(prior.names, factors, _provenance(settings, demand, sets))
    return Calibration(prior, demand, found, kept, pool_values, pool)


def _draw(
    cloud: Cloud,
    prior: Prior,
    settings: Settings,
    sets: int,
    plausible: Callable[[Floats], tuple[Flags, Judged | None]],
    told: Callable[[Round], object],
) -> tuple[Floats, Judged]:
    """Draw from a cloud until enough sets are plausible; return their factors and what is said of them."""
    factors: list[Floats] = []
    kept: list[Judged] = []
    found = 0
    for number in range(_DRAWS * -(-sets // settings.members)):
        values = cloud.draw(prior, settings.members, settings.seed + 1 + number)
        part = rounded(values / prior.nominal)
        flags, judged = plausible(prior.nominal * part)
        if judged is not None:
            wanted = np.arange(flags.sum()) < sets - found
            factors.append(part[flags][wanted])
            kept.append(judged.among(wanted))
            found += int(wanted.sum())
        told(Round("draw", found, sets, float(flags.mean())))
        if found == sets:
            return np.concatenate(factors), together(kept)
    raise TableError(
        f"got {found} plausible sets after {_DRAWS} times as many draws as the {sets} asked for. Search for "
        "more generations, with a smaller spread, or ask for a smaller share."
    )


def _provenance(settings: Settings, demand: Demand, sets: int) -> dict[str, str]:
    return {
        "parameter sets": f"{sets} plausible ones",
        "plausible": (
            f"agrees with {demand.findings:.0%} of the findings that count, has {demand.anchors:.0%} of the "
            "anchors' numbers within their tolerance, and no simulated arm fails"
        ),
        "search": (
            f"covariance matrix adaptation, {settings.generations} generations of {settings.members}, spread "
            f"{settings.spread:g} of each range, seed {settings.seed}; then draws from its last cloud"
        ),
        "numbers": "each is a factor on the value of the parameter tables",
    }
