"""Finding plausible sets of the niche on its findings: the search with the laboratory behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Generation, Settings, is_plausible, search
from myeloniche.calibration.sets import PlausibleSets, rounded
from myeloniche.errors import TableError
from myeloniche.findings.support import Support, score_sets
from myeloniche.lab.laboratory import open_laboratory

__all__ = ["Calibration", "calibrate", "niche_prior"]

# An arm of any finding takes some thousand steps; a set that needs many more is not worth the time.
_MAX_STEPS = 20_000


def niche_prior() -> Prior:
    """Return the prior of the niche with the shipped drugs."""
    return prior_of(open_laboratory().niche.parameters.values())


@dataclass(frozen=True, eq=False)
class Calibration:
    """What a search for plausible sets found.

    Attributes
    ----------
    prior
        What varied.
    share
        Share of the findings that a plausible set agrees with at least.
    sets, support
        The plausible sets, and what they say of the findings.
    drawn_values, drawn
        The first population, which looked at no finding, and what it says of them.
    """

    prior: Prior
    share: float
    sets: PlausibleSets
    support: Support
    drawn_values: NDArray[np.float64]
    drawn: Support

    @property
    def drawn_plausible(self) -> NDArray[np.bool_]:
        """Which sets of the first population are plausible, shape (set,)."""
        return is_plausible(self.drawn, self.share)


def calibrate(
    settings: Settings,
    *,
    only: Sequence[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, Generation], object] | None = None,
) -> Calibration:
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
    The plausible members of the last population, judged once more as a file will hold them.

    Raises
    ------
    TableError
        If no member of the last population is plausible.
    """
    prior = niche_prior()
    drawn: list[tuple[NDArray[np.float64], Support]] = []

    def evaluate(values: NDArray[np.float64]) -> Support:
        support = score_sets(prior.mappings(values), only, workers=workers, max_steps=_MAX_STEPS)
        if not drawn:
            drawn.append((values, support))
        return support

    last = search(prior, evaluate, settings, progress=progress)
    if not last.plausible.any():
        raise TableError(
            f"got no plausible set among {settings.members} after {settings.generations} generations, "
            "expected some. Search with a smaller spread, longer, or ask for a smaller share of the findings."
        )
    factors = rounded(last.values[last.plausible] / prior.nominal)
    support = evaluate(prior.nominal * factors)
    kept = is_plausible(support, settings.share)
    sets = PlausibleSets(prior.names, factors[kept], _provenance(settings, int(kept.sum())))
    return Calibration(prior, settings.share, sets, support.among(kept), *drawn[0])


def _provenance(settings: Settings, found: int) -> dict[str, str]:
    return {
        "parameter sets": f"{found} plausible of {settings.members} searched",
        "plausible": f"agrees with {settings.share:.0%} of the findings that count, no arm fails",
        "search": (
            f"differential evolution, {settings.generations} generations at most, first spread "
            f"{settings.spread:g} of each range, seed {settings.seed}"
        ),
        "numbers": "each is a factor on the value of the parameter tables",
    }
