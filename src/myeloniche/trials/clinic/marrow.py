"""A patient's marrow as members of an ensemble: one for the tumour, and one more for its resistant clone.

Every call of the engine takes patients from one visit to the next, with the states they had at the last.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.handles import process_handle
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.lab.animal import animal
from myeloniche.lab.dosing import Dosing, body_values
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.protocol import LONGEST_REST_OF_BONE_H, Plan, plan_arm
from myeloniche.niche.names import sbml_id
from myeloniche.pharmacology.body import Body, load_bodies
from myeloniche.trials.clinic.effects import START, Effect, load_effects, target_id, values_for
from myeloniche.trials.protocol.design import Trial
from myeloniche.trials.protocol.trial import HOST

__all__ = [
    "CAPACITY",
    "CELLS",
    "CYCLING",
    "FLOATING",
    "PROTEIN",
    "Clone",
    "Marrow",
    "body_of_patient",
    "open_marrow",
]

FLOATING, CELLS = "MM_sol", ("MM_sol", "MM_adh")
PROTEIN = "IGG2B"
CAPACITY, CYCLING = "carrying_capacity", "cycling_share"
_TUMOUR, _SITE = "primary MM", "marrow"
_VOLUME, _PLASMA, _PER_CELL, _CLEARANCE = (
    "tissue_volume",
    "plasma_volume",
    "igg_per_cell",
    "igg_clearance_rate",
)
_STANDSTILL = ("division", "division_by_igf1", "death", "death_adherent")
_PER_KCELL = 1000.0
_DAY_H = 24.0


@dataclass(frozen=True)
class Clone:
    """A part of a patient's tumour with its own numbers.

    Attributes
    ----------
    parameters, initial
        What it has instead of the model's numbers, by SBML id.
    density
        Cells when therapy starts [kcell/mL].
    """

    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    density: float


@dataclass(frozen=True, eq=False)
class Marrow:
    """What all patients of a trial share.

    Attributes
    ----------
    laboratory
        Where drugs and names come from.
    model
        The marrow with the tumour and every drug of the trial; the same for all arms.
    plan
        The untreated patient of the laboratory.
    effects
        What covariates do, with the engine's name of the target.
    drugs
        Pharmacokinetics of the trial's drugs in the usual body, by SBML id.
    """

    laboratory: Laboratory
    model: OdeModel
    plan: Plan
    effects: tuple[tuple[Effect, str], ...]
    drugs: Mapping[str, float]

    def clone(
        self,
        patient: Mapping[str, object],
        which: str,
        cells: float,
        own: Mapping[str, float],
        *,
        immunoglobulin_clearance: float = 1.0,
    ) -> Clone:
        """Return a part of a patient's tumour.

        Parameters
        ----------
        patient
            Covariates by name.
        which
            ``sensitive`` or ``resistant``.
        cells
            How many cells there are in the whole body.
        own
            Parameters of the patient's plausible set, by SBML id.
        immunoglobulin_clearance
            How much faster than IgG the patient's immunoglobulin is lost.
        """
        base = {**own, **self.drugs, **self.plan.parameters}
        parameters, initial = dict(base), dict(self.plan.initial)
        for target, factor in values_for(patient, which, self.effects).items():
            kind, _, name = target.partition(".")
            if kind == START:
                initial[name] = factor * initial[name]
            elif target in self._known:
                parameters[target] = factor * parameters.get(target, self.nominal[target])
        loss = parameters.get(_CLEARANCE, self.nominal[_CLEARANCE])
        parameters[_CLEARANCE] = immunoglobulin_clearance * loss
        volume = parameters.get(_VOLUME, self.nominal[_VOLUME])
        return Clone(
            {name: value for name, value in parameters.items() if name in self._known},
            {name: value for name, value in initial.items() if name in self._states},
            cells / _PER_KCELL / volume,
        )

    def diagnosis(self, clone: Clone, disease_days: float, others: float) -> Member:
        """Return the member that leads a healthy marrow to the day on which therapy starts.

        The tumour stands still at its density while bone, stroma and blood adapt to all of it, `others`
        being the density of its other part.
        """
        numbers = {**self.nominal, **clone.parameters}
        made = numbers[_PER_CELL] * numbers[_VOLUME] / numbers[_PLASMA] * clone.density
        begin = (
            *(Change(process_handle(name), "set", 0.0) for name in _STANDSTILL),
            Change(FLOATING, "set", clone.density),
            Change(PROTEIN, "set", made / numbers[_CLEARANCE]),
        )
        hours = disease_days * _DAY_H
        rest = Period(LONGEST_REST_OF_BONE_H, self.plan.rest, until_rest=True)
        timeline = (rest, Period(hours, begin))
        parameters = {**clone.parameters, **self._standing_for(clone, 1.0 + others / clone.density)}
        return Member(parameters, clone.initial, timeline, np.array([hours])).among(self.names)

    def growing(self, clone: Clone, shown: Mapping[str, float], doubling_days: float, others: float) -> Clone:
        """Return a clone that would double within some days if nothing were done.

        Parameters
        ----------
        clone
            The part of the tumour.
        shown
            What the engine returned on the day on which therapy begins.
        doubling_days
            Within which it doubles [d].
        others
            Density of the other part of the tumour, which takes its share of the room [kcell/mL].

        Notes
        -----
        A tumour that is there has grown, whatever its cells express: the share of them in cycle is what
        makes up for those that die.
        """
        room = clone.parameters[CAPACITY]
        crowded = max(room - clone.density - others, _LEAST_ROOM * room) / (room - clone.density)
        gain = clone.parameters.get(_GAIN, self.nominal[_GAIN])
        born = crowded * shown[_DRIVE] * (1.0 + gain * shown[_IGF1])
        needed = math.log(2.0) / (doubling_days * _DAY_H) + shown[_HAZARD]
        cycling = clone.parameters[CYCLING] * needed / born
        return replace(clone, parameters={**clone.parameters, CYCLING: cycling})

    def onward(
        self,
        clone: Clone,
        states: NDArray[np.float64],
        periods: Sequence[Period],
        others: NDArray[np.float64],
        cells_each: float = 1.0,
    ) -> Member:
        """Return the member that goes on from some states, seen at the end of every period.

        Parameters
        ----------
        clone
            The part of the tumour.
        states
            Where it stands, shape (state,).
        periods
            What comes.
        others
            Density of the other part of the tumour in each period, which takes its share of the room
            [kcell/mL], shape (period,).
        cells_each
            For how many cells of the whole tumour each cell of this part stands.

        Notes
        -----
        ``r (1 - (N + M)/K)`` is ``r (1 - M/K) (1 - N/(K - M))``: beside another tumour that stands still, one
        cycles less in less room. What both parts do to their niche is counted by what each cell of this one
        does, see :meth:`_standing_for`.
        """
        room, cycling = clone.parameters[CAPACITY], clone.parameters[CYCLING]
        timeline = []
        for period, other in zip(periods, others.tolist(), strict=True):
            free = max(room - other, _LEAST_ROOM * room)
            shared = (Change(CAPACITY, "set", free), Change(CYCLING, "set", cycling * free / room))
            timeline.append(replace(period, changes=(*period.changes, *(shared if other else ()))))
        initial = dict(zip(self.model.states, states.tolist(), strict=True))
        ends = np.cumsum([period.duration for period in periods])
        seen = self._standing_for(clone, cells_each)
        return Member({**clone.parameters, **seen}, initial, tuple(timeline), ends)

    def _standing_for(self, clone: Clone, cells_each: float) -> dict[str, float]:
        """Return the parameters by which a part of a tumour acts on its niche for the other part as well.

        Each cell stands for ``f`` cells: it secretes that much more, and ``f c/(f c + K)`` is ``c/(c + K/f)``
        for the stroma that it touches.
        """
        factor = min(cells_each, _MOST_STOOD_FOR)
        numbers = {**self.nominal, **clone.parameters}
        return {
            **{name: factor * numbers[name] for name in _SECRETED},
            **{name: numbers[name] / factor for name in _TOUCHED},
        }

    def living(self, clone: Clone, states: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return states of a clone, shape (state,); of a part of a cell nothing can grow any more."""
        volume = clone.parameters.get(_VOLUME, self.nominal[_VOLUME])
        kept = states.copy()
        if self.density(states) * _PER_KCELL * volume < 1.0:
            kept[list(self._cells)] = 0.0
        return kept

    def density(self, states: NDArray[np.float64]) -> float:
        """Return the myeloma cells of states, shape (state,) [kcell/mL]."""
        return float(sum(states[place] for place in self._cells))

    def shown(self, row: NDArray[np.float64]) -> dict[str, float]:
        """Return what the clinic needs of a row of outputs, by name."""
        return {name: float(row[place]) for name, place in self._places.items()}

    @cached_property
    def _cells(self) -> tuple[int, ...]:
        return tuple(self.model.states.index(name) for name in CELLS)

    @cached_property
    def _places(self) -> Mapping[str, int]:
        return {name: self.outputs.index(name) for name in _SHOWN}

    @property
    def outputs(self) -> tuple[str, ...]:
        """What every call of the engine returns: all states, then what the clinic reads."""
        return (*self.model.states, *_READ)

    @cached_property
    def names(self) -> frozenset[str]:
        """Everything that the model has."""
        return frozenset(self.model.names)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.model.parameters)

    @cached_property
    def _states(self) -> frozenset[str]:
        return frozenset(self.model.states)

    @cached_property
    def nominal(self) -> Mapping[str, float]:
        """The model's own numbers by SBML id."""
        return self.model.nominal


_DRIVE, _IGF1, _HAZARD, _GAIN = "division_drive", "igf1_drive", "MM__death_hazard", "division_igf1_gain"
_READ = ("ctx", "p1np", _DRIVE, _IGF1, _HAZARD)
_SHOWN = (*CELLS, PROTEIN, *_READ, "BONE__BV", "BONE__OV", "IL6", "MM__PSMB5_m")
_LEAST_ROOM, _LEAST = 1e-3, 1e-12
_SECRETED = ("tnf_per_cell", "tgfb_per_cell", "il7_per_cell", "dkk1_per_cell", "vegf_per_cell")
_TOUCHED = ("BMSC__contact_K", "BMSC__opg_contact_K")
_MOST_STOOD_FOR = 1e6


def open_marrow(trial: Trial) -> Marrow:
    """Return the marrow of a trial's patients, with every drug of every arm."""
    laboratory = open_laboratory(trial.drug_files)
    patient = animal(HOST).inject(_TUMOUR, into=_SITE)
    plan = plan_arm(patient.experiment().arms[0], laboratory)
    drugs = sorted({treatment.drug for arm in trial.arms for treatment in arm.treatments})
    circulations = [laboratory.drug(name).circulation for name in drugs]
    touched = {
        FLOATING,
        *(name for name, value in plan.initial.items() if value),
        *(sbml_id(row.id) for one in circulations if one is not None for row in one.species_rows()),
    }
    model = laboratory.model_with(plan.living, touched)
    effects = tuple((effect, target_id(effect, laboratory.niche)) for effect in load_effects())
    return Marrow(laboratory, model, plan, effects, _drug_values(trial, laboratory))


def body_of_patient(patient: Mapping[str, object]) -> Body:
    """Return the body that doses are scaled with."""
    usual = load_bodies()[HOST]
    weight, surface = patient.get("weight_kg"), patient.get("body_surface_m2")
    return Body(
        HOST,
        usual.species,
        float(weight) if isinstance(weight, int | float) else usual.weight_kg,
        float(surface) if isinstance(surface, int | float) else usual.surface_m2,
    )


def _drug_values(trial: Trial, laboratory: Laboratory) -> dict[str, float]:
    """Return the pharmacokinetics of every drug of a trial, by SBML id."""
    body = load_bodies()[HOST]
    treatments = [treatment for arm in trial.arms for treatment in arm.treatments]
    dosings = [Dosing(laboratory.drug(one.drug), one.regimen, body, 0.0) for one in treatments]
    return body_values(dosings)
