"""Who gets which arm: blocks of consecutive patients, dealt out stratum by stratum.

Within a block of patients that follow each other, those of one stratum are dealt to the arms in a random
order that repeats the ratio. A block depends on its own patients only, so that any part of a trial can be
allocated without the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from myeloniche.trials.patients.streams import Purpose, stream
from myeloniche.trials.protocol.design import Trial

__all__ = ["BLOCK", "allocate"]

BLOCK = 48
"""Patients of a block."""


def allocate(trial: Trial, first: int, stop: int) -> list[str]:
    """Return the arms of patients ``first`` to ``stop``, shape (patient,).

    Any part of a trial gets the same arms as within the whole.
    """
    dealt: dict[int, str] = {}
    for block in range(first // BLOCK, -(-stop // BLOCK)):
        dealt |= dict(_dealt(trial, block))
    return [dealt[patient] for patient in range(first, stop)]


def _dealt(trial: Trial, block: int) -> Iterator[tuple[int, str]]:
    """Yield the patients of a block with their arms."""
    begin = block * BLOCK
    for members in _strata(trial, begin):
        rng = stream(trial.seed, Purpose.ALLOCATION, begin + members[0])
        deck: list[int] = []
        hand = np.repeat(np.arange(len(trial.arms)), trial.allocation.ratio)
        while len(deck) < len(members):
            deck += rng.permutation(hand).tolist()
        for place, arm in zip(members, deck, strict=False):
            yield begin + place, trial.arms[arm].name


def _strata(trial: Trial, begin: int) -> list[list[int]]:
    """Return the places of a block's patients by stratum."""
    if not trial.allocation.stratify:
        return [list(range(BLOCK))]
    table = trial.population.draw(BLOCK, trial.seed, first=begin)
    strata: dict[tuple[object, ...], list[int]] = {}
    columns = [table[name].to_pylist() for name in trial.allocation.stratify]
    for place, levels in enumerate(zip(*columns, strict=True)):
        strata.setdefault(levels, []).append(place)
    return list(strata.values())
