"""A regimen given to a body in a protocol, as changes of the model over time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from myeloniche.engine.timeline import Change, Period
from myeloniche.errors import ExperimentError, UnitError, UnknownNameError
from myeloniche.niche.names import sbml_id
from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.pharmacokinetics import PERFUSION
from myeloniche.pharmacology.regimen import DAY_H, Dose, Regimen, written

__all__ = ["Dosing", "body_of", "body_values", "check_dosing", "with_doses"]

_SAME_H = 1e-9


@dataclass(frozen=True)
class Dosing:
    """A regimen of a drug in a body.

    Attributes
    ----------
    drug, regimen, body
        What is given, when and to whom.
    begin_h
        Protocol's clock at the step that gives it [h].
    """

    drug: Drug
    regimen: Regimen
    body: Body
    begin_h: float

    def doses(self, until_h: float = math.inf) -> Iterator[Dose]:
        """Yield the doses up to and with a time [h]."""
        return self.regimen.doses(self.begin_h, until_h)

    def changes(self, until_h: float) -> Iterator[tuple[float, Change]]:
        """Yield the times [h] at which something changes and what, up to and with `until_h`."""
        circulation = self.drug.circulation
        assert circulation is not None  # checked when the step was done
        for dose in self.doses(until_h):
            target, amount = self.drug.given(dose, self.body)
            if not dose.over_h:
                yield dose.hours, Change(sbml_id(target), "add", amount)
                continue
            drip = sbml_id(circulation.drip)
            yield dose.hours, Change(drip, "add", amount / dose.over_h)
            if dose.hours + dose.over_h <= until_h:
                yield dose.hours + dose.over_h, Change(drip, "add", -amount / dose.over_h)


def body_values(dosings: Sequence[Dosing]) -> dict[str, float]:
    """Return what a body sets, by SBML id: that blood flows, and the numbers of the drugs given."""
    values = {PERFUSION: 1.0}
    for dosing in dosings:
        assert dosing.drug.circulation is not None
        values |= dosing.drug.circulation.values(dosing.body)
    return {sbml_id(name): value for name, value in values.items()}


def check_dosing(new: Dosing, others: Sequence[Dosing], *, where: str) -> None:
    """Refuse a regimen that cannot be given.

    Raises
    ------
    ExperimentError
        If the drug's file does not know this body or route, a dose lies in the past of its step, there is
        none at all, or another regimen of the drug is not over.
    UnitError
        If a dose is per kg or m2 of a body of which that is not known.
    """
    drug, body = new.drug, new.body
    if drug.circulation is None:
        raise ExperimentError(
            f"{where}: got a regimen of {drug.name}, expected a drug with pharmacokinetics. "
            "Add 'pharmacokinetics' to its file."
        )
    routes = drug.circulation.routes(body.species)
    if not routes:
        known = " and ".join(drug.circulation.numbers.species)
        raise ExperimentError(
            f"{where}: got {drug.name} for {body.name}, expected a body it is known in: {known}. "
            f"Add '{body.species}' to 'pharmacokinetics' of its file."
        )
    for course in new.regimen.courses:
        if course.route not in routes:
            raise ExperimentError(
                f"{where}: got {drug.name} {course.route} for {body.name}, expected {' or '.join(routes)}. "
                f"Add '{course.route}_rate' and '{course.route}_share' to its file for another route."
            )
        try:
            course.amount.mass_g(body)
        except UnitError as error:
            raise UnitError(f"{where}: {error}") from error
    _check_times(new, others, where)


def _check_times(new: Dosing, others: Sequence[Dosing], where: str) -> None:
    """Refuse doses in the past, no dose, and regimens of one drug that overlap."""
    starts = [dose.hours for dose, _ in zip(new.doses(), range(1), strict=False)]
    list(new.regimen.doses(new.begin_h, new.begin_h))  # courses that overlap are refused whenever they come
    if not starts:
        raise ExperimentError(
            f"{where}: got a regimen without any dose from day {_day(new.begin_h)} on, expected one. "
            "It ends before this step; move the step forward or end it later."
        )
    if starts[0] < new.begin_h - _SAME_H:
        raise ExperimentError(
            f"{where}: got a first dose on day {_day(starts[0])}, expected none before day "
            f"{_day(new.begin_h)}, when this step is done: it would lie in the past. "
            "Move the step forward, or start later."
        )
    for other in others:
        over = other.regimen.finish(other.begin_h)
        if other.drug.name == new.drug.name and starts[0] < over - _SAME_H:
            ends = "has no end" if math.isinf(over) else f"is over on day {_day(over)}"
            raise ExperimentError(
                f"{where}: got a second regimen of {new.drug.name} from day {_day(starts[0])}, expected none "
                f"while the first goes on, which {ends}: they would overlap. Join courses by 'then' in one "
                "regimen, or end the first with 'x4' or 'to day 21'."
            )


def body_of(host: str, bodies: dict[str, Body], *, where: str) -> Body:
    """Return the body of an animal or patient.

    Raises
    ------
    UnknownNameError
        If nothing is known of it.
    """
    if host not in bodies:
        raise UnknownNameError("body", host, bodies, where=where)
    return bodies[host]


def with_doses(periods: Sequence[Period], dosings: Sequence[Dosing]) -> list[Period]:
    """Return periods cut at every dose, with the doses as changes behind those that were there.

    A dose at the very end of the last period is left out: nobody sees what it does.
    """
    end = math.fsum(period.duration for period in periods)
    changes = sorted((pair for dosing in dosings for pair in dosing.changes(end)), key=lambda pair: pair[0])
    cut: list[Period] = []
    clock, waiting = 0.0, list(changes)
    for period in periods:
        stop = clock + period.duration
        here = list(period.changes)
        while waiting and waiting[0][0] < stop - _SAME_H:
            time, change = waiting.pop(0)
            if time > clock + _SAME_H:
                cut.append(Period(time - clock, tuple(here)))
                clock, here = time, []
            here.append(change)
        cut.append(Period(max(stop - clock, 0.0), tuple(here)))
        clock = stop
    return cut


def _day(hours: float) -> str:
    return written(round(hours / DAY_H, 6))
