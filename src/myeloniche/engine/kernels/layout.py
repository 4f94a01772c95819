"""Where everything a kernel works on lies in its one workspace.

The workspace is an array of slots; a slot is one vector with one lane per trajectory. A kernel gets the
workspace's address only, so that every access is an address plus a constant.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["SCALARS", "Layout", "plan_layout"]

SCALARS = (
    "zero",  # always 0
    "time",  # the member's clock
    "clock",  # 1 where the clock advances with the integration, 0 where it stands still
    "step",  # step size
    "span",  # what is left of the period
    "stage_time",
    "relative_tolerance",
    "rest_tolerance",
    "mask",  # 1 where the step is accepted
    "theta",  # where in the step an output lies, 0 to 1
    "error",  # square of the step's error norm
    "growth",  # error norm to the power -1/5
    "guess",  # first step size
    "slope",  # norm of the derivative at the start
    "unrest",  # largest |f| - tolerance (|y| + atol); the state rests where it is not positive
)


@dataclass(frozen=True)
class Layout:
    """Numbers of the first slots of all parts of a workspace.

    Attributes
    ----------
    lanes
        Trajectories in one vector.
    states, parameters, hoisted, factors, scratch
        Slots in each part.
    offsets
        First slot of each part by name; the names in ``SCALARS`` are parts of one slot.
    slots
        Total number of slots.
    timed
        Whether the equations contain the time.
    """

    lanes: int
    states: int
    parameters: int
    hoisted: int
    factors: int
    scratch: int
    offsets: dict[str, int]
    slots: int
    timed: bool

    def __getitem__(self, name: str) -> int:
        return self.offsets[name]

    def as_dict(self) -> dict[str, object]:
        """Return the content as plain data."""
        return asdict(self)


def plan_layout(
    *, lanes: int, states: int, parameters: int, hoisted: int, factors: int, scratch: int, timed: bool
) -> Layout:
    """Place all parts one after the other.

    Parameters
    ----------
    lanes, states, parameters
        Sizes of the problem.
    hoisted
        Number of values that depend on parameters only.
    factors
        Slots of the Jacobian and its factors.
    scratch
        Values that pass from one chunk of a kernel to the next.
    timed
        Whether the equations contain the time.
    """
    sizes = dict.fromkeys(SCALARS, 1)
    for name in ("state", "state_end", "stage", "rate", "correction", "time_slope", "output", "tolerance"):
        sizes[name] = states
    for stage in range(1, 9):
        sizes[f"k{stage}"] = states
    for row in (2, 3, 4):
        sizes[f"dense{row}"] = states
    sizes |= {"parameter": parameters, "hoisted": hoisted, "factor": factors, "scratch": scratch}
    offsets, total = {}, 0
    for name, size in sizes.items():
        offsets[name] = total
        total += size
    return Layout(lanes, states, parameters, hoisted, factors, scratch, offsets, total, timed)
