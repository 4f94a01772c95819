"""Ensembles of parameter sets that the findings allow: priors, search, and what the sets say."""

from myeloniche.calibration.calibrate import calibrate, niche_prior
from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Generation, Settings
from myeloniche.calibration.sets import PlausibleSets, read_sets, shipped_sets, write_sets

__all__ = [
    "Generation",
    "PlausibleSets",
    "Prior",
    "Settings",
    "calibrate",
    "niche_prior",
    "prior_of",
    "read_sets",
    "shipped_sets",
    "write_sets",
]
