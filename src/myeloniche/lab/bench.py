"""A dish, or a site of an animal, while its protocol is translated into changes for the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from myeloniche.engine.handles import activity_handle, hold_handle, process_handle
from myeloniche.engine.timeline import Change, Period
from myeloniche.errors import ExperimentError
from myeloniche.lab.dosing import Dosing
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.names import instance_of, sbml_id
from myeloniche.niche.tables import SiteRow
from myeloniche.pharmacology.body import Body

__all__ = ["Bench"]

Donors = Mapping[str, Mapping[str, float]]


@dataclass
class Bench:
    """One dish: what is in it, what has been done, and where its clock stands.

    Attributes
    ----------
    laboratory
        Where the names come from.
    cells
        Cell line by cell type, for every cell type that is in the dish at any time.
    present
        Cell types that are in the dish now.
    donors
        Medium of other arms at their end, by arm and species, for conditioned medium.
    site
        Where in an animal this is; None for a dish.
    body
        What doses for the animal are scaled with; None for the usual body of its kind.
    dosings
        Regimens that are given to the animal.
    before_rest
        Changes that are in place before the cells rest: stable genetic ones.
    pending
        Changes that wait for time to pass.
    periods
        Periods that have been written.
    clock
        Time since the cells rested [h].
    started
        Whether anything but a stable genetic change has been done.
    """

    laboratory: Laboratory
    cells: dict[str, str]
    present: set[str]
    donors: Donors = field(default_factory=dict)
    site: SiteRow | None = None
    body: Body | None = None
    dosings: list[Dosing] = field(default_factory=list)
    before_rest: list[Change] = field(default_factory=list)
    pending: list[Change] = field(default_factory=list)
    periods: list[Period] = field(default_factory=list)
    clock: float = 0.0
    started: bool = False
    _scales: dict[str, list[float]] = field(default_factory=dict)

    def set(self, name: str, value: float) -> None:
        """Set a species or parameter, by user name."""
        self.pending.append(Change(sbml_id(name), "set", value))

    def add(self, name: str, value: float) -> None:
        """Add to a species, by user name."""
        self.pending.append(Change(sbml_id(name), "add", value))

    def hold(self, names: Iterable[str]) -> None:
        """Keep species where they are."""
        self.pending.extend(Change(hold_handle(sbml_id(name)), "set", 0.0) for name in names)

    def let_go(self, names: Iterable[str]) -> None:
        """Let species move again."""
        self.pending.extend(Change(hold_handle(sbml_id(name)), "set", 1.0) for name in names)

    def scale_process(self, name: str, factor: float, *, stable: bool = False) -> None:
        """Multiply the rate of a process; a stable change is there before the cells rest."""
        self._scale(process_handle(sbml_id(name)), factor, stable=stable)

    def scale_activity(self, name: str, factor: float) -> None:
        """Multiply what a species does."""
        self._scale(activity_handle(sbml_id(name)), factor, stable=False)

    def scale_amount(self, name: str, factor: float, *, stable: bool = False) -> None:
        """Multiply the amount of a species now."""
        self._write(Change(sbml_id(name), "scale", factor), stable=stable)

    def remove(self, name: str, *, stable: bool = False) -> None:
        """Take a species away now."""
        self._write(Change(sbml_id(name), "set", 0.0), stable=stable)

    def restore(self, name: str) -> None:
        """Undo what was done to a species or process through its handles."""
        model_id = sbml_id(name)
        if name in self.laboratory.niche.species:
            self.let_go([name])
            makers = self.makers(name)
        else:
            makers = (name,)
        for handle in (activity_handle(model_id), *(process_handle(sbml_id(maker)) for maker in makers)):
            for factor in self._scales.pop(handle, ()):
                if factor == 0:
                    raise ExperimentError(
                        f"got release of {name}, which was switched off entirely, expected something that is "
                        "left. Use 'inhibit by 99.9%' or 'clamp' for what is to come back."
                    )
                self.pending.append(Change(handle, "scale", 1 / factor))

    def pass_time(self, hours: float) -> None:
        """Let time pass: pending changes happen, then the dish is left alone."""
        self.periods.append(Period(hours, tuple(self.pending)))
        self.pending.clear()
        self.clock += hours

    def instance(self, name: str, *, where: str = "") -> str:
        """Return the cell type that a cell line or cell type means; the only one in the dish if not said.

        Raises
        ------
        ExperimentError
            If it is not said and several are in the dish, or it is not in the dish.
        """
        known = self.laboratory.niche.instances
        if not name:
            if len(self.cells) == 1:
                return next(iter(self.cells))
            raise ExperimentError(
                f"{_place(where)}got no cell type, expected one of {', '.join(self.cells)}. Add 'in: ...'."
            )
        instance = name if name in known else self.laboratory.cell(name, where=where).instance
        if instance not in self.cells:
            raise ExperimentError(
                f"{_place(where)}got cells {name!r}, expected {' or '.join(self.cells)}. "
                "Add these cells to the dish first."
            )
        return instance

    def makers(self, species: str) -> tuple[str, ...]:
        """Return the processes that make a species: its synthesis, or what makes it from nothing counted."""
        niche = self.laboratory.niche
        made = niche.synthesis_of(species)
        if made:
            return made
        return tuple(
            row.id
            for row in niche.processes.values()
            if not _left(row.reaction) and species in _names(_right(row.reaction))
        )

    def whole(self, species: str) -> str | None:
        """Return what a species without synthesis is a form of, itself if that is unknown.

        None means that it is all of a conserved pool, which is neither made nor lost.
        """
        niche = self.laboratory.niche
        stem = species
        while "_" in stem:
            stem = stem.rpartition("_")[0]
            if stem in niche.species:
                return stem
        lost = any(
            species in _names(_left(row.reaction)) and not _right(row.reaction).strip()
            for row in niche.processes.values()
        )
        return species if lost else None

    def forms(self, species: str) -> tuple[str, ...]:
        """Return a species with its modified and bound forms: ``RELA``, ``RELA_n``, ``RELA_NFKBIA``."""
        instance = instance_of(species)
        states = self.laboratory.states_of(instance) if instance else (species,)
        bound = tuple(
            name
            for name in states
            if name.startswith(f"{species}_") and not name.removeprefix(f"{species}_").startswith("m")
        )
        return (species, *bound)

    def _scale(self, handle: str, factor: float, *, stable: bool) -> None:
        self._scales.setdefault(handle, []).append(factor)
        self._write(Change(handle, "scale", factor), stable=stable)

    def _write(self, change: Change, *, stable: bool) -> None:
        (self.before_rest if stable and not self.started else self.pending).append(change)


def _place(where: str) -> str:
    return f"{where}: " if where else ""


def _left(reaction: str) -> str:
    return reaction.partition(";")[0].replace("=>", "->").partition("->")[0].strip()


def _right(reaction: str) -> str:
    return reaction.partition(";")[0].replace("=>", "->").partition("->")[2]


def _names(side: str) -> set[str]:
    return {term.split()[-1] for term in side.split("+") if term.strip()}
