"""One patient on the way through a trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.timeline import Period
from myeloniche.trials.clinic.doses import Given, Pharmacy, Prescription, periods_with
from myeloniche.trials.clinic.imwg import Assessment, Criteria, Marker, assess
from myeloniche.trials.clinic.marrow import Clone, Marrow
from myeloniche.trials.clinic.neuropathy import Neuropathy
from myeloniche.trials.clinic.relapse import Niche, relapse_cause, seen_at
from myeloniche.trials.clinic.visits import ASSAYS, MOST, Clinic, Part
from myeloniche.trials.patients.streams import Purpose, stream
from myeloniche.trials.protocol.design import Trial

__all__ = ["OK", "Course", "Surroundings"]

Floats = NDArray[np.float64]

OK = "ok"
_DAY_H = 24.0
_YEAR_D = 365.25


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What all courses of a trial share."""

    trial: Trial
    marrow: Marrow
    clinic: Clinic
    neuropathy: Neuropathy
    criteria: Mapping[Marker, Criteria]


@dataclass(eq=False)
class Course:
    """A patient with all that has happened to it.

    Attributes
    ----------
    patient, arm, pharmacy
        Covariates by name, the arm's name, and who makes up its doses.
    clones, states
        Parts of the tumour and where each stands, shape (state,).
    prescriptions
        What the patient is to get.
    marker
        By which it is followed.
    status, left
        Whether the integration failed, and why the patient is followed no longer; empty while it is.
    """

    around: Surroundings
    patient: Mapping[str, Any]
    arm: str
    pharmacy: Pharmacy
    clones: tuple[Clone, ...]
    prescriptions: tuple[Prescription, ...]
    marker: Marker
    states: list[Floats] = field(default_factory=list)
    status: str = OK
    left: str = ""
    damage: float = 0.0
    grade: int = 0
    cycles: list[int] = field(default_factory=list)
    days: list[float] = field(default_factory=list)
    grades: list[int] = field(default_factory=list)
    doses: list[float] = field(default_factory=list)
    planned: list[float] = field(default_factory=list)
    readings: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in ASSAYS})
    densities: list[list[float]] = field(default_factory=list)
    niches: list[Niche] = field(default_factory=list)
    treated: list[bool] = field(default_factory=list)
    going: tuple[Given, ...] = ()
    now: tuple[Given, ...] = ()

    def __post_init__(self) -> None:
        trial, number = self.around.trial, int(self.patient["patient"])
        self.noise = self.around.clinic.noise(trial.seed, number, trial.cycles + 1)
        waits = stream(trial.seed, Purpose.LEAVING, number).standard_exponential(2)
        rates = (self.around.clinic.death_per_year(self.patient), trial.dropout_per_year)
        self.death_day, self.dropout_day = (
            float(_YEAR_D * wait / rate) if rate > 0 else math.inf
            for wait, rate in zip(waits, rates, strict=True)
        )

    def leaves_before(self, day: float) -> bool:
        """Return whether the patient is gone at the next visit, noting why."""
        if min(self.death_day, self.dropout_day) <= day:
            self.left = "death" if self.death_day <= self.dropout_day else "dropout"
        return bool(self.left)

    def periods_until(self, day: float) -> list[Period]:
        """Return the periods up to the next visit, with what is given; remembered as what is given now."""
        start, stop = self.days[-1] * _DAY_H, day * _DAY_H
        self.going = self.now
        self.now = tuple(dose for one in self.prescriptions for dose in self.pharmacy.given(one, start, stop))
        return periods_with(self.now, start, stop, self.going)

    def seen(self, cycle: int, values: Sequence[Mapping[str, float]], beta5: Sequence[float]) -> None:
        """Write down a visit at the end of a cycle.

        Parameters
        ----------
        cycle
            Which one; 0 for the day on which therapy begins.
        values
            What the engine returned for each clone.
        beta5
            Mean mRNA of beta5 since the last visit, for each clone.
        """
        day = cycle * self.around.trial.cycle_days
        parts = [Part(clone, shown) for clone, shown in zip(self.clones, values, strict=True)]
        shown = self.around.clinic.read(self.patient, parts, self.around.marrow)
        for name, value in shown.items():
            reading = value * float(self.noise[name][cycle])
            self.readings[name].append(min(reading, MOST.get(name, math.inf)))
        self._count_doses(day)
        self.niches.append(seen_at(parts, beta5))
        self.cycles.append(cycle)
        self.days.append(day)
        self.grades.append(self.grade)
        if not math.isnan(self.assessment().progression_day):
            self.left = "progression"

    def exposed(self, days: float, area: float, peak: float) -> None:
        """Note what the nerves have borne since the last visit, and let the rules act."""
        neuropathy = self.around.neuropathy
        susceptibility = float(self.patient.get("neuropathy_susceptibility", 1.0))
        self.damage = neuropathy.damage(self.damage, days, area, peak)
        self.grade = neuropathy.grade(self.damage, susceptibility)
        clock = (self.days[-1] + days) * _DAY_H
        self.prescriptions = tuple(one.after(self.grade, clock) for one in self.prescriptions)

    def assessment(self) -> Assessment:
        """Return what the visits so far say."""
        return assess(self.days, self.readings[self.marker], self.around.criteria[self.marker])

    def cause(self, assessment: Assessment) -> str | None:
        """Return what carries the relapse; None without one."""
        if math.isnan(assessment.progression_day):
            return None
        visit = self.days.index(assessment.progression_day)
        limits = self.around.clinic.relapse
        return relapse_cause(self.niches[0], self.niches[visit], limits, treated=self.treated[visit])

    def _count_doses(self, day: float) -> None:
        """Count what the arm's first drug was given at, beside what was planned."""
        self.treated.append(bool(self.now) and bool(self.days))
        first = self.prescriptions[0] if self.prescriptions else None
        if first is None or not self.days:
            self.doses.append(0.0)
            self.planned.append(0.0)
            return
        start, stop = self.days[-1] * _DAY_H, day * _DAY_H
        own = {first.drug.name}
        self.doses.append(sum(dose.mg_per_m2 for dose in self.now if dose.drug in own))
        self.planned.append(self.pharmacy.planned_mg_per_m2(first, start, stop))
