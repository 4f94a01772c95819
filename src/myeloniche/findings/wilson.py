"""Wilson's score interval for a share."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

__all__ = ["wilson_interval"]


def wilson_interval(successes: int, trials: int, *, confidence: float) -> tuple[float, float]:
    """Return the interval of a share in which the true share lies with the given confidence.

    Parameters
    ----------
    successes, trials
        How many agreed, out of how many.
    confidence
        Coverage, for example 0.95.

    Returns
    -------
    Lower and upper bound, between 0 and 1; (0, 1) if there are no trials.

    References
    ----------
    .. [1] Wilson EB, Probable inference, the law of succession, and statistical inference,
       J Am Stat Assoc 1927;22:209-212, doi:10.1080/01621459.1927.10502953
    """
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = successes / trials
    spread = z * sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    shrink = 1 + z**2 / trials
    centre = share + z**2 / (2 * trials)
    return max(0.0, (centre - spread) / shrink), min(1.0, (centre + spread) / shrink)
