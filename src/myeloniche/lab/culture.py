"""Experiments written in Python: immutable dishes, one method per step, one per instrument.

Animals are in :mod:`myeloniche.lab.animal`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from myeloniche.errors import ExperimentError
from myeloniche.lab.experiment import Arm, Experiment, Measure, Replicates, Step, Test
from myeloniche.lab.result import ExperimentResult
from myeloniche.units import fraction

__all__ = ["AbstractProtocol", "Culture", "SideBySide", "coculture", "culture", "side_by_side"]

DISH = "dish"


class AbstractDishes(ABC):
    """Something that can be measured: one dish or animal, or several side by side."""

    @abstractmethod
    def experiment(self, *measures: Measure) -> Experiment:
        """Return the experiment that these measurements make of the dishes, without running it."""

    def blot(self, *readouts: str, at: str = "", in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and blot proteins of whole lysates.

        Parameters
        ----------
        readouts
            Names such as ``"p-TAK1"``, ``"IkBa"``, or any species.
        at
            Times such as ``"0 5 15 30 60 min"`` or a window ``"5-60 min"``, from the last step that is not
            ``wait``; the end of the protocol if not given.
        in_
            Cells that are lysed; needed in a coculture.
        from_
            Another start of the clock: ``"start"``, the number of a step, or its word or main argument.

        Raises
        ------
        MyelonicheError
            With everything that cannot be done as written.
        """
        return self.measure(Measure("blot", readouts, in_, at, from_))

    def nuclear(self, *readouts: str, at: str = "", in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and blot proteins of nuclear extracts; arguments as for :meth:`blot`."""
        return self.measure(Measure("nuclear", readouts, in_, at, from_))

    def qpcr(self, *readouts: str, at: str = "", in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and quantify mRNA; arguments as for :meth:`blot`."""
        return self.measure(Measure("qPCR", readouts, in_, at, from_))

    def assay(self, *readouts: str, at: str = "", in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and measure an activity or a metabolite; arguments as for :meth:`blot`."""
        return self.measure(Measure("assay", readouts, in_, at, from_))

    def secreted(self, *readouts: str, at: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and measure proteins in the medium; arguments as for :meth:`blot`."""
        return self.measure(Measure("secreted", readouts, "", at, from_))

    def amount(self, *species: str, at: str = "", in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and read species as they are; arguments as for :meth:`blot`."""
        return self.measure(Measure("amount", species, in_, at, from_))

    def viability(self, at: str = "", *, in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and count living cells by WST-8; arguments as for :meth:`blot`."""
        return self.measure(Measure("viability", (), in_, at, from_))

    def annexin_v(self, at: str = "", *, in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and measure the annexin V positive share; arguments as for :meth:`blot`."""
        return self.measure(Measure("annexin V", (), in_, at, from_))

    def adherent_fraction(self, at: str = "", *, in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and measure the adherent share of myeloma cells; arguments as for :meth:`blot`."""
        return self.measure(Measure("adherent fraction", (), in_, at, from_))

    def trap(self, at: str = "", *, in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and count TRAP-positive cells of three nuclei or more; arguments as for `blot`."""
        return self.measure(Measure("TRAP", (), in_, at, from_))

    def bioluminescence(
        self, *readouts: str, at: str = "", site: str = "", from_: str = ""
    ) -> ExperimentResult:
        """Study the animals and image the light of the tumour at a site; arguments as for :meth:`blot`."""
        return self.measure(Measure("bioluminescence", readouts, site, at, from_))

    def serum(self, *readouts: str, at: str = "", from_: str = "") -> ExperimentResult:
        """Study the animals and measure proteins in their serum; arguments as for :meth:`blot`."""
        return self.measure(Measure("serum", readouts, "", at, from_))

    def micro_ct(self, *readouts: str, at: str = "", from_: str = "") -> ExperimentResult:
        """Study the animals and scan the bone; arguments as for :meth:`blot`."""
        return self.measure(Measure("micro-CT", readouts, "", at, from_))

    def histomorphometry(self, *readouts: str, at: str = "", from_: str = "") -> ExperimentResult:
        """Study the animals and measure the bone and its cells in sections; arguments as for :meth:`blot`."""
        return self.measure(Measure("histomorphometry", readouts, "", at, from_))

    def alizarin_red(self, at: str = "", *, in_: str = "", from_: str = "") -> ExperimentResult:
        """Run the dishes and stain the mineral of the matrix; arguments as for :meth:`blot`."""
        return self.measure(Measure("alizarin red", (), in_, at, from_))

    def measure(self, *measures: Measure) -> ExperimentResult:
        """Run the dishes with several measurements at once."""
        from myeloniche.lab.run import run

        return run([self.experiment(*measures)])[0]


class AbstractProtocol(AbstractDishes):
    """A dish or an animal with what is done to it. Every method returns a new one."""

    @property
    @abstractmethod
    def holds(self) -> str:
        """What it begins with, for titles."""

    @property
    @abstractmethod
    def done(self) -> tuple[Step, ...]:
        """What has been done so far."""

    @abstractmethod
    def with_steps(self, steps: tuple[Step, ...]) -> Self:
        """Return the same with other steps."""

    @abstractmethod
    def arms(self, name: str) -> dict[str, Arm]:
        """Return it as an arm of that name, after the arms that it needs."""

    @property
    def arm_name(self) -> str:
        """What the only arm of an experiment is called."""
        return DISH

    def experiment(self, *measures: Measure) -> Experiment:
        """Return the experiment that these measurements make of it, without running it."""
        title = f"{self.holds}: {', '.join(step.word for step in self.done) or 'untreated'}"
        return _experiment(title, {self.arm_name: self}, measures, Replicates())

    def add(self, drug: str, dose: str) -> Self:
        """Add a drug or cytokine by name or by the path of its file: ``add("TNF", "10 ng/mL")``."""
        return self._then("add", {"drug": drug, "dose": dose})

    def wait(self, for_: str) -> Self:
        """Let time pass."""
        return self._then("wait", {"for": for_})

    def knock_down(self, target: str, by: str, *, in_: str = "") -> Self:
        """Lower the synthesis of a species, for example ``knock_down("PIM2", "90%")``."""
        return self._then("knock_down", {"target": target, "by": by, "in": in_})

    def knock_out(self, target: str, *, in_: str = "") -> Self:
        """Remove a species and its synthesis; as the first step, before the cells rest."""
        return self._then("knock_out", {"target": target, "in": in_})

    def overexpress(self, target: str, fold: float | str, *, in_: str = "") -> Self:
        """Raise the synthesis of a species; as the first step, before the cells rest."""
        return self._then("overexpress", {"target": target, "fold": fold, "in": in_})

    def inhibit(self, target: str, by: str, *, in_: str = "") -> Self:
        """Lower what a species does, or slow a process."""
        return self._then("inhibit", {"target": target, "by": by, "in": in_})

    def clamp(self, target: str, at: str, *, in_: str = "") -> Self:
        """Keep a species at a value with its unit, or at a multiple of rest such as ``"2 x rest"``."""
        return self._then("clamp", {"target": target, "at": at, "in": in_})

    def release(self, target: str, *, in_: str = "") -> Self:
        """End clamp, inhibition and knock-down of a species or process."""
        return self._then("release", {"target": target, "in": in_})

    def _then(self, word: str, arguments: Mapping[str, object]) -> Self:
        given = {name: value for name, value in arguments.items() if value != ""}
        step = Step(word, given, where=f"step {len(self.done) + 1} ({word})")
        return self.with_steps((*self.done, step))


@dataclass(frozen=True)
class Culture(AbstractProtocol):
    """A dish with cells and what is done to it. Every method returns a new one.

    Attributes
    ----------
    cells
        Cell lines that the dish starts with.
    steps
        What is done.
    donors
        Other dishes whose medium it gets, by name.
    """

    cells: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    donors: Mapping[str, Culture] = field(default_factory=dict)

    @property
    def holds(self) -> str:
        """The cells it begins with."""
        return " + ".join(self.cells)

    @property
    def done(self) -> tuple[Step, ...]:
        """What has been done so far."""
        return self.steps

    def with_steps(self, steps: tuple[Step, ...]) -> Culture:
        """Return the same dish with other steps."""
        return replace(self, steps=steps)

    def starve(self, serum: str = "1% FBS", for_: str = "") -> Culture:
        """Take serum away, for example ``starve("1% FBS", "12 h")``."""
        return self._then("starve", {"serum": serum, "for": for_})

    def feed(self, serum: str = "10% FBS") -> Culture:
        """Give serum."""
        return self._then("feed", {"serum": serum})

    def wash(self) -> Culture:
        """Replace the medium: drugs and factors are gone, serum stays as it is."""
        return self._then("wash", {})

    def transfect(self, with_: str, *, in_: str = "") -> Culture:
        """Transfect cells with an siRNA or its control."""
        return self._then("transfect", {"with": with_, "in": in_})

    def add_cells(self, cells: str, density: str = "") -> Culture:
        """Add rested cells, for example on top of stroma."""
        return self._then("add_cells", {"cells": cells, "density": density})

    def remove_cells(self, in_: str = "") -> Culture:
        """Wash cells out."""
        return self._then("remove_cells", {"in": in_})

    def conditioned_medium(self, donor: Culture, fraction: str) -> Culture:
        """Replace a share of the medium by that of another dish, taken at its end; the rest is fresh."""
        name = f"donor {len(self.donors) + 1}"
        joined = replace(self, donors={**self.donors, name: donor})
        return joined._then("conditioned_medium", {"from": name, "fraction": fraction})

    def arms(self, name: str) -> dict[str, Arm]:
        """Return the dish as an arm after its donors, which are named after it."""
        renamed = {donor: f"{donor} of {name}" for donor in self.donors}
        given = [giver.arms(renamed[donor]) for donor, giver in self.donors.items()]
        steps = tuple(
            replace(step, arguments={**step.arguments, "from": renamed[step.text("from")]})
            if step.word == "conditioned_medium"
            else step
            for step in self.steps
        )
        arms = {arm: made for donated in given for arm, made in donated.items()}
        return {**arms, name: Arm(name, self.cells, steps)}


@dataclass(frozen=True)
class SideBySide(AbstractDishes):
    """Dishes or animals that are measured together.

    Attributes
    ----------
    dishes
        By name of the arm; the first is the one that instruments compare with.
    title
        Title of the experiment.
    replicates
        Repeats, if there are any.
    """

    dishes: Mapping[str, AbstractProtocol]
    title: str = "side by side"
    replicates: Replicates = field(default_factory=Replicates)

    def repeated(self, n: int, *, spread: str = "10%", test: str = "ANOVA", seed: int = 1) -> SideBySide:
        """Repeat the experiment with cells that differ, for example ``repeated(3, spread="10%")``.

        Raises
        ------
        ExperimentError
            If the number of repeats or the test is not possible.
        """
        if n < 1 or test not in ("t-test", "ANOVA"):
            raise ExperimentError(
                f"got {n} repeats and test {test!r}, expected at least 1 and 't-test' or 'ANOVA'."
            )
        chosen: Test = "ANOVA" if test == "ANOVA" else "t-test"
        return replace(self, replicates=Replicates(n, fraction(spread, what="spread"), chosen, seed))

    def experiment(self, *measures: Measure) -> Experiment:
        """Return the experiment that these measurements make of the dishes, without running it."""
        return _experiment(self.title, self.dishes, measures, self.replicates)


def culture(cells: str) -> Culture:
    """Return a dish with one kind of cells, rested in fresh full medium."""
    return Culture((cells,))


def coculture(*cells: str) -> Culture:
    """Return a dish in which several kinds of rested cells meet at time zero.

    Raises
    ------
    ExperimentError
        If fewer than two are given.
    """
    if len(cells) < 2:
        raise ExperimentError(f"got a coculture of {', '.join(cells) or 'nothing'}, expected two cells.")
    return Culture(cells)


def side_by_side(dishes: Mapping[str, AbstractProtocol], *, title: str = "side by side") -> SideBySide:
    """Return dishes or animals that are measured together, by name of the arm; the first is the control."""
    return SideBySide(dict(dishes), title)


def _experiment(
    title: str,
    dishes: Mapping[str, AbstractProtocol],
    measures: tuple[Measure, ...],
    replicates: Replicates,
) -> Experiment:
    """Return an experiment; dishes that only give their medium become arms that are not measured."""
    arms: dict[str, Arm] = {}
    for name, dish in dishes.items():
        arms |= dish.arms(name)
    measured = tuple(
        measure if measure.arms else replace(measure, arms=tuple(dishes)) for measure in measures
    )
    return Experiment(title, tuple(arms.values()), measured, replicates)
