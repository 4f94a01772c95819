"""What happens to one member of an ensemble, and when: periods, changes and output times.

The rules, which every integrator of the package follows:

- Initial values are the model's initial expressions evaluated with the member's parameters, then overridden
  by the member's own initial values. Changes come later and do not touch them.
- The changes of a period happen at its start, in the order given. ``scale`` and ``add`` act on the current
  value.
- A timed period advances the clock by its duration. A period ``until_rest`` leaves the clock where it is.
- Rest means that no state moves by more than a small part of itself in one unit of time: for every state,
  ``|f| <= rest_tolerance * (|y| + atol)``. A state that does not rest within the period's duration ends the
  member with the status "no rest".
- An output time belongs to the first timed period that reaches it. So at a time at which a period ends and
  the next one starts, the output shows the state before the next one's changes; at the start of the first
  timed period it shows the state after its changes. After periods until rest alone, time 0 shows the rest.
- Once a member has failed or found no rest, all its outputs are NaN.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError, raise_all

__all__ = ["REST_TOLERANCE", "Change", "Member", "Period", "Segment", "check_members", "segments"]

REST_TOLERANCE = 1e-6
"""Largest relative change per unit of time of a state that is called at rest."""

# Sums of durations such as 0.1 + 0.2 miss the output time 0.3 by rounding only.
_ROUNDING = 1e-12

Action = Literal["set", "add", "scale"]


@dataclass(frozen=True)
class Change:
    """A jump of one parameter or state.

    Attributes
    ----------
    target
        Name of a parameter or state.
    action
        ``"set"``, ``"add"`` or ``"scale"``; the latter two act on the current value.
    value
        The new value, the summand or the factor.
    """

    target: str
    action: Action
    value: float

    def __post_init__(self) -> None:
        if self.action not in ("set", "add", "scale"):
            raise ExperimentError(
                f"change of {self.target!r}: got action {self.action!r}, expected 'set', 'add' or 'scale'"
            )
        if not math.isfinite(self.value):
            raise ExperimentError(
                f"change of {self.target!r}: got value {self.value}, expected a finite number"
            )


@dataclass(frozen=True)
class Period:
    """A stretch of time with changes at its start.

    Attributes
    ----------
    duration
        Length in the model's time unit; for a period until rest, the longest time it may take.
    changes
        What changes at its start, in this order.
    until_rest
        Whether the period ends as soon as the state rests, without advancing the clock.
    """

    duration: float
    changes: tuple[Change, ...] = ()
    until_rest: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", tuple(self.changes))
        if not (math.isfinite(self.duration) and self.duration >= 0):
            raise ExperimentError(f"got a period of duration {self.duration}, expected a finite number >= 0")


def _no_times() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(frozen=True, eq=False)
class Member:
    """One member of an ensemble: its parameters, initial values, timeline and output times.

    Attributes
    ----------
    parameters
        Values that differ from the model's nominal ones.
    initial
        Initial values of states that override the model's.
    timeline
        The periods; if there is none, one period that lasts until the last output time.
    times
        Output times on the member's clock, shape (time,), ascending, in the model's time unit.
    """

    parameters: Mapping[str, float] = field(default_factory=dict)
    initial: Mapping[str, float] = field(default_factory=dict)
    timeline: tuple[Period, ...] = ()
    times: NDArray[np.float64] = field(default_factory=_no_times)

    def __post_init__(self) -> None:
        times = np.array(self.times, dtype=np.float64, ndmin=1)
        times.setflags(write=False)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "timeline", tuple(self.timeline))
        raise_all(list(_time_problems(self)), title="member")

    @property
    def given(self) -> frozenset[str]:
        """What gets a value other than 0 at the start or by a change."""
        changes = (change for period in self.timeline for change in period.changes)
        changed = {change.target for change in changes if change.action != "scale" and change.value}
        return frozenset({*(name for name, value in self.initial.items() if value), *changed})

    def among(self, names: Collection[str]) -> Member:
        """Return the member without initial values and changes of what is not among some names."""
        initial = {name: value for name, value in self.initial.items() if name in names}
        timeline = tuple(
            replace(period, changes=tuple(change for change in period.changes if change.target in names))
            for period in self.timeline
        )
        return replace(self, initial=initial, timeline=timeline)


@dataclass(frozen=True)
class Segment:
    """A period placed on the clock, with the output times that belong to it.

    Attributes
    ----------
    start, stop
        Clock at its start and end; equal for a period until rest.
    duration
        How long to integrate: ``stop - start``, or the longest time a period until rest may take.
    changes
        What changes at its start.
    until_rest
        Whether it ends when the state rests.
    outputs
        The slice of the member's times that it must deliver; empty for a period until rest.
    """

    start: float
    stop: float
    duration: float
    changes: tuple[Change, ...]
    until_rest: bool
    outputs: slice


def segments(member: Member) -> tuple[Segment, ...]:
    """Return the member's periods placed on its clock, each with the output times that belong to it."""
    placed: list[Segment] = []
    durations: list[float] = []
    done = 0
    for period in _periods(member):
        start = math.fsum(durations)
        if period.until_rest:
            stop, reached = start, done
        else:
            durations.append(period.duration)
            stop = math.fsum(durations)
            reached = int(np.searchsorted(member.times, stop + _ROUNDING * stop, side="right"))
        outputs = slice(done, reached)
        placed.append(Segment(start, stop, period.duration, period.changes, period.until_rest, outputs))
        done = reached
    if done < member.times.size:
        # Only periods until rest, or none that is timed: the outputs at time 0 show what they led to.
        end = math.fsum(durations)
        placed.append(Segment(end, end, 0.0, (), False, slice(done, member.times.size)))
    return tuple(placed)


def check_members(model: OdeModel, members: Sequence[Member]) -> None:
    """Refuse members that name what the model does not have.

    Raises
    ------
    UnknownNameError
        If a parameter, an initial value or the target of a change does not exist or cannot be set.
    """
    parameters, states = frozenset(model.parameters), frozenset(model.states)
    problems: list[MyelonicheError] = []
    for index, member in enumerate(members):
        where = f"member {index}"
        problems += _unknown("parameter", member.parameters, parameters, where)
        problems += _unknown("state", member.initial, states, where)
        targets = (change.target for period in member.timeline for change in period.changes)
        problems += _unknown("parameter or state", targets, parameters | states, where)
    raise_all(problems, title=f"model {model.name!r}")


def _unknown(kind: str, names: Iterable[str], known: frozenset[str], where: str) -> list[MyelonicheError]:
    return [UnknownNameError(kind, name, known, where=where) for name in names if name not in known]


def _periods(member: Member) -> tuple[Period, ...]:
    if member.timeline:
        return member.timeline
    return (Period(float(member.times[-1]) if member.times.size else 0.0),)


def _time_problems(member: Member) -> Iterable[ExperimentError]:
    times = member.times
    if times.ndim != 1:
        yield ExperimentError(f"got times of shape {times.shape}, expected one axis")
        return
    if not np.all(np.isfinite(times)) or np.any(np.diff(times) < 0) or np.any(times < 0):
        yield ExperimentError(
            "got output times that are negative, not finite or descending; sort them from 0 up"
        )
        return
    end = math.fsum(period.duration for period in _periods(member) if not period.until_rest)
    if times.size and times[-1] > end + _ROUNDING * end:
        yield ExperimentError(
            f"got an output time of {times[-1]:g}, expected none after the timeline's end at {end:g}; "
            "add a period or leave the time out"
        )
