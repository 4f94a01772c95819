"""The sets that come with the package: enough of them, for this niche, within its ranges, and plausible."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.calibration.calibrate import niche_prior
from myeloniche.calibration.judged import Demand, judge
from myeloniche.calibration.sets import shipped_sets

WRITTEN = 1e-3  # factors are written with four digits
DEMAND = Demand(findings=0.93, anchors=0.7)


def test_there_are_five_hundred_sets_for_this_niche_and_no_two_are_the_same() -> None:
    sets = shipped_sets()
    assert len(sets.mappings(niche_prior())) >= 500
    assert sets.names == niche_prior().names
    assert len(np.unique(sets.factors, axis=0)) == len(sets)


def test_every_number_lies_in_its_plausible_range() -> None:
    prior, sets = niche_prior(), shipped_sets()
    values = prior.nominal * sets.factors
    assert np.all(values >= prior.low * (1 - WRITTEN))
    assert np.all(values <= prior.high * (1 + WRITTEN))


@pytest.mark.long
def test_a_sample_of_the_sets_is_plausible() -> None:
    chosen = shipped_sets().mappings(niche_prior())[::50]
    assert judge(chosen).plausible(DEMAND).all()
