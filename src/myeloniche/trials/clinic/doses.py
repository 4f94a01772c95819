"""What a patient is given from one visit to the next, once the rules have had their say."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from myeloniche.engine.timeline import Change, Period
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.names import sbml_id
from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.regimen import Amount, Dose
from myeloniche.trials.protocol.design import TrialArm
from myeloniche.trials.protocol.rules import Rule

__all__ = ["Given", "Pharmacy", "Prescription", "periods_with", "prescriptions"]


_PER_GRAM = 1000.0


@dataclass(frozen=True)
class Given:
    """A dose that was given: of which drug, when, to where in the body, how much, and over how long."""

    drug: str
    hours: float
    drip: str
    target: str
    amount: float
    over_h: float
    mg_per_m2: float

    def changes(self) -> Iterator[tuple[float, Change]]:
        """Yield the times [h] at which the dose changes something, and what."""
        if not self.over_h:
            yield self.hours, Change(self.target, "add", self.amount)
            return
        yield self.hours, Change(self.drip, "set", self.amount / self.over_h)
        yield self.hours + self.over_h, Change(self.drip, "set", 0.0)


@dataclass(frozen=True)
class Prescription:
    """A drug of a patient's arm and what has become of its regimen.

    Attributes
    ----------
    drug
        What is given.
    rules
        The arm's rules about it.
    planned, schedule
        The doses that were planned, and those that are to be given now, in the order of time.
    until_h
        When the trial ends [h].
    most
        Dose not to be exceeded, in the unit of the regimen; None where there is no such limit.
    stopped
        Whether it is given no more.
    fired
        Rules that have had their say.
    """

    drug: Drug
    rules: tuple[Rule, ...]
    planned: tuple[Dose, ...]
    schedule: tuple[Dose, ...]
    until_h: float
    most: float | None = None
    stopped: bool = False
    fired: tuple[str, ...] = ()

    def after(self, grade: int, now_h: float) -> Prescription:
        """Return the prescription behind a visit at which neuropathy has a grade."""
        changed = self
        for rule in self.rules:
            if grade < rule.grade or rule.text in changed.fired:
                continue
            changed = replace(changed, fired=(*changed.fired, rule.text))
            if rule.action == "stop":
                changed = replace(changed, stopped=True)
            elif rule.action == "change" and rule.regimen is not None:
                later = tuple(rule.regimen.doses(now_h, self.until_h))
                changed = replace(changed, schedule=later)
            elif rule.amount is not None:
                limits = (rule.amount.number, changed.most)
                changed = replace(changed, most=min(limit for limit in limits if limit is not None))
        return changed

    def due(self, start_h: float, stop_h: float) -> Iterator[Dose]:
        """Yield the doses to be given from one visit to the next, the one at the very end left out."""
        for dose in () if self.stopped else _between(self.schedule, start_h, stop_h):
            if self.most is None or dose.amount.number <= self.most:
                yield dose
            else:
                yield replace(dose, amount=replace(dose.amount, number=self.most))


@dataclass(frozen=True)
class Pharmacy:
    """Makes up doses for one body; what was made up once is remembered.

    Attributes
    ----------
    body
        What doses are scaled with.
    """

    body: Body
    _made: dict[tuple[str, str, Amount], tuple[str, float, float]] = field(default_factory=dict)

    def given(self, one: Prescription, start_h: float, stop_h: float) -> Iterator[Given]:
        """Yield the doses of a drug from one visit to the next."""
        assert one.drug.circulation is not None  # the trial's reader has asked before
        drip = sbml_id(one.drug.circulation.drip)
        for dose in one.due(start_h, stop_h):
            target, amount, mg_per_m2 = self._measured(one.drug, dose)
            yield Given(one.drug.name, dose.hours, drip, target, amount, dose.over_h, mg_per_m2)

    def planned_mg_per_m2(self, one: Prescription, start_h: float, stop_h: float) -> float:
        """Return what the trial's plan would have given from one visit to the next [mg/m2]."""
        doses = _between(one.planned, start_h, stop_h)
        return sum(self._measured(one.drug, dose)[2] for dose in doses)

    def _measured(self, drug: Drug, dose: Dose) -> tuple[str, float, float]:
        key = (drug.name, dose.route, dose.amount)
        if key not in self._made:
            target, amount = drug.given(dose, self.body)
            surface = _PER_GRAM * dose.amount.mass_g(self.body) / (self.body.surface_m2 or 1.0)
            self._made[key] = (sbml_id(target), amount, surface)
        return self._made[key]


def prescriptions(arm: TrialArm, laboratory: Laboratory, until_h: float) -> tuple[Prescription, ...]:
    """Return what an arm begins with."""
    planned = [(one, tuple(one.regimen.doses(0.0, until_h))) for one in arm.treatments]
    return tuple(
        Prescription(
            laboratory.drug(one.drug),
            tuple(rule for rule in arm.rules if rule.drug == one.drug),
            doses,
            doses,
            until_h,
        )
        for one, doses in planned
    )


def periods_with(
    given: Sequence[Given], start_h: float, stop_h: float, going: Sequence[Given]
) -> list[Period]:
    """Return the periods between two visits, cut at every dose.

    Parameters
    ----------
    given
        Doses of this time.
    start_h, stop_h
        The visits [h].
    going
        Doses of the time before, of which infusions may not be over.
    """
    changes: dict[float, list[Change]] = {start_h: []}
    for dose in (*going, *given):
        for time, change in dose.changes():
            if start_h <= time < stop_h:
                changes.setdefault(time, []).append(change)
    times = [*sorted(changes), stop_h]
    return [Period(stop - start, tuple(changes[start])) for start, stop in pairwise(times)]


def _between(doses: Sequence[Dose], start_h: float, stop_h: float) -> Sequence[Dose]:
    begin, end = (bisect_left(doses, time, key=lambda dose: dose.hours) for time in (start_h, stop_h))
    return doses[begin:end]
