"""From the steps of an arm and its measurements to a member of an ensemble."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.handles import hold_handle, process_handle
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import ExperimentError, MyelonicheError, UnknownNameError, raise_all
from myeloniche.lab.bench import Bench, Donors
from myeloniche.lab.dosing import Dosing, body_values, with_doses
from myeloniche.lab.experiment import Arm, Measure, Step
from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.sites import held_but, residents, site_values, sites_of, tissues
from myeloniche.lab.steps import INJECT, WAIT, WORDS, do_step
from myeloniche.niche.names import sbml_id
from myeloniche.niche.tables import SiteRow
from myeloniche.units import times

__all__ = ["Clock", "Plan", "donor_arms", "member_of", "plan_arm", "read_clock"]

LONGEST_REST_H = 20_000.0
"""Cells that do not rest within this time are reported as such [h]."""

LONGEST_REST_OF_BONE_H = 500_000.0
"""Bone may take decades [h]."""

_WINDOW_POINTS = 61
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Plan:
    """An arm translated for the engine, before it is known when it is measured.

    Attributes
    ----------
    arm
        What was translated.
    cells
        Cell line by cell type, for every cell type that is in the dish at any time.
    parameters, initial
        Values that the cells bring and the densities of the dish, by SBML id.
    rest
        Changes before the cells rest.
    wake
        Changes when the protocol's clock starts.
    periods
        What follows.
    pending
        Changes at the end that wait for time to pass.
    dosings
        Regimens that are given to an animal.
    clock
        End of the protocol [h].
    starts
        Clock at each step [h].
    site
        Where in an animal this is; empty for a dish.
    elsewhere
        The same arm at further sites of the animal.
    living
        Cell types that are in the dish or at the site at any time, bone among them.
    """

    arm: Arm
    cells: Mapping[str, str]
    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    rest: tuple[Change, ...]
    wake: tuple[Change, ...]
    periods: tuple[Period, ...]
    pending: tuple[Change, ...]
    clock: float
    starts: tuple[float, ...]
    dosings: tuple[Dosing, ...] = ()
    site: str = ""
    elsewhere: tuple[Plan, ...] = ()
    living: frozenset[str] = frozenset()

    @property
    def sites(self) -> dict[str, Plan]:
        """The plan at each site, by its name; a dish is one unnamed place."""
        return {plan.site: plan for plan in (self, *self.elsewhere)}

    @property
    def open_ended(self) -> bool:
        """Whether the dish stays in the incubator after the last step, because that step is no ``wait``."""
        return not self.arm.steps or not _takes_time(self.arm.steps[-1])

    @property
    def last_action(self) -> float:
        """Clock at the last step that is not ``wait``."""
        acted = [start for start, step in zip(self.starts, self.arm.steps, strict=True) if step.word != WAIT]
        return acted[-1] if acted else 0.0


@dataclass(frozen=True)
class Clock:
    """When one measurement is taken in one arm.

    Attributes
    ----------
    hours
        Times on the measurement's own clock [h], shape (time,).
    protocol_hours
        The same on the protocol's clock [h], shape (time,).
    """

    hours: NDArray[np.float64]
    protocol_hours: NDArray[np.float64]


def plan_arm(arm: Arm, laboratory: Laboratory, *, donors: Donors | None = None) -> Plan:
    """Translate the steps of an arm.

    Parameters
    ----------
    arm
        Cells and steps.
    laboratory
        Where the names come from.
    donors
        Medium of other arms, for conditioned medium.

    Raises
    ------
    MyelonicheError
        With every step that cannot be done.
    """
    if arm.animal:
        return _plan_animal(arm, laboratory)
    problems: list[MyelonicheError] = []
    cells = _cells(arm.cells, arm, laboratory, problems)
    if not cells and not problems:
        problems.append(ExperimentError(f"{_title(arm)}: holds no cells. Start it with some."))
    if problems:  # stand-ins let the steps be checked all the same
        cells = {**laboratory.stand_ins, **cells}
    present = set(cells) if problems else set(_instances(arm.cells, laboratory))
    bench = Bench(laboratory, cells, present, donors or {})
    starts = _do_steps(arm, bench, problems)
    raise_all(problems, title=_title(arm))
    return _plan(arm, bench, starts)


def _plan_animal(arm: Arm, laboratory: Laboratory) -> Plan:
    """Translate the steps of an arm at every site of an animal that is looked at."""
    known = sites_of(arm.animal, laboratory, where=_title(arm))
    first = next(iter(known))
    injected = [step.text("into") for step in arm.steps if step.word == INJECT]
    places = dict.fromkeys([first, *(site for site in injected if site in known)])
    plans = [_plan_site(arm, known[first], known[site], laboratory) for site in places]
    return replace(plans[0], elsewhere=tuple(plans[1:]))


def _plan_site(arm: Arm, main: SiteRow, here: SiteRow, laboratory: Laboratory) -> Plan:
    """Translate the steps of an arm at one site of an animal."""
    problems: list[MyelonicheError] = []
    cells = _cells(main.cells, arm, laboratory, problems)
    guests = [instance for instance, cell in cells.items() if _is_injected(cell, arm, here.site)]
    living = frozenset({*residents(here, laboratory), *tissues(here, laboratory), *guests})
    bench = Bench(laboratory, cells, set(living), site=here)
    starts = _do_steps(arm, bench, problems)
    raise_all(list({str(problem): problem for problem in problems}.values()), title=_title(arm))
    parameters, initial = site_values(here, laboratory)
    parameters |= body_values(bench.dosings)
    for cell in cells.values():
        parameters |= laboratory.niche.values_of(cell)
    return Plan(
        arm=arm,
        cells=cells,
        parameters=parameters,
        initial=initial,
        rest=(*held_but(living, laboratory), *bench.before_rest),
        wake=(),
        periods=tuple(bench.periods),
        pending=tuple(bench.pending),
        clock=bench.clock,
        starts=tuple(starts),
        dosings=tuple(bench.dosings),
        site=here.site,
        living=living,
    )


def _is_injected(cell: str, arm: Arm, site: str) -> bool:
    """Return whether cells are injected into a site."""
    return any(
        step.word == INJECT and step.text("into") == site and step.text("cells").casefold() == cell.casefold()
        for step in arm.steps
    )


def _do_steps(arm: Arm, bench: Bench, problems: list[MyelonicheError]) -> list[float]:
    """Do every step, adding what cannot be done to the problems; return the clock at each step [h]."""
    starts: list[float] = []
    for step in arm.steps:
        starts.append(bench.clock)
        try:
            do_step(bench, step)
        except MyelonicheError as error:
            problems.append(error)
    return starts


def _plan(arm: Arm, bench: Bench, starts: Sequence[float]) -> Plan:
    """Gather what the bench wrote down."""
    laboratory = bench.laboratory
    parameters: dict[str, float] = {}
    for cell in bench.cells.values():
        parameters |= laboratory.niche.values_of(cell)
    begin = set(_instances(arm.cells, laboratory))
    return Plan(
        arm=arm,
        cells=dict(bench.cells),
        parameters=parameters,
        initial=_densities(begin, laboratory),
        rest=(*_resting(bench.cells, laboratory), *bench.before_rest),
        wake=_waking(begin, laboratory),
        periods=tuple(bench.periods),
        pending=tuple(bench.pending),
        clock=bench.clock,
        starts=tuple(starts),
        living=frozenset(bench.cells),
    )


def member_of(
    plan: Plan,
    clocks: Sequence[Clock],
    *,
    parameters: Mapping[str, float] | None = None,
    synthesis: Mapping[str, float] | None = None,
) -> Member:
    """Return the member of an ensemble that an arm is.

    Parameters
    ----------
    plan
        The translated arm.
    clocks
        When it is measured.
    parameters
        Model parameters that differ from the nominal ones, by SBML id; values of the cells come on top.
    synthesis
        Factors of synthesis rates, by user name of the process, as they differ between replicates.
    """
    measured = np.unique(np.concatenate([np.empty(0), *(clock.protocol_hours for clock in clocks)]))
    end = max(plan.clock, float(measured[-1]) if measured.size else 0.0)
    timed = [*plan.periods]
    if end > plan.clock or plan.pending or not timed:
        timed.append(Period(max(end - plan.clock, 0.0), plan.pending))
    timed = with_doses(timed, plan.dosings)
    first = Period(timed[0].duration, (*plan.wake, *timed[0].changes))
    spread = {process_handle(sbml_id(name)): factor for name, factor in (synthesis or {}).items()}
    return Member(
        parameters={**(parameters or {}), **plan.parameters, **spread},
        initial=plan.initial,
        timeline=(Period(_longest_rest(plan), plan.rest, until_rest=True), first, *timed[1:]),
        times=measured,
    )


def _longest_rest(plan: Plan) -> float:
    return LONGEST_REST_OF_BONE_H if plan.site else LONGEST_REST_H


def read_clock(plan: Plan, measure: Measure) -> Clock:
    """Return when a measurement is taken in an arm.

    Raises
    ------
    MyelonicheError
        If the time lies outside the protocol, or the step that starts the clock is not there.
    """
    origin = _origin(plan, measure)
    if not measure.at:
        return Clock(np.array([plan.clock - origin]), np.array([plan.clock]))
    at = times(measure.at, where=measure.where)
    hours = np.array(at.hours)
    if at.window:
        hours = np.linspace(at.hours[0], at.hours[1], _WINDOW_POINTS)
    end = math.inf if plan.open_ended else plan.clock
    on_protocol = origin + hours
    # sums of the same durations may miss the protocol's end by rounding
    on_protocol = np.where(np.abs(on_protocol - plan.clock) < _ROUNDING, plan.clock, on_protocol)
    late = hours[on_protocol > end]
    if late.size:
        raise ExperimentError(
            f"{_place(measure.where)}arm {plan.arm.name!r}: got a measurement at {float(late[-1]):g} h after "
            f"{origin:g} h, expected none after the protocol's end at {end:g} h. "
            "Wait longer or measure earlier."
        )
    return Clock(hours, on_protocol)


def donor_arms(arm: Arm) -> tuple[str, ...]:
    """Return the arms whose medium an arm gets."""
    return tuple(step.text("from") for step in arm.steps if step.word == "conditioned_medium")


def _origin(plan: Plan, measure: Measure) -> float:
    """Return the protocol's clock at which a measurement's clock starts."""
    word = measure.origin.strip()
    if not word:
        return plan.last_action
    if word == "start":
        return 0.0
    if word.isdigit() and 1 <= int(word) <= len(plan.starts):
        return plan.starts[int(word) - 1]
    for start, step in zip(plan.starts, plan.arm.steps, strict=True):
        if word in (step.word, _main_argument(step), f"{step.word} {_main_argument(step)}"):
            return start
    known = ["start", *(step.word for step in plan.arm.steps), *map(_main_argument, plan.arm.steps)]
    raise UnknownNameError("step", word, known, where=f"{_place(measure.where)}arm {plan.arm.name!r}")


def _cells(
    begin: Sequence[str], arm: Arm, laboratory: Laboratory, problems: list[MyelonicheError]
) -> dict[str, str]:
    """Return the cell line of each cell type that is in the dish or animal at any time."""
    cells: dict[str, str] = {}
    added = [(step.text("cells"), step.where) for step in arm.steps if step.word in ("add_cells", INJECT)]
    for name, where in [*((cell, arm.where) for cell in begin), *added]:
        if not name:
            continue
        try:
            row = laboratory.cell(name, where=where)
        except MyelonicheError as error:
            problems.append(error)
            continue
        if cells.setdefault(row.instance, row.id) != row.id:
            problems.append(
                ExperimentError(
                    f"{_place(where)}got {row.id} beside {cells[row.instance]}, expected one of each cell "
                    f"type ({row.instance}) in a dish. Use two arms."
                )
            )
    return cells


def _instances(cells: Sequence[str], laboratory: Laboratory) -> list[str]:
    """Return the cell types of some cells."""
    return [laboratory.cell(cell).instance for cell in cells]


def _densities(present: set[str], laboratory: Laboratory) -> dict[str, float]:
    """Return the populations of a fresh dish; what is not in it is 0."""
    initial: dict[str, float] = {}
    for instance, population in laboratory.populations.items():
        initial |= dict.fromkeys(map(sbml_id, population.populations), 0.0)
        if instance in present:
            initial |= laboratory.seeding(instance, population.density)
    return initial


def _resting(cells: Mapping[str, str], laboratory: Laboratory) -> tuple[Change, ...]:
    """Return the changes before the rest: populations stand still, absent cells too, partners do not meet.

    A culture of one cell type rests with its own factors; where two types are to meet, each rests in fresh
    medium.
    """
    held = [name for population in laboratory.populations.values() for name in population.populations]
    for instance in laboratory.niche.instances:
        if instance not in cells:
            held += laboratory.states_of(instance)
    if len(cells) > 1:
        held += laboratory.medium
    fresh = [Change(sbml_id(name), "set", 0.0) for name in laboratory.medium] if len(cells) > 1 else []
    return (*fresh, *(Change(hold_handle(sbml_id(name)), "set", 0.0) for name in held))


def _waking(present: set[str], laboratory: Laboratory) -> tuple[Change, ...]:
    """Return the changes when the clock starts: cells in the dish live, others wait."""
    moving = list(laboratory.medium)
    waiting: list[str] = []
    for instance in laboratory.niche.instances:
        if instance in present:
            moving += laboratory.populations[instance].populations
        else:
            waiting += laboratory.states_of(instance)
    return (
        *(Change(hold_handle(sbml_id(name)), "set", 1.0) for name in moving),
        *(Change(hold_handle(sbml_id(name)), "set", 0.0) for name in waiting),
    )


def _takes_time(step: Step) -> bool:
    return bool(step.text("for"))


def _main_argument(step: Step) -> str:
    form = WORDS[step.word]  # the plan has refused other words
    names = (*form.required, *form.optional)
    return step.text(names[0]) if names else ""


def _title(arm: Arm) -> str:
    return f"{_place(arm.where)}arm {arm.name!r}"


def _place(where: str) -> str:
    return f"{where}: " if where else ""
