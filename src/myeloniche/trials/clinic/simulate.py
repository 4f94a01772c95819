"""Some patients of a trial, from their first to their last visit: the door of this floor.

A pure function of the trial and the numbers of the patients. All patients go from one visit to the next in
one call of the engine; who has left is not integrated any further.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import prior_of
from myeloniche.calibration.sets import shipped_sets
from myeloniche.engine.endpoints import Endpoint
from myeloniche.engine.timeline import Period
from myeloniche.errors import ExperimentError
from myeloniche.niche.names import sbml_id
from myeloniche.trials.clinic.course import OK, Course, Surroundings
from myeloniche.trials.clinic.doses import Pharmacy, prescriptions
from myeloniche.trials.clinic.effects import CLONES
from myeloniche.trials.clinic.imwg import followed_by, load_criteria
from myeloniche.trials.clinic.marrow import Clone, Marrow, body_of_patient, open_marrow
from myeloniche.trials.clinic.neuropathy import load_neuropathy
from myeloniche.trials.clinic.outcome import patient_row, visit_rows
from myeloniche.trials.clinic.results import PatientResults, patient_schema, tabled, visit_schema
from myeloniche.trials.clinic.visits import load_clinic
from myeloniche.trials.clinic.walk import Leg, Walk, diagnosed, onward
from myeloniche.trials.protocol.allocation import allocate
from myeloniche.trials.protocol.design import ARMS, Trial

__all__ = ["PatientResults", "simulate_patients"]

Floats = NDArray[np.float64]

_BETA5 = "MM__PSMB5_m"
_DAY_H = 24.0


def simulate_patients(trial: Trial, first: int, stop: int, *, workers: int | None = None) -> PatientResults:
    """Take patients ``first`` to ``stop`` of a trial through it.

    Parameters
    ----------
    trial
        The trial.
    first, stop
        Numbers of the patients, the last one left out.
    workers
        Threads; all available processors by default.

    Returns
    -------
    The same bits for any number of workers, and for any parts that a trial is cut into.

    Raises
    ------
    ExperimentError
        If the trial has no such patients. A patient whose integration fails is a row with a status.
    """
    if not 0 <= first <= stop <= trial.size:
        raise ExperimentError(
            f"got patients {first} to {stop} of {trial.title!r}, expected numbers from 0 to {trial.size}."
        )
    around = Surroundings(trial, open_marrow(trial), load_clinic(), load_neuropathy(), load_criteria())
    drawn = trial.population.draw(stop - first, trial.seed, first=first)
    courses = _courses(around, drawn.to_pylist(), allocate(trial, first, stop))
    _diagnose(around.marrow, courses, workers)
    for cycle in trial.visit_cycles:
        day = cycle * trial.cycle_days
        seen = [course for course in courses if not course.left and not course.leaves_before(day)]
        if seen:
            _onward(around, seen, cycle, workers)
    for course in courses:
        course.left = course.left or "end"
    listed = json.dumps([arm.name for arm in trial.arms])
    patients = tabled([patient_row(course) for course in courses], patient_schema(trial.population))
    return PatientResults(
        patients.replace_schema_metadata({**drawn.schema.metadata, ARMS: listed}),
        tabled([row for course in courses for row in visit_rows(course)], visit_schema()),
    )


def _courses(
    around: Surroundings, patients: Sequence[Mapping[str, Any]], arms: Sequence[str]
) -> list[Course]:
    """Return the patients before anything has happened to them."""
    trial, marrow = around.trial, around.marrow
    sets = _plausible_sets(trial, marrow)
    end_h = trial.duration_days * _DAY_H
    given = {arm.name: prescriptions(arm, marrow.laboratory, end_h) for arm in trial.arms}
    return [
        Course(
            around,
            patient,
            arm,
            Pharmacy(body_of_patient(patient)),
            tuple(_clones(around, patient, sets[patient["plausible_set"]])),
            given[arm],
            followed_by(patient),
        )
        for patient, arm in zip(patients, arms, strict=True)
    ]


def _plausible_sets(trial: Trial, marrow: Marrow) -> Mapping[int, Mapping[str, float]]:
    """Return the parameters of each plausible set, by SBML id; -1 stands for the model's own."""
    own: dict[int, Mapping[str, float]] = {-1: {}}
    if trial.population.sets:
        prior = prior_of(marrow.laboratory.niche.parameters.values())
        listed = shipped_sets().mappings(prior, trial.population.sets)
        own |= {
            place: {sbml_id(name): value for name, value in chosen.items()}
            for place, chosen in enumerate(listed)
        }
    return own


def _clones(around: Surroundings, patient: Mapping[str, Any], own: Mapping[str, float]) -> list[Clone]:
    """Return the parts of a patient's tumour; without a share there is no resistant one."""
    cells, resistant = float(patient["burden_cells"]), float(patient.get("resistant_share", 0.0))
    clearance = float(around.clinic.type_of(patient)["clearance"])
    shares = (1.0 - resistant, resistant) if resistant else (1.0,)
    return [
        around.marrow.clone(patient, which, share * cells, own, immunoglobulin_clearance=clearance)
        for which, share in zip(CLONES, shares, strict=False)
    ]


def _diagnose(marrow: Marrow, courses: Sequence[Course], workers: int | None) -> None:
    """Take patients to the day on which therapy begins, and see them."""
    members = [
        marrow.diagnosis(
            clone,
            float(course.patient.get("disease_days", _USUAL_DISEASE)),
            sum(other.density for other in course.clones if other is not clone),
        )
        for course in courses
        for clone in course.clones
    ]
    walks = iter(diagnosed(marrow, members, workers))
    for course in courses:
        own = [next(walks) for _ in course.clones]
        if not _note_failure(course, own):
            course.clones = _growing(marrow, course, [marrow.shown(walk.rows[-1]) for walk in own])
            _see(marrow, course, 0, own, None)


def _growing(marrow: Marrow, course: Course, shown: Sequence[Mapping[str, float]]) -> tuple[Clone, ...]:
    """Return a patient's clones, each of which grows as the whole tumour does before therapy."""
    doubling = float(course.patient.get("doubling_days", _USUAL_DOUBLING))
    total = sum(clone.density for clone in course.clones)
    return tuple(
        marrow.growing(clone, values, doubling, total - clone.density)
        for clone, values in zip(course.clones, shown, strict=True)
    )


def _onward(around: Surroundings, courses: Sequence[Course], cycle: int, workers: int | None) -> None:
    """Take patients from their last visit to the one at the end of a cycle."""
    marrow, endpoints = around.marrow, _endpoints(around)
    day = cycle * around.trial.cycle_days
    plans = [course.periods_until(day) for course in courses]
    others = [_expected(course, len(plan)) for course, plan in zip(courses, plans, strict=True)]
    walks = _through(marrow, courses, plans, others, endpoints, workers)
    for course, own in zip(courses, walks, strict=True):
        if _note_failure(course, own):
            continue
        days = day - course.days[-1]
        if len(endpoints) > 1:
            course.exposed(days, own[0].gathered["area"], own[0].gathered["peak"])
        _see(marrow, course, cycle, own, [one.gathered["beta5"] / (days * _DAY_H) for one in own])


def _through(
    marrow: Marrow,
    courses: Sequence[Course],
    plans: Sequence[Sequence[Period]],
    others: Sequence[Floats],
    endpoints: Sequence[Endpoint],
    workers: int | None,
) -> list[list[Walk]]:
    """Return what comes of each patient's clones.

    Resistant clones go second, so that they see how the others make room on the way; these see what is
    expected of the resistant ones.
    """
    first = onward(
        marrow,
        [
            Leg(course.clones[0], course.states[0], plan, other, _cells_each(course, 0))
            for course, plan, other in zip(courses, plans, others, strict=True)
        ],
        endpoints,
        workers,
    )
    resistant = [
        len(course.clones) > 1 and walk.status == OK for course, walk in zip(courses, first, strict=True)
    ]
    legs = [
        Leg(
            course.clones[1],
            course.states[1],
            plan,
            walk.between(marrow, course.states[0]),
            _cells_each(course, 1),
        )
        for course, plan, walk, there in zip(courses, plans, first, resistant, strict=True)
        if there
    ]
    second = iter(onward(marrow, legs, endpoints[:1], workers))
    return [[walk, next(second)] if there else [walk] for walk, there in zip(first, resistant, strict=True)]


def _expected(course: Course, periods: int) -> Floats:
    """Return the density of a resistant clone half-way to the next visit [kcell/mL], shape (period,)."""
    if len(course.clones) == 1:
        return np.zeros(periods)
    return np.full(periods, _half_way([densities[1] for densities in course.densities]))


def _cells_each(course: Course, clone: int) -> float:
    """Return for how many cells of the tumour each cell of a clone stands, half-way to the next visit."""
    shares = [densities[clone] / max(sum(densities), _LEAST) for densities in course.densities]
    return 1.0 / max(_half_way(shares), _LEAST)


def _half_way(values: Sequence[float]) -> float:
    """Return what comes half a step behind the last value, if it goes on as it did."""
    before, now = values[-2:] if len(values) > 1 else (values[-1], values[-1])
    return float(now * np.sqrt(np.clip(now / max(before, _LEAST), *_SLOW_AND_FAST)))


def _endpoints(around: Surroundings) -> tuple[Endpoint, ...]:
    """Return what is gathered between visits: beta5, and what nerves bear where a drug harms them."""
    beta5 = Endpoint("area", _BETA5, name="beta5")
    observable = around.neuropathy.observable
    given = {one.drug for arm in around.trial.arms for one in arm.treatments}
    if around.neuropathy.drug not in given:
        return (beta5,)
    return (beta5, Endpoint("area", observable, name="area"), Endpoint("maximum", observable, name="peak"))


def _note_failure(course: Course, walks: Sequence[Walk]) -> bool:
    """Return whether the integration of a patient failed, noting how."""
    course.status = next((walk.status for walk in walks if walk.status != OK), OK)
    if course.status != OK:
        course.left = "failed"
    return course.status != OK


def _see(
    marrow: Marrow, course: Course, cycle: int, walks: Sequence[Walk], beta5: Sequence[float] | None
) -> None:
    """Keep the states of a visit and write it down; before therapy, beta5 is what it is."""
    ends = [walk.rows[-1][: len(marrow.model.states)] for walk in walks]
    course.states = [marrow.living(clone, end) for clone, end in zip(course.clones, ends, strict=True)]
    shown = [marrow.shown(walk.rows[-1]) for walk in walks]
    course.seen(cycle, shown, [values[_BETA5] for values in shown] if beta5 is None else beta5)
    course.densities.append([marrow.density(states) for states in course.states])


_USUAL_DISEASE, _USUAL_DOUBLING = 100.0, 45.0
_SLOW_AND_FAST = (0.5, 2.0)
_LEAST = 1e-12
