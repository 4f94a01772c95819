"""Checking an experiment against the laboratory and translating it, before anything is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError, raise_all
from myeloniche.lab.experiment import Experiment, Measure
from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.protocol import Clock, Plan, donor_arms, plan_arm, read_clock
from myeloniche.lab.readouts.instrument import find_instrument
from myeloniche.lab.readouts.table import MEDIUM, BoundReadout, find_readout
from myeloniche.pharmacology.drug_file import is_drug_file
from myeloniche.units import times

__all__ = ["Prepared", "Reading", "drug_files", "prepare"]


@dataclass(frozen=True)
class Reading:
    """One readout of one measurement, and when it is taken in each arm."""

    readout: BoundReadout
    clocks: Mapping[str, Clock]
    window: bool

    @property
    def outputs(self) -> frozenset[str]:
        """Outputs of the engine that it needs."""
        return frozenset(self.readout.outputs.values())


@dataclass(frozen=True)
class Prepared:
    """An experiment translated for the engine.

    Attributes
    ----------
    experiment
        What is to be done.
    plans
        Arms by name.
    readings
        What is read.
    donors
        Arms whose medium an arm gets, by arm; only those that get some.
    """

    experiment: Experiment
    plans: Mapping[str, Plan]
    readings: tuple[Reading, ...]
    donors: Mapping[str, tuple[str, ...]]

    @cached_property
    def depths(self) -> dict[str, int]:
        """Round in which each arm is run: 0, or one more than the arms whose medium it gets."""
        depths: dict[str, int] = {}
        waiting = list(self.plans)
        while waiting:
            givers = {arm: self.donors.get(arm, ()) for arm in waiting}
            ready = [arm for arm in waiting if all(giver in depths for giver in givers[arm])]
            for arm in ready:
                depths[arm] = max((depths[giver] + 1 for giver in givers[arm]), default=0)
            waiting = [arm for arm in waiting if arm not in depths]
            if not ready:
                raise ExperimentError(
                    f"{self.experiment.title}: got arms that give each other medium ({', '.join(waiting)}), "
                    "expected a first one. Let one of them start with fresh medium."
                )
        return depths


def drug_files(experiments: Iterable[Experiment]) -> tuple[str, ...]:
    """Return the drug files that experiments name, each once."""
    names = [
        step.text(word)
        for experiment in experiments
        for arm in experiment.arms
        for step in arm.steps
        for word in ("drug", "with")
    ]
    return tuple(dict.fromkeys(name for name in names if is_drug_file(name)))


def prepare(experiment: Experiment, laboratory: Laboratory) -> Prepared:
    """Translate an experiment.

    Raises
    ------
    MyelonicheError
        With every problem: unknown names, doses without unit, times outside the protocol and so on.
    """
    problems: list[MyelonicheError] = []
    plans: dict[str, Plan] = {}
    for arm in experiment.arms:
        try:
            plans[arm.name] = plan_arm(arm, laboratory)
        except MyelonicheError as error:
            problems.append(error)
    donors = {arm.name: donor_arms(arm) for arm in experiment.arms if donor_arms(arm)}
    known = [arm.name for arm in experiment.arms]
    for receiver, givers in donors.items():
        problems += [
            UnknownNameError("arm", giver, known, where=f"{experiment.title}: medium for {receiver!r}")
            for giver in givers
            if giver not in known
        ]
    readings = [
        reading
        for measure in experiment.measures
        for reading in _readings(measure, experiment, plans, laboratory, problems)
    ]
    if not experiment.measures:
        problems.append(ExperimentError(f"{experiment.title}: measures nothing. Add 'measure: [...]'."))
    raise_all(problems, title=experiment.name or experiment.title)
    prepared = Prepared(experiment, plans, tuple(_joined(readings)), donors)
    _ = prepared.depths  # arms that wait for each other are refused now
    return prepared


def _readings(
    measure: Measure,
    experiment: Experiment,
    plans: Mapping[str, Plan],
    laboratory: Laboratory,
    problems: list[MyelonicheError],
) -> list[Reading]:
    """Return the readouts of a measurement with their times, adding what is wrong to the problems."""
    try:
        chosen = _arms(measure, experiment, plans)
        site = _site(measure, chosen)
        instance = "" if site else _instance(measure, chosen, laboratory)
        readouts = _readouts(measure, (instance, site), laboratory, problems)
    except MyelonicheError as error:
        problems.append(error)
        return []
    clocks: dict[str, Clock] = {}
    for name, plan in chosen.items():
        try:
            clocks[name] = read_clock(plan, measure)
        except MyelonicheError as error:
            problems.append(error)
    window = bool(measure.at) and not problems and times(measure.at).window
    for readout in readouts:
        absent = [name for name, plan in chosen.items() if not _holds(plan, readout, site)]
        if absent:
            problems.append(
                ExperimentError(
                    f"{_place(measure.where)}got {readout.name} in {site or instance}, expected cells or a "
                    f"site of arm {absent[0]!r}, which never holds these. Add 'arms: [...]' to it."
                )
            )
    return [Reading(readout, clocks, window) for readout in readouts]


def _holds(plan: Plan, readout: BoundReadout, site: str) -> bool:
    """Return whether an arm has the cells or the site that a readout needs at any time."""
    if not site:
        return readout.needs in ("", *plan.living)
    there = plan.sites.get(site)
    return there is not None and readout.needs in ("", *there.living)


def _readouts(
    measure: Measure, place: tuple[str, str], laboratory: Laboratory, problems: list[MyelonicheError]
) -> list[BoundReadout]:
    """Return what a measurement looks for in a cell type or at a site."""
    instance, site = place
    instrument = find_instrument(measure.instrument, where=measure.where)
    if instrument.chooses and not measure.readouts:
        raise ExperimentError(
            f"{_place(measure.where)}got {instrument.name} of nothing, expected names of readouts. "
            f"Write {instrument.name}: [NAME, ...]."
        )
    names = measure.readouts if instrument.chooses else (instrument.name,)
    found: list[BoundReadout] = []
    for name in names:
        try:
            found.append(
                find_readout(
                    name,
                    instrument.name,
                    instance,
                    laboratory.readouts,
                    laboratory.niche,
                    site=site,
                    where=measure.where,
                )
            )
        except MyelonicheError as error:
            problems.append(error)
    return found


def _arms(measure: Measure, experiment: Experiment, plans: Mapping[str, Plan]) -> dict[str, Plan]:
    """Return the arms that a measurement reads, leaving out those that could not be translated."""
    names = measure.arms or tuple(arm.name for arm in experiment.arms)
    known = [arm.name for arm in experiment.arms]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UnknownNameError("arm", unknown[0], known, where=measure.where)
    return {name: plans[name] for name in names if name in plans}


def _site(measure: Measure, plans: Mapping[str, Plan]) -> str:
    """Return the site of animals that a measurement looks at; without ``in``, their first one."""
    sites = dict.fromkeys(site for plan in plans.values() for site in plan.sites if site)
    if measure.cell in sites:
        return measure.cell
    looks_at_animals = find_instrument(measure.instrument, where=measure.where).of_animals
    if looks_at_animals and not sites:
        raise ExperimentError(
            f"{_place(measure.where)}got {measure.instrument} of a dish, expected an animal. "
            "Measure it in arms with 'animal: mouse'."
        )
    return next(iter(sites)) if looks_at_animals and not measure.cell else ""


def _instance(measure: Measure, plans: Mapping[str, Plan], laboratory: Laboratory) -> str:
    """Return the cell type that a measurement reads, or ``medium``; without ``in``, the only one."""
    instances = laboratory.niche.instances
    if measure.cell == MEDIUM:
        return MEDIUM
    if measure.cell:
        if measure.cell in instances:
            return measure.cell
        return laboratory.cell(measure.cell, where=measure.where).instance
    present = list(dict.fromkeys(instance for plan in plans.values() for instance in plan.cells))
    if len(present) != 1:
        raise ExperimentError(
            f"{_place(measure.where)}got {measure.instrument} without a cell type, expected "
            f"{' or '.join(present or instances)}. Add 'in: {next(iter(present or instances))}'."
        )
    return present[0]


def _joined(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings, refusing a readout that is read twice in one arm."""
    seen: set[tuple[str, str, str]] = set()
    problems: list[MyelonicheError] = []
    for reading in readings:
        for arm in reading.clocks:
            key = (reading.readout.name, reading.readout.instance, arm)
            if key in seen:
                problems.append(
                    ExperimentError(
                        f"got {key[0]} of arm {arm!r} in two measurements, expected one. "
                        "List all its times in one 'at'."
                    )
                )
            seen.add(key)
    raise_all(problems, title="measurements")
    return list(readings)


def _place(where: str) -> str:
    return f"{where}: " if where else ""
