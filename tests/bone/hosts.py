"""Mouse and patient as members of an ensemble, for tests that look at their bone over years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.lab.animal import Animal
from myeloniche.lab.laboratory import Laboratory
from myeloniche.lab.protocol import Clock, member_of, plan_arm
from myeloniche.niche.names import sbml_id

Floats = NDArray[np.float64]

BONES = {"mouse": "mouse tibia", "patient": "patient marrow"}
"""The site with bone of each host."""

DAY, WEEK, YEAR = 24.0, 168.0, 8766.0
MATRIX = ("BONE.BV", "BONE.OV", "BONE.PLATES")
CELLS = ("BMSC_n", "OCP", "OCM", "OC", "OBP", "OB")
FACTORS = ("TNFSF11", "TNFRSF11B", "TGFB1", "IGF1", "BMP2", "IL6", "INHBA")


def host_member(laboratory: Laboratory, host: Animal, hours: Sequence[float]) -> Member:
    """Return the bone of a host as the laboratory hands it to the engine."""
    plan = plan_arm(host.experiment().arms[0], laboratory)
    clock = np.asarray(hours, dtype=np.float64)
    return member_of(plan, [Clock(clock, clock)])


def written_rest(laboratory: Laboratory, host: str) -> dict[str, float]:
    """Return what the rows of its bone say a healthy host holds, by user name."""
    niche = laboratory.niche
    site = BONES[host]
    return {
        niche.user_name(name): value
        for name, value in niche.values_by_site[site].items()
        if niche.user_name(name) in niche.species and not name.startswith("MM")
    }


def without_rest(member: Member, factors: Mapping[str, float] | None = None) -> Member:
    """Return a member that starts at once, with some of its initial values multiplied."""
    times = {sbml_id(name): factor for name, factor in (factors or {}).items()}
    initial = {name: value * times.get(name, 1.0) for name, value in member.initial.items()}
    return replace(member, initial=initial, timeline=member.timeline[1:])


def courses(
    laboratory: Laboratory, members: Sequence[Member], names: Sequence[str]
) -> list[dict[str, Floats]]:
    """Return species of some bones over time, by user name; a member that fails raises."""
    touched = frozenset[str]().union(*(member.given for member in members))
    model = laboratory.model_with({"BMSC", "OCL", "OBL", "BONE"}, touched)
    known = frozenset(model.names)
    kept = [member.among(known) for member in members]
    found = simulate(model, kept, outputs=[sbml_id(name) for name in names], throw=True)
    return [{name: found.of(index)[1][sbml_id(name)] for name in names} for index in range(len(members))]
