"""Ensembles of parameter sets that the findings allow: priors, search, and what the sets say."""

from myeloniche.calibration.calibrate import Calibration, Round, calibrate, niche_prior
from myeloniche.calibration.judged import Demand, Judged, judge
from myeloniche.calibration.left_out import LeftOut, leave_out
from myeloniche.calibration.pinned import Pinned, pinned
from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Cloud, Settings
from myeloniche.calibration.sets import PlausibleSets, read_sets, shipped_sets, write_sets

__all__ = [
    "Calibration",
    "Cloud",
    "Demand",
    "Judged",
    "LeftOut",
    "Pinned",
    "PlausibleSets",
    "Prior",
    "Round",
    "Settings",
    "calibrate",
    "judge",
    "leave_out",
    "niche_prior",
    "pinned",
    "prior_of",
    "read_sets",
    "shipped_sets",
    "write_sets",
]
