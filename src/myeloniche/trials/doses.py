"""What a patient is given from one visit to the next, once the rules have had their say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from myeloniche.engine.timeline import Change, Period
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.names import sbml_id
from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.regimen import Dose, Regimen
from myeloniche.trials.design import TrialArm
from myeloniche.trials.rules import Rule

__all__ = ["Given", "Prescription", "periods_with", "prescriptions"]


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
    drug, planned
        What, and how it was planned.
    rules
        The arm's rules about it.
    regimen, begin_h
        What is given now, and from when its clock counts [h].
    most
        Dose not to be exceeded, in the unit of the regimen; None where there is no such limit.
    stopped
        Whether it is given no more.
    fired
        Rules that have had their say.
    """

    drug: Drug
    planned: Regimen
    rules: tuple[Rule, ...]
    regimen: Regimen
    begin_h: float = 0.0
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
                changed = replace(changed, regimen=rule.regimen, begin_h=now_h)
            elif rule.amount is not None:
                limits = (rule.amount.number, changed.most)
                changed = replace(changed, most=min(limit for limit in limits if limit is not None))
        return changed

    def given(self, start_h: float, stop_h: float, body: Body) -> Iterator[Given]:
        """Yield the doses from one visit to the next, the one at the very end left out."""
        if not self.stopped:
            for dose in _between(self.regimen, self.begin_h, start_h, stop_h):
                yield self._given(self._limited(dose), body)

    def planned_mg_per_m2(self, start_h: float, stop_h: float, body: Body) -> float:
        """Return what the trial's plan would have given from one visit to the next [mg/m2]."""
        return sum(_mg_per_m2(dose, body) for dose in _between(self.planned, 0.0, start_h, stop_h))

    def _limited(self, dose: Dose) -> Dose:
        if self.most is None or dose.amount.number <= self.most:
            return dose
        return replace(dose, amount=replace(dose.amount, number=self.most))

    def _given(self, dose: Dose, body: Body) -> Given:
        assert self.drug.circulation is not None  # the trial's reader has asked before
        target, amount = self.drug.given(dose, body)
        drip = sbml_id(self.drug.circulation.drip)
        return Given(
            self.drug.name, dose.hours, drip, sbml_id(target), amount, dose.over_h, _mg_per_m2(dose, body)
        )


def prescriptions(arm: TrialArm, laboratory: Laboratory) -> tuple[Prescription, ...]:
    """Return what an arm begins with."""
    return tuple(
        Prescription(
            laboratory.drug(one.drug),
            one.regimen,
            tuple(rule for rule in arm.rules if rule.drug == one.drug),
            one.regimen,
        )
        for one in arm.treatments
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


def _between(regimen: Regimen, begin_h: float, start_h: float, stop_h: float) -> Iterator[Dose]:
    for dose in regimen.doses(begin_h, stop_h):
        if start_h <= dose.hours < stop_h:
            yield dose


def _mg_per_m2(dose: Dose, body: Body) -> float:
    return _PER_GRAM * dose.amount.mass_g(body) / (body.surface_m2 or 1.0)
