"""The numbers that keep a healthy site at rest, found from those that were chosen.

A site's rows say how much bone and how many cells a healthy body holds and how fast most of it turns over.
What is then left to say is fixed: a species rests only if it is made as fast as it is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.handles import hold_handle
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member
from myeloniche.errors import ModelError
from myeloniche.lab.animal import animal
from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm
from myeloniche.niche.names import sbml_id
from myeloniche.yaml_file import parse_yaml

__all__ = ["balanced_rows", "load_balances"]

_ROUNDS = 4
_STEP = 1e-3
_CLOSED = 1e-9


def load_balances() -> dict[str, str]:
    """Return, by user name, which row of a site keeps each species at its rest."""
    text = files("myeloniche.lab").joinpath("balances.yaml").read_text("utf-8")
    return {str(species): str(row) for species, row in parse_yaml(text, "balances.yaml").data.items()}


def balanced_rows(host: str, laboratory: Laboratory) -> dict[str, float]:
    """Return the numbers with which the first site of a healthy host rests as its other rows say.

    Parameters
    ----------
    host
        ``mouse`` or ``patient``.
    laboratory
        Where the rows come from. Values of the rows that are found are where the search begins.

    Returns
    -------
    By user name, in the units of the rows, every row that `balances.yaml` names.

    Raises
    ------
    ModelError
        If no such numbers were found.

    Notes
    -----
    The species are held where their rows have them while everything else comes to rest. Then Newton's method
    finds the rows that make the rates of the species 0; these rows do not act inside the cells. A species
    that its own row keeps is not held, and found where it comes to rest.
    """
    named = {sbml_id(species): sbml_id(row) for species, row in load_balances().items()}
    balances = {species: row for species, row in named.items() if species != row}
    member, model = _held(host, balances, laboratory)
    rest = simulate(model, [member], outputs=model.states, throw=True).of(0)[1]
    values = {name: float(course[0]) for name, course in rest.items()}
    solved = _solved(model, balances, {**model.nominal, **member.parameters, **values})
    return {laboratory.niche.user_name(row): solved.get(row, values.get(row, 0.0)) for row in named.values()}


def _held(host: str, balances: Mapping[str, str], laboratory: Laboratory) -> tuple[Member, OdeModel]:
    """Return a healthy host that rests while the balanced species stay where they are, and its model."""
    plan = plan_arm(animal(host).experiment().arms[0], laboratory)
    now = np.zeros(1)
    member = member_of(plan, [Clock(now, now)])
    model = laboratory.model_with(plan.living, member.given)
    resting = member.timeline[0]
    hold = tuple(Change(hold_handle(species), "set", 0.0) for species in balances)
    timeline = (replace(resting, changes=(*resting.changes, *hold)),)
    return replace(member, timeline=timeline).among(frozenset(model.names)), model


def _solved(model: OdeModel, balances: Mapping[str, str], values: Mapping[str, float]) -> dict[str, float]:
    """Return the rows that make the rates of the species 0, everything else as given."""
    rates = dict(zip(model.states, model.rates, strict=True))
    function = model.graph.function([rates[species] for species in balances])
    rows = tuple(balances.values())

    def residual(found: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array(function({**values, **dict(zip(rows, found, strict=True))}), dtype=np.float64)

    found = np.array([values[row] for row in rows])
    for _ in range(_ROUNDS):
        steps = _STEP * found
        slopes = [(residual(found + step) - residual(found)) / np.sum(step) for step in np.diag(steps)]
        found = found - np.linalg.solve(np.transpose(slopes), residual(found))
    scale = np.array([values[species] for species in balances])
    if not np.max(np.abs(residual(found)) / scale) < _CLOSED or not np.all(found > 0):
        raise ModelError(
            f"got no positive {', '.join(rows)} with which everything rests, expected some. "
            "Change the rows that were chosen."
        )
    return dict(zip(rows, (float(value) for value in found), strict=True))
