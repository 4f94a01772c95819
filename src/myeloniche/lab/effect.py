"""The path by which a drug moves a readout: which species pushes which, how hard, and on what evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.influence import Influence
from myeloniche.engine.simulation import simulate
from myeloniche.errors import ExperimentError
from myeloniche.lab.culture import coculture, culture, side_by_side
from myeloniche.lab.experiment import Measure
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.preparation import prepare
from myeloniche.lab.protocol import Clock, member_of
from myeloniche.lab.readouts.instrument import INSTRUMENTS
from myeloniche.lab.readouts.table import BoundReadout
from myeloniche.niche.names import sbml_id, user_name

__all__ = ["Edge", "Effect", "trace_effect"]

Floats = NDArray[np.float64]

_POINTS = 25  # over the time of treatment, of which species are averaged


@dataclass(frozen=True)
class Edge:
    """One species pushing the next.

    Attributes
    ----------
    source, target
        User names; the last target is the readout.
    fold
        Mean of the source with the drug over that without it, infinite if it is not there without.
    share
        Its push over all pushes on the target in the direction that the target has moved.
    process, meaning, evidence
        The process with the largest part in the push, and what it rests on; empty for the edge into the
        readout.
    """

    source: str
    target: str
    fold: float
    share: float
    process: str = ""
    meaning: str = ""
    evidence: str = ""

    def __str__(self) -> str:
        moved = "appears" if math.isinf(self.fold) else f"{self.fold:.3g}-fold"
        text = f"  {self.source} ({moved}) -> {self.target}: {self.share:.0%} of the push"
        return f"{text}; {self.process}: {self.meaning} [{self.evidence}]" if self.process else text


@dataclass(frozen=True)
class Effect:
    """How a drug moves a readout.

    Attributes
    ----------
    drug, dose, cells, hours, readout
        What was asked.
    fold
        The readout with the drug over that without it, at the end.
    edges
        From the drug to the readout; empty if the drug does not reach it.
    """

    drug: str
    dose: str
    cells: tuple[str, ...]
    hours: float
    readout: str
    fold: float
    edges: tuple[Edge, ...]

    def __str__(self) -> str:
        cells = " with ".join(self.cells)
        moved = f"moves {self.readout} in {cells} to {self.fold:.3g}-fold within {self.hours:g} h"
        lines = [f"{self.drug} {self.dose} {moved}", *map(str, self.edges)]
        return "\n".join(lines if self.edges else [*lines, "  no path from the drug to it was found"])


def trace_effect(
    drug: str,
    dose: str,
    readout: str,
    *,
    cells: Sequence[str],
    after: str = "24 h",
    in_: str = "",
    laboratory: Laboratory | None = None,
) -> Effect:
    """Find the path by which a drug moves a readout.

    Parameters
    ----------
    drug, dose
        What is added, for example ``"LLZ1640-2"`` and ``"3 uM"``.
    readout
        What is read, for example ``"viability"`` or ``"MCL1"``.
    cells
        One cell row, or two for a coculture.
    after
        How long the drug is there.
    in_
        Cell type that is read; needed in a coculture.
    laboratory
        Where; the package's own by default.

    Returns
    -------
    The path with the largest product of shares; see :mod:`myeloniche.engine.influence`. Species are averages
    over the time of treatment, so the path tells what pushed during that time.

    Raises
    ------
    MyelonicheError
        If a name is not known, or the drug brings nothing that a path could start at.
    """
    room = laboratory or open_laboratory()
    dish = culture(cells[0]) if len(cells) == 1 else coculture(*cells)
    arms = side_by_side({"without": dish.wait(after), "with": dish.add(drug, dose).wait(after)})
    prepared = prepare(arms.experiment(_measure(readout, in_)), room)
    (reading,) = prepared.readings
    plans = prepared.plans
    grid = np.linspace(0.0, plans["with"].clock, _POINTS)
    whole = [member_of(plan, [Clock(grid, grid)]) for plan in plans.values()]
    model = room.model_with(plans["with"].cells, frozenset().union(*(member.given for member in whole)))
    members = [member.among(frozenset(model.names)) for member in whole]
    outputs = [*model.states, *sorted(reading.outputs - set(model.states))]
    runs = simulate(model, members, outputs=outputs, throw=True)
    before, with_drug = (runs.of(place)[1] for place in range(2))
    means = [np.array([course[name].mean() for name in model.states]) for course in (before, with_drug)]
    web = Influence(model, plans["with"].parameters, *means)
    found = room.drug(drug)
    if found.dose is None:
        raise ExperimentError(f"got {found.name}, expected a drug that is dosed, a species of the model.")
    places = {name: place for place, name in enumerate(model.states)}
    path = web.path(
        [places[sbml_id(found.dose.species)]],
        {places[name]: share for name, share in _parts(reading.readout, before, with_drug).items()},
    )
    first, last = (reading.readout.evaluate(course)[-1] for course in (before, with_drug))
    return Effect(
        drug=found.name,
        dose=dose,
        cells=tuple(cells),
        hours=plans["with"].clock,
        readout=reading.readout.name,
        fold=float(last / first) if first else math.inf,
        edges=tuple(_edge(web, room, reading.readout.name, *edge) for edge in path),
    )


def _measure(readout: str, in_: str) -> Measure:
    """Return the measurement of a readout by its name: of an instrument of that name, else as it is."""
    instrument = INSTRUMENTS.get(readout)
    if instrument is not None and not instrument.chooses:
        return Measure(readout, (), in_)
    return Measure("blot", (readout,), in_)


def _parts(
    readout: BoundReadout, before: Mapping[str, Floats], after: Mapping[str, Floats]
) -> dict[str, float]:
    """Return the share of each output in the readout's move: how far it goes if that output alone moves."""
    start, end = float(readout.evaluate(before)[-1]), float(readout.evaluate(after)[-1])
    moves = {
        name: float(readout.evaluate({**before, name: after[name]})[-1]) - start
        for name in set(readout.outputs.values())
    }
    helping = {name: move for name, move in moves.items() if move * (end - start) > 0.0}
    total = sum(abs(move) for move in helping.values())
    return {name: abs(move) / total for name, move in helping.items()}


def _edge(web: Influence, room: Laboratory, readout: str, source: int, target: int, share: float) -> Edge:
    states = web.model.states
    name = user_name(states[source])
    if target < 0:
        return Edge(name, readout, web.fold(source), share)
    carrier = web.carrier(source, target)
    row = room.niche.processes.get(user_name(carrier.id)) if carrier else None
    words = (row.id, row.meaning, row.evidence) if row else ()
    return Edge(name, user_name(states[target]), web.fold(source), share, *words)
