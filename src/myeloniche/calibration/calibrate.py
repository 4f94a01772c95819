"""Finding plausible sets of the niche on its findings: the search with the laboratory behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Generation, Settings, is_plausible, search
from myeloniche.calibration.sets import PlausibleSets, rounded
from myeloniche.findings.support import Support, score_sets
from myeloniche.lab.laboratory import open_laboratory

__all__ = ["calibrate", "niche_prior"]

# An arm of any finding takes some thousand steps; a set that needs many more is not worth the time.
_MAX_STEPS = 20_000


def niche_prior() -> Prior:
    """Return the prior of the niche with the shipped drugs."""
    return prior_of(open_laboratory().niche.parameters.values())


def calibrate(
    settings: Settings,
    *,
    only: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, Generation], object] | None = None,
) -> PlausibleSets:
    """Find plausible sets of the niche.

    Parameters
    ----------
    settings
        Size, length, spread and seed of the search, and what counts as plausible.
    only
        Findings to calibrate on; all that count by default. Leave some out to predict them.
    workers
        How many cores to use; all by default. The sets are the same bits for any number.
    progress
        Called after each round with its number and the population.

    Returns
    -------
    The plausible members of the last population, judged once more as the file will hold them.
    """
    prior = niche_prior()

    def evaluate(values: NDArray[np.float64]) -> Support:
        return score_sets(prior.mappings(values), only, workers=workers, max_steps=_MAX_STEPS)

    last = search(prior, evaluate, settings, progress=progress)
    factors = rounded(last.values[last.plausible] / prior.nominal)
    if len(factors):
        factors = factors[is_plausible(evaluate(prior.nominal * factors), settings.share)]
    provenance = {
        "parameter sets": f"{len(factors)} plausible of {settings.members} searched",
        "plausible": f"agrees with {settings.share:.0%} of the findings that count, no arm fails",
        "search": (
            f"differential evolution, {settings.generations} generations at most, first spread "
            f"{settings.spread:g} of each range, seed {settings.seed}"
        ),
        "numbers": "each is a factor on the value of the parameter tables",
    }
    return PlausibleSets(prior.names, factors, provenance)
