"""Studies in animals written in Python, as :mod:`myeloniche.lab.culture` does for dishes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from myeloniche.lab.culture import AbstractProtocol
from myeloniche.lab.experiment import Arm, Step

__all__ = ["Animal", "animal"]


@dataclass(frozen=True)
class Animal(AbstractProtocol):
    """An animal and what is done to it. Every method returns a new one.

    Attributes
    ----------
    host
        ``mouse`` or ``patient``.
    steps
        What is done.
    """

    host: str
    steps: tuple[Step, ...] = ()

    @property
    def holds(self) -> str:
        """The animal itself."""
        return self.host

    @property
    def arm_name(self) -> str:
        """The only arm of an experiment is called after the animal."""
        return self.host

    @property
    def done(self) -> tuple[Step, ...]:
        """What has been done so far."""
        return self.steps

    def with_steps(self, steps: tuple[Step, ...]) -> Animal:
        """Return the same animal with other steps."""
        return replace(self, steps=steps)

    def inject(self, cells: str, *, into: str, number: str = "") -> Animal:
        """Inject cells into a site: ``inject("5TGM1", into="tibia")``."""
        return self._then("inject", {"cells": cells, "into": into, "number": number})

    def body(self, weight: str = "", surface: str = "") -> Animal:
        """Take another body than the usual one: ``body("82 kg", "2 m2")``."""
        return self._then("body", {"weight": weight, "surface": surface})

    def dose(self, drug: str, regimen: str) -> Animal:
        """Give a drug by a regimen: ``dose("LLZ1640-2", "20 mg/kg ip q2d from day 6 to day 21")``."""
        return self._then("dose", {"drug": drug, "regimen": regimen})

    def surgery(self, what: str) -> Animal:
        """Operate on the animal: ``surgery("ovariectomy")``."""
        return self._then("surgery", {"what": what})

    def arms(self, name: str) -> dict[str, Arm]:
        """Return the animal as an arm of that name."""
        return {name: Arm(name, (), self.steps, animal=self.host)}


def animal(host: str) -> Animal:
    """Return a healthy animal at rest, for example ``animal("mouse")``."""
    return Animal(host)
