"""Regimens: how much, by which route, and when; read from and written as text by :mod:`regimen_text`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

from myeloniche.errors import ExperimentError, UnitError
from myeloniche.pharmacology.body import Body
from myeloniche.units import drug_dose, hours

__all__ = ["ROUTES", "Amount", "Course", "Dose", "Duration", "Regimen", "Route"]

Route = Literal["iv", "sc", "ip", "oral"]
ROUTES: tuple[Route, ...] = get_args(Route)

DAY_H = 24


@dataclass(frozen=True)
class Duration:
    """A time as it was written: ``15 min``, ``2 d`` or ``4 w``."""

    number: float
    unit: Literal["min", "h", "d", "w"]

    @property
    def hours(self) -> float:
        """The same in hours [h]."""
        return hours(f"{written(self.number)} {'week' if self.unit == 'w' else self.unit}")


@dataclass(frozen=True)
class Amount:
    """How much is given at once: ``mg``, ``mg/kg`` of body weight or ``mg/m2`` of body surface."""

    number: float
    unit: str

    def mass_g(self, body: Body) -> float:
        """Return the mass that a body gets [g].

        Raises
        ------
        UnitError
            If the dose is per kg or m2 and the body's weight or surface is not known.
        """
        quantity = drug_dose(str(self))
        if quantity.dimension == "mass":
            return float(quantity.value)
        scale = body.weight_kg if quantity.dimension == "mass dose" else body.surface_m2
        if scale is None:
            what = "weight" if quantity.dimension == "mass dose" else "surface"
            raise UnitError(
                f"dose: got {str(self)!r} for {body.name}, whose body {what} is not known, expected a dose "
                f"that needs none. Give the {what} of {body.name}, or the dose in mg."
            )
        return float(quantity.value * Fraction(str(scale)))

    def __str__(self) -> str:
        return f"{written(self.number)} {self.unit}"


@dataclass(frozen=True)
class Dose:
    """One dose.

    Attributes
    ----------
    hours
        When it is given, or its infusion starts, on the protocol's clock [h].
    amount, route
        How much and how.
    over_h
        How long an infusion takes [h]; 0 for one that is given at once.
    """

    hours: float
    amount: Amount
    route: Route
    over_h: float = 0.0


@dataclass(frozen=True)
class Course:
    """The same dose by the same route in one rhythm.

    Attributes
    ----------
    amount, route
        How much and how.
    over
        How long an infusion takes; None for a dose that is given at once.
    days
        Days of a cycle on which it is given, the first being 1.
    every
        Length of a cycle; None if there is one only. For ``q2d`` a cycle of 2 days with a dose on day 1.
    count
        Number of cycles; None if `end_day` ends the course, or nothing does.
    start_day, end_day
        First and last day on the protocol's clock, which starts with day 0; None if not said.
    """

    amount: Amount
    route: Route
    days: tuple[int, ...] = (1,)
    every: Duration | None = None
    count: int | None = None
    start_day: float | None = None
    end_day: float | None = None
    over: Duration | None = None

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise ExperimentError(problem)

    @property
    def cycles(self) -> int | None:
        """Number of cycles; None if an end day, or nothing, ends them."""
        return 1 if self.every is None else self.count

    @property
    def is_open(self) -> bool:
        """Whether nothing ends it."""
        return self.cycles is None and self.end_day is None

    def times(self, begin_h: float, until_h: float = math.inf) -> Iterator[float]:
        """Yield when doses are given [h], up to and with `until_h`; without an end there are infinitely many.

        Parameters
        ----------
        begin_h
            Clock at which it begins if no start day is given [h].
        until_h
            Clock after which nobody looks [h].
        """
        start = begin_h if self.start_day is None else DAY_H * self.start_day
        last = until_h if self.end_day is None else min(until_h, DAY_H * self.end_day)
        step = 0.0 if self.every is None else self.every.hours
        for cycle in itertools.count() if self.cycles is None else range(self.cycles):
            for day in self.days:
                time = start + cycle * step + (day - 1) * DAY_H
                if time > last:
                    return
                yield time

    def finish(self, begin_h: float) -> float:
        """Return when the last cycle is over [h]; infinite if nothing ends the course."""
        if self.is_open:
            return math.inf
        start = begin_h if self.start_day is None else DAY_H * self.start_day
        if self.every is None:
            return start + self.days[-1] * DAY_H
        last = max(self.times(begin_h), default=start)
        return start + (math.floor((last - start) / self.every.hours) + 1) * self.every.hours

    def _problems(self) -> Iterator[str]:
        """Yield what contradicts itself."""
        if not (math.isfinite(self.amount.number) and self.amount.number > 0):
            yield f"got a dose of {self.amount}, expected more than 0. Leave the regimen out for no drug."
        if list(self.days) != sorted(set(self.days)) or not self.days or self.days[0] < 1:
            got = ",".join(map(str, self.days))
            yield f"got days {got or 'none'}, expected rising days from 1 up. Day 1 is the first of a cycle."
        if self.every is not None and self.every.hours <= 0:
            yield "got doses every 0, expected a longer interval. Write 'q2d' or so."
        elif self.every is not None and (self.days[-1] - 1) * DAY_H >= self.every.hours:
            yield (
                f"got day {self.days[-1]} in a cycle of {written(self.every.number)}{self.every.unit}, "
                "expected days within the cycle: it would overlap with the next one. "
                "Lengthen the cycle or drop the day."
            )
        if self.count is not None and (self.count < 1 or self.every is None):
            got = f"x{self.count}" + (" without 'q'" if self.every is None else "")
            yield f"got {got}, expected a number of cycles from 1 up behind 'q21d' or so."
        yield from self._end_problems()

    def _end_problems(self) -> Iterator[str]:
        """Yield what is wrong with the end, and with infusions that do not."""
        if self.count is not None and self.end_day is not None:
            yield (
                f"got both x{self.count} and 'to day {written(self.end_day)}', expected one end. Drop one."
            )
        if self.start_day is not None and self.end_day is not None and self.end_day < self.start_day:
            yield (
                f"got day {written(self.start_day)} to day {written(self.end_day)}, expected an end after "
                "the start. Swap the two days."
            )
        if self.over is not None and self.route != "iv":
            yield f"got an infusion {self.route}, expected one iv. Drop 'over' or change the route."
        if self.over is not None and self.over.hours > self._gap_h():
            yield (
                f"got infusions over {written(self.over.number)} {self.over.unit} every {self._gap_h():g} h, "
                "expected the next one to start after the last. Infuse faster or less often."
            )

    def _gap_h(self) -> float:
        """Return the shortest time between two doses [h]."""
        gaps: list[float] = [(after - before) * DAY_H for before, after in itertools.pairwise(self.days)]
        if self.every is not None:
            gaps.append(self.every.hours - (self.days[-1] - self.days[0]) * DAY_H)
        return min(gaps, default=math.inf)


@dataclass(frozen=True)
class Regimen:
    """Courses, one after the other."""

    courses: tuple[Course, ...]

    def __post_init__(self) -> None:
        for course in self.courses[:-1]:
            if course.is_open:
                raise ExperimentError(
                    "got a course without end before 'then', expected it to end. Add 'x4' or 'to day 21'."
                )

    def doses(self, begin_h: float = 0.0, until_h: float = math.inf) -> Iterator[Dose]:
        """Yield the doses in the order of time; without an end there are infinitely many.

        Parameters
        ----------
        begin_h
            Clock at which the first course begins if it names no start day [h].
        until_h
            Clock after which nobody looks [h].

        Raises
        ------
        ExperimentError
            If a course starts before the last one is over.
        """
        for place, course in enumerate(self.courses):
            start = begin_h if course.start_day is None else DAY_H * course.start_day
            if place and start < begin_h:
                raise ExperimentError(
                    f"got a course from day {written(start / DAY_H)}, expected none before day "
                    f"{written(begin_h / DAY_H)}, when the one before it is over: they would overlap. "
                    "Start later."
                )
            over = 0.0 if course.over is None else course.over.hours
            for time in course.times(begin_h, until_h):
                yield Dose(time, course.amount, course.route, over)
            begin_h = course.finish(begin_h)

    def finish(self, begin_h: float = 0.0) -> float:
        """Return when the last cycle is over [h]; infinite if nothing ends the regimen."""
        for course in self.courses:
            begin_h = course.finish(begin_h)
        return begin_h


def written(number: float) -> str:
    """Return a number as people write it, exactly: ``2``, ``1.3``."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))
