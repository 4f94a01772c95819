"""How near parameter sets come to the anchors: the same experiments and tolerances, once per set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.findings.anchors.anchor import Anchor, load_anchors
from myeloniche.findings.anchors.run import judge_anchor
from myeloniche.lab.run import MAX_STEPS, run

__all__ = ["AnchorSupport", "score_anchors"]

_SETS_AT_ONCE = 25  # as many as the findings are scored with


@dataclass(frozen=True, eq=False)
class AnchorSupport:
    """What an ensemble of parameter sets gives for the numbers of the anchors.

    Attributes
    ----------
    anchors
        Id of the anchor that each number belongs to, shape (number,).
    within
        Whether each number is within its tolerance, shape (set, number).
    excess
        How far it lies beyond, shape (set, number); a natural logarithm where that makes sense.
    failed
        Simulated arms that failed, shape (set,).
    """

    anchors: tuple[str, ...]
    within: NDArray[np.bool_]
    excess: NDArray[np.float64]
    failed: NDArray[np.int64]

    @property
    def share(self) -> dict[str, float]:
        """Share of numbers within their tolerance over all sets, by anchor."""
        owners = np.array(self.anchors)
        return {name: float(self.within[:, owners == name].mean()) for name in dict.fromkeys(self.anchors)}

    def among(self, kept: NDArray[np.bool_]) -> AnchorSupport:
        """Return the same of some of the sets, by flags of shape (set,)."""
        return replace(self, within=self.within[kept], excess=self.excess[kept], failed=self.failed[kept])

    @classmethod
    def together(cls, parts: Sequence[AnchorSupport]) -> AnchorSupport:
        """Return what is said of all sets of some parts, which ran the same anchors, in order."""
        return replace(
            parts[0],
            within=np.concatenate([part.within for part in parts]),
            excess=np.concatenate([part.excess for part in parts]),
            failed=np.concatenate([part.failed for part in parts]),
        )


def score_anchors(
    parameter_sets: Sequence[Mapping[str, float]],
    anchors: Sequence[Anchor] | None = None,
    *,
    workers: int | None = None,
    max_steps: int = MAX_STEPS,
) -> AnchorSupport:
    """Re-do the experiments behind the anchors with parameter sets.

    Parameters
    ----------
    parameter_sets
        Values of model parameters by name, one mapping per set; at least one.
    anchors
        Which; by default all of the niche, without those on drugs in blood, which no parameter set touches.
    workers
        How many cores to use; all by default.
    max_steps
        Step attempts after which a simulated arm is given up.
    """
    chosen = (
        [anchor for anchor in load_anchors() if not anchor.of_exposure] if anchors is None else list(anchors)
    )
    experiments = [experiment for anchor in chosen for experiment in anchor.experiments]
    judged = []
    for first in range(0, len(parameter_sets), _SETS_AT_ONCE):
        part = parameter_sets[first : first + _SETS_AT_ONCE]
        results = iter(run(experiments, workers=workers, parameter_sets=part, max_steps=max_steps))
        for _ in part:
            judged.append([judge_anchor(a, [next(results) for _ in a.experiments]) for a in chosen])
    return AnchorSupport(
        anchors=tuple(result.id for result in judged[0] for _ in result.counted),
        within=np.array([[row.within for one in results for row in one.counted] for results in judged]),
        excess=np.array([[row.excess for one in results for row in one.counted] for results in judged]),
        failed=np.array([sum(one.failed for one in results) for results in judged], np.int64),
    )
