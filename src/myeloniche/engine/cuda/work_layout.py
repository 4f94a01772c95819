"""Where one thread has what in its work array, and how little of it there need be.

A thread's work array decides how many members a GPU integrates side by side from its caches. So the factors
replace the Jacobian in place, a stage's result begins as its right side, the outputs are computed from the
stages without a copy, and values that pass from one piece of a long function to the next share slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from myeloniche.engine.kernels.chunks import Schedule
from myeloniche.engine.kernels.lowering import Lowering
from myeloniche.engine.kernels.ordering import Factorisation

__all__ = ["WorkLayout", "in_place", "share_scratch"]


@dataclass(frozen=True)
class WorkLayout:
    """Sizes of the parts of a thread's work array, in the order in which they lie.

    Attributes
    ----------
    states, parameters
        Sizes of the model.
    hoisted
        Values that depend on parameters only.
    factors
        Slots of the Jacobian and of the factors that replace it.
    time_slopes
        Explicit derivatives by time that are not 0.
    scratch
        Values that pass between pieces of the rates; the other functions use the stages' place for that.
    stages
        Stages of the method.
    """

    states: int
    parameters: int
    hoisted: int
    factors: int
    time_slopes: int
    scratch: int
    stages: int

    @property
    def offsets(self) -> dict[str, int]:
        """First slot of each part by the name it has in the source."""
        places = {}
        total = 0
        for name, size in self._sizes():
            places[name] = total
            total += size
        return {**places, "WORK_SLOTS": total}

    @property
    def slots(self) -> int:
        """Number of doubles that one thread needs."""
        return self.offsets["WORK_SLOTS"]

    def _sizes(self) -> Iterator[tuple[str, int]]:
        yield "STATE", self.states
        yield "STAGE", self.states
        yield "K", self.states * self.stages
        yield "FACTOR", self.factors
        yield "TIME_SLOPE", self.time_slopes
        yield "HOISTED", self.hoisted
        yield "PARAMETER", self.parameters
        yield "SCRATCH", self.scratch


def in_place(plan: Factorisation, nonzeros: int) -> tuple[Factorisation, frozenset[int]]:
    """Return the factorisation with every factor in the slot of the Jacobian's entry it comes from.

    Parameters
    ----------
    plan
        The factorisation, whose first slots are those of the Jacobian.
    nonzeros
        Number of the Jacobian's entries.

    Returns
    -------
    The same operations on fewer slots, and the slots of the Jacobian that it overwrites. That is safe as an
    entry of the Jacobian is read once, where the factor in its position is computed.
    """
    place = {slot: slot for slot in range(nonzeros)}
    count = nonzeros
    for entry in plan.entries:
        if entry.source >= 0:
            place[entry.slot] = entry.source
        else:
            place[entry.slot] = count
            count += 1
    entries = tuple(
        replace(
            entry,
            slot=place[entry.slot],
            terms=tuple((place[lower], place[upper]) for lower, upper in entry.terms),
            pivot=place[entry.pivot] if entry.pivot >= 0 else -1,
        )
        for entry in plan.entries
    )
    moved = replace(
        plan,
        entries=entries,
        slots=count,
        lower=_moved(plan.lower, place),
        upper=_moved(plan.upper, place),
        pivots=tuple(place[slot] for slot in plan.pivots),
    )
    return moved, frozenset(entry.source for entry in plan.entries if entry.source >= 0)


def _moved(
    rows: tuple[tuple[tuple[int, int], ...], ...], place: Mapping[int, int]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    return tuple(tuple((place[slot], state) for slot, state in row) for row in rows)


def share_scratch(lowering: Lowering, schedule: Schedule) -> Schedule:
    """Return a schedule in which a value that is no longer needed leaves its slot to a later one."""
    last: dict[int, int] = {}
    for index, chunk in enumerate(schedule.chunks):
        for operation in chunk:
            kind, operands = lowering.operations[operation]
            if kind not in ("number", "state", "parameter"):
                last |= {int(child): index for child in operands if child in schedule.scratch}
    slots: dict[int, int] = {}
    free: list[int] = []
    used = 0
    for index, chunk in enumerate(schedule.chunks):
        for operation in chunk:
            if operation in schedule.scratch:
                slots[operation] = free.pop() if free else used
                used = max(used, slots[operation] + 1)
        # what this piece reads last is free for what later pieces write
        free += [slots[operation] for operation in slots if last.get(operation) == index]
    return replace(schedule, scratch=slots)
