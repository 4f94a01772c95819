"""What an experiment is: arms, each a dish or an animal with its steps, and what is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from myeloniche.errors import UnknownNameError

__all__ = ["Arm", "Experiment", "Measure", "Replicates", "Step"]

Argument = object
Test = Literal["", "t-test", "ANOVA"]


@dataclass(frozen=True)
class Step:
    """One thing done to a dish or an animal.

    Attributes
    ----------
    word
        What is done, for example ``add``.
    arguments
        With what, by the words of an experiment file: ``{"drug": "TNF", "dose": "10 ng/mL"}``.
    where
        File and line, or the position in the protocol.
    """

    word: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    where: str = ""

    def text(self, name: str) -> str:
        """Return an argument as text; empty if it was not given."""
        value = self.arguments.get(name)
        return "" if value is None else str(value)


@dataclass(frozen=True)
class Arm:
    """One dish or animal of an experiment.

    Attributes
    ----------
    name
        Name of the arm.
    cells
        What a dish starts with; empty for an animal.
    steps
        What is done to it.
    where
        File and line.
    animal
        ``mouse`` and the like; empty for a dish.
    """

    name: str
    cells: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    where: str = ""
    animal: str = ""


@dataclass(frozen=True)
class Measure:
    """What is measured, with which instrument, in which cells and when.

    Attributes
    ----------
    instrument
        ``blot``, ``nuclear``, ``viability``, ``annexin V``, ``qPCR``, ``assay``, ``secreted``,
        ``adherent fraction``, ``TRAP``, ``amount``, ``bioluminescence``, ``serum``, ``micro-CT`` or
        ``histomorphometry``.
    readouts
        Names of readouts or species; empty where the instrument has one readout only.
    cell
        Cell type, cell line or site that is read; may be empty if there is one.
    at
        Times or a window, such as ``"0 5 15 min"``; empty for the end of the protocol.
    origin
        Where the clock of `at` starts: empty for the last step that is not ``wait``, ``start``, the
        position of a step, or its word or main argument.
    arms
        The arms that are measured; empty for all.
    where
        File and line.
    """

    instrument: str
    readouts: tuple[str, ...] = ()
    cell: str = ""
    at: str = ""
    origin: str = ""
    arms: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True)
class Replicates:
    """How often an experiment is repeated and how much the cells differ between repeats.

    Attributes
    ----------
    n
        Number of repeats.
    spread
        Coefficient of variation of every synthesis rate between repeats [1]; log-normal.
    test
        ``t-test`` (Student, two-sided) or ``ANOVA`` (one-way), as the papers use.
    seed
        Seed of the random stream.
    """

    n: int = 1
    spread: float = 0.0
    test: Test = ""
    seed: int = 0


@dataclass(frozen=True)
class Experiment:
    """Arms, measurements and replicates under one title.

    Attributes
    ----------
    title, source
        What it is and what it follows.
    arms, measures, replicates
        What is done.
    cell
        The cell for which a file that names several was run; empty otherwise.
    name
        Name of the file it was read from; empty for one written in Python.
    """

    title: str
    arms: tuple[Arm, ...]
    measures: tuple[Measure, ...]
    replicates: Replicates = field(default_factory=Replicates)
    source: str = ""
    cell: str = ""
    name: str = ""

    def arm(self, name: str) -> Arm:
        """Return an arm by name.

        Raises
        ------
        UnknownNameError
            With the nearest names, if there is no such arm.
        """
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise UnknownNameError("arm", name, [arm.name for arm in self.arms], where=self.title)
