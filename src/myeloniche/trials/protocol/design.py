"""A trial: a population, arms with regimens and rules, who gets which, and when patients are seen."""

from __future__ import annotations

from dataclasses import dataclass, field

from myeloniche.pharmacology.regimen import Regimen
from myeloniche.trials.patients.population import Population
from myeloniche.trials.protocol.rules import Rule

__all__ = ["ARMS", "ENDPOINTS", "Allocation", "Treatment", "Trial", "TrialArm"]

ENDPOINTS = ("PFS", "TTP", "DOR", "response", "neuropathy")
"""What a trial can be judged by."""

ARMS = b"arms"
"""Key of a patient table's metadata: the arms in the order of the trial, as JSON."""


@dataclass(frozen=True)
class Treatment:
    """A drug of an arm with its regimen; day 0 is the day on which therapy starts."""

    drug: str
    regimen: Regimen


@dataclass(frozen=True)
class TrialArm:
    """One arm: what is given, and by which rules doses change. An arm of observation gives nothing."""

    name: str
    treatments: tuple[Treatment, ...] = ()
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Allocation:
    """How patients come to arms.

    Attributes
    ----------
    ratio
        Patients of each arm, in the order of the arms: ``(2, 1)``.
    stratify
        Covariates whose levels are spread evenly over the arms.
    """

    ratio: tuple[int, ...]
    stratify: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Trial:
    """A trial.

    Attributes
    ----------
    title
        What it is.
    population, size, seed
        Who takes part, how many, and the seed of everything that is random.
    arms, allocation
        What they get, and who gets what.
    cycle_days, cycles
        Length of a cycle [d], and for how many of them patients are followed.
    visit_every
        Cycles between two visits; doses are changed at visits only.
    dropout_per_year
        Rate at which patients leave for reasons of their own [1/year].
    interim_days
        When interim analyses look at the data [d].
    endpoints
        What it is judged by, of :data:`ENDPOINTS`.
    drug_files
        Files of drugs that the package does not have.
    content
        Text of the file it was read from.
    """

    title: str
    population: Population
    size: int
    seed: int
    arms: tuple[TrialArm, ...]
    allocation: Allocation
    cycle_days: float = 21.0
    cycles: int = 35
    visit_every: int = 1
    dropout_per_year: float = 0.0
    interim_days: tuple[float, ...] = ()
    endpoints: tuple[str, ...] = ENDPOINTS
    drug_files: tuple[str, ...] = ()
    content: str = field(default="", repr=False)

    @property
    def visit_cycles(self) -> tuple[int, ...]:
        """The cycles at whose end patients are seen, the first being 1; the last one always."""
        seen = range(self.visit_every, self.cycles + 1, self.visit_every)
        return tuple(dict.fromkeys((*seen, self.cycles)))

    @property
    def duration_days(self) -> float:
        """How long a patient is followed at most [d]."""
        return self.cycles * self.cycle_days

    def arm(self, name: str) -> TrialArm:
        """Return an arm by its name.

        Raises
        ------
        KeyError
            If there is no such arm.
        """
        return {arm.name: arm for arm in self.arms}[name]
