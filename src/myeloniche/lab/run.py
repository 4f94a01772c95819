"""Running experiments: every arm of every experiment in one call of the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.handles import HANDLES
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.engine.trajectories import Trajectories
from myeloniche.errors import MyelonicheError, raise_all
from myeloniche.lab.experiment import Experiment
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.preparation import Prepared, Reading, drug_files, prepare
from myeloniche.lab.protocol import Clock, Plan, member_of, plan_arm
from myeloniche.lab.replicates import spread_factors
from myeloniche.lab.result import OK, ExperimentResult, Series
from myeloniche.lab.sources import sources_of
from myeloniche.niche.names import sbml_id
from myeloniche.niche.tables import Reference

__all__ = ["check", "run"]

Array = NDArray[np.float64]
Progress = Callable[[int, int], object]

MAX_STEPS = 100_000
"""Step attempts after which a member is given up, unless said otherwise."""


@dataclass(frozen=True)
class _Task:
    """One member: which experiment, parameter set, arm, repeat and site it stands for."""

    experiment: int
    parameter_set: int
    arm: str
    repeat: int
    site: str = ""


@dataclass(frozen=True)
class _Job:
    """Everything that stays the same while a list of experiments is run."""

    laboratory: Laboratory
    prepared: tuple[Prepared, ...]
    sets: tuple[Mapping[str, float], ...]
    factors: tuple[list[Mapping[str, float]], ...]
    outputs: tuple[frozenset[str], ...]

    @property
    def members(self) -> int:
        """Number of members of all rounds."""
        arms = (len(entry.plans) * entry.experiment.replicates.n for entry in self.prepared)
        return len(self.sets) * sum(arms)


def check(experiments: Iterable[Experiment], *, laboratory: Laboratory | None = None) -> None:
    """Refuse experiments that cannot be done as written, without running them.

    Raises
    ------
    MyelonicheError
        With every problem of all experiments.
    """
    listed = tuple(experiments)
    _prepare_all(listed, laboratory or open_laboratory(drug_files(listed)))


def run(
    experiments: Iterable[Experiment],
    *,
    laboratory: Laboratory | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
    parameter_sets: Sequence[Mapping[str, float]] | None = None,
    rng: np.random.Generator | None = None,
    max_steps: int = MAX_STEPS,
) -> list[ExperimentResult]:
    """Run experiments.

    Parameters
    ----------
    experiments
        What to do.
    laboratory
        Where; by default the package's own, with the drug files that the experiments name.
    workers
        Threads; results are the same bits for any number.
    progress
        Called now and then with the number of members done and their total.
    parameter_sets
        Values of model parameters by SBML id or user name, one mapping per plausible set; everything is run
        for each of them. What a cell line brings comes on top.
    rng
        Source of the spread between repeats; without it each experiment has a stream with its own seed.
    max_steps
        Step attempts after which a member is given up; a small number spares time where parameters are tried.

    Returns
    -------
    One result per experiment, in the order given; with several parameter sets, all experiments of the first
    set, then all of the next.

    Raises
    ------
    MyelonicheError
        With every problem of all experiments. Members that fail while they are integrated are counted in the
        results instead.
    """
    listed = tuple(experiments)
    laboratory = laboratory or open_laboratory(drug_files(listed))
    job = _job(laboratory, _prepare_all(listed, laboratory), parameter_sets, rng)
    done: dict[_Task, tuple[dict[str, Array], Array, str]] = {}
    for stage in _stages(job):
        for cells, tasks in _by_cells(job, stage).items():
            report = _after(progress, len(done), job.members)
            members = [(task, _member(job, task, done)) for task in tasks]
            done |= _simulated(job, cells, members, workers, report, max_steps)
    sources = [sources_of(entry, laboratory) for entry in job.prepared]
    return [
        _result(job, experiment, chosen if parameter_sets is not None else None, done, sources[experiment])
        for chosen in range(len(job.sets))
        for experiment in range(len(job.prepared))
    ]


def _by_cells(job: _Job, stage: Sequence[_Task]) -> dict[frozenset[str], list[_Task]]:
    """Return the members by the cell types in their dishes: what is absent is left out of the model."""
    groups: dict[frozenset[str], list[_Task]] = {}
    for task in stage:
        cells = job.prepared[task.experiment].plans[task.arm].sites[task.site].living
        groups.setdefault(cells, []).append(task)
    return groups


def _simulated(
    job: _Job,
    cells: frozenset[str],
    members: Sequence[tuple[_Task, Member]],
    workers: int | None,
    progress: Progress | None,
    max_steps: int,
) -> dict[_Task, tuple[dict[str, Array], Array, str]]:
    """Return what members with the same cell types give."""
    entries = {task.experiment for task, _ in members}
    outputs = sorted({output for entry in entries for output in job.outputs[entry]})
    touched = frozenset(outputs).union(*(member.given for _, member in members))
    model = job.laboratory.model_with(cells, touched)
    named = frozenset(model.names)
    outputs = [name for name in outputs if name in named]
    kept = [member.among(named) for _, member in members]
    trajectories = simulate(
        model, kept, outputs=outputs, workers=workers, progress=progress, max_steps=max_steps
    )
    return {task: _outcome(trajectories, index) for index, (task, _) in enumerate(members)}


def _after(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return a progress that counts the members done before and all members to come."""
    return progress and (lambda done, _: progress(before + done, total))


def _prepare_all(experiments: Sequence[Experiment], laboratory: Laboratory) -> tuple[Prepared, ...]:
    """Translate every experiment, gathering what cannot be done."""
    prepared: list[Prepared] = []
    problems: list[MyelonicheError] = []
    for experiment in experiments:
        try:
            prepared.append(prepare(experiment, laboratory))
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title="experiments")
    return tuple(prepared)


def _job(
    laboratory: Laboratory,
    prepared: tuple[Prepared, ...],
    parameter_sets: Sequence[Mapping[str, float]] | None,
    rng: np.random.Generator | None,
) -> _Job:
    """Gather what stays the same."""
    sets = tuple(parameter_sets) if parameter_sets is not None else ({},)
    streams = rng.spawn(len(prepared)) if rng is not None else [None] * len(prepared)
    factors = tuple(
        spread_factors(entry.experiment.replicates, laboratory.syntheses, rng=stream)
        for entry, stream in zip(prepared, streams, strict=True)
    )
    outputs = tuple(_outputs(entry, laboratory) for entry in prepared)
    by_id = tuple({_model_name(name): value for name, value in chosen.items()} for chosen in sets)
    return _Job(laboratory, prepared, by_id, factors, outputs)


def _outputs(entry: Prepared, laboratory: Laboratory) -> frozenset[str]:
    """Return what the engine has to deliver for an experiment."""
    read = frozenset(name.rpartition("/")[2] for reading in entry.readings for name in reading.outputs)
    return read.union(map(sbml_id, laboratory.medium)) if entry.donors else read


def _model_name(name: str) -> str:
    """Return the engine's name of a parameter or of a handle such as ``activity.MM.PIM2``."""
    kind, _, target = name.partition(".")
    return f"{kind}.{sbml_id(target)}" if kind in HANDLES else sbml_id(name)


def _stages(job: _Job) -> list[list[_Task]]:
    """Return the members in as many rounds as media are passed on; usually that is one."""
    depths = sorted({depth for entry in job.prepared for depth in entry.depths.values()})
    return [
        [
            _Task(index, chosen, arm, repeat, site)
            for chosen in range(len(job.sets))
            for index, entry in enumerate(job.prepared)
            for arm, depth in entry.depths.items()
            if depth == stage
            for repeat in range(entry.experiment.replicates.n)
            for site in entry.plans[arm].sites
        ]
        for stage in depths
    ]


def _member(job: _Job, task: _Task, done: Mapping[_Task, tuple[dict[str, Array], Array, str]]) -> Member:
    """Return the member of the ensemble for a task."""
    entry = job.prepared[task.experiment]
    plan = entry.plans[task.arm].sites[task.site]
    donors = entry.donors.get(task.arm, ())
    if donors:
        given = {donor: done[replace(task, arm=donor)] for donor in donors}
        media = {donor: _medium(job.laboratory, outcome) for donor, outcome in given.items()}
        plan = plan_arm(plan.arm, job.laboratory, donors=media)
    return member_of(
        plan,
        _clocks(entry, plan),
        parameters=job.sets[task.parameter_set],
        synthesis=job.factors[task.experiment][task.repeat],
    )


def _clocks(entry: Prepared, plan: Plan) -> list[Clock]:
    """Return when an arm is read; an arm that gives its medium is read at its end as well."""
    clocks = [reading.clocks[plan.arm.name] for reading in entry.readings if plan.arm.name in reading.clocks]
    if any(plan.arm.name in donors for donors in entry.donors.values()):
        clocks.append(Clock(np.array([plan.clock]), np.array([plan.clock])))
    return clocks


def _medium(laboratory: Laboratory, outcome: tuple[dict[str, Array], Array, str]) -> dict[str, float]:
    """Return the medium of an arm at its end; a failed arm gives none, which fails its receiver too."""
    values, _, _ = outcome
    ends = {species: float(values[sbml_id(species)][-1]) for species in laboratory.medium}
    return {species: value if np.isfinite(value) else 0.0 for species, value in ends.items()}


def _outcome(trajectories: Trajectories, index: int) -> tuple[dict[str, Array], Array, str]:
    """Return a member's outputs, times and status."""
    hours, values = trajectories.of(index)
    return values, hours, trajectories.status[index]


def _result(
    job: _Job,
    index: int,
    parameter_set: int | None,
    done: Mapping[_Task, tuple[dict[str, Array], Array, str]],
    sources: tuple[Reference, ...],
) -> ExperimentResult:
    """Return what one experiment gave with one parameter set."""
    entry = job.prepared[index]
    arms: dict[str, dict[str, Series]] = {}
    statuses: dict[str, tuple[str, ...]] = {}
    for arm in entry.plans:
        outcomes = [
            _whole(
                {
                    site: done[_Task(index, parameter_set or 0, arm, repeat, site)]
                    for site in entry.plans[arm].sites
                },
                job.laboratory.shed,
            )
            for repeat in range(entry.experiment.replicates.n)
        ]
        statuses[arm] = _statuses(entry, arm, outcomes, statuses)
        series = [
            _series(reading, arm, outcomes, statuses[arm])
            for reading in entry.readings
            if arm in reading.clocks
        ]
        arms[arm] = {one.label: one for one in series}
    return ExperimentResult(entry.experiment, arms, statuses, sources, parameter_set)


def _whole(
    parts: Mapping[str, tuple[dict[str, Array], Array, str]], shed: Sequence[str]
) -> tuple[dict[str, Array], Array, str]:
    """Return what the sites of an animal showed together, or the one dish.

    Outputs are there under their own name for the first site, and as ``tibia/MM_sol`` for every site; what
    is shed into the blood adds up.
    """
    (values, hours, status), *others = parts.values()
    if list(parts) == [""]:
        return values, hours, status
    every = {f"{site}/{name}": column for site, part in parts.items() for name, column in part[0].items()}
    sums = {
        name: np.asarray(np.sum([part[0][name] for part in parts.values()], axis=0))
        for name in shed
        if all(name in part[0] for part in parts.values())
    }
    failed = next((other for _, _, other in others if other != OK), OK)
    return {**values, **every, **sums}, hours, status if status != OK else failed


def _statuses(
    entry: Prepared,
    arm: str,
    outcomes: Sequence[tuple[dict[str, Array], Array, str]],
    known: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the status of every repeat of an arm; who gets the medium of a failed dish failed as well."""
    own = [status for _, _, status in outcomes]
    for donor in entry.donors.get(arm, ()):
        own = [
            status if given == OK else f"donor: {given.removeprefix('donor: ')}"
            for status, given in zip(own, known[donor], strict=True)
        ]
    return tuple(own)


def _series(
    reading: Reading,
    arm: str,
    outcomes: Sequence[tuple[dict[str, Array], Array, str]],
    statuses: Sequence[str],
) -> Series:
    """Return one readout of one arm."""
    clock = reading.clocks[arm]
    rows = []
    for (values, hours, _), status in zip(outcomes, statuses, strict=True):
        at = np.searchsorted(hours, clock.protocol_hours)
        picked = {name: column[at] for name, column in values.items() if name in reading.outputs}
        shape = clock.hours.shape
        row = np.broadcast_to(reading.readout.evaluate(picked), shape)
        rows.append(row if status == OK else np.full(shape, np.nan))
    readout = reading.readout
    return Series(
        readout.name,
        readout.instrument,
        readout.instance,
        readout.unit,
        clock.hours,
        np.array(rows),
        reading.window,
    )
