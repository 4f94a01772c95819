"""The sites of an animal: which there are, who lives there, and how they rest before a study begins.

Each site is simulated by itself. All of them get the same drugs, and what they shed into the blood adds up;
nothing else passes between them.
"""

from __future__ import annotations

from collections.abc import Collection

from myeloniche.engine.handles import hold_handle
from myeloniche.engine.timeline import Change
from myeloniche.errors import UnknownNameError
from myeloniche.lab.laboratory import Laboratory
from myeloniche.niche.names import instance_of, sbml_id
from myeloniche.niche.tables import SiteRow

__all__ = ["held_but", "hosts", "residents", "site_row", "site_values", "sites_of", "tissues"]


def hosts(laboratory: Laboratory) -> tuple[str, ...]:
    """Return the animals there are."""
    return tuple(dict.fromkeys(site.host for site in laboratory.niche.sites.values()))


def sites_of(host: str, laboratory: Laboratory, *, where: str = "") -> dict[str, SiteRow]:
    """Return the sites of an animal by their names, the one that is always looked at first.

    Raises
    ------
    UnknownNameError
        If there is no such animal.
    """
    found = {row.site: row for row in laboratory.niche.sites.values() if row.host == host}
    if not found:
        raise UnknownNameError("animal", host, hosts(laboratory), where=where)
    return found


def site_row(host: str, site: str, laboratory: Laboratory, *, where: str = "") -> SiteRow:
    """Return a site of an animal.

    Raises
    ------
    UnknownNameError
        If there is no such animal or site.
    """
    known = sites_of(host, laboratory, where=where)
    if site not in known:
        raise UnknownNameError("site", site, known, where=where)
    return known[site]


def residents(row: SiteRow, laboratory: Laboratory) -> dict[str, str]:
    """Return the cells that live at a site, by cell type."""
    return {laboratory.cell(cell).instance: cell for cell in row.cells}


def site_values(row: SiteRow, laboratory: Laboratory) -> tuple[dict[str, float], dict[str, float]]:
    """Return the parameters of a site and what its species start with, by SBML id.

    Populations that do not live there start at 0.
    """
    niche = laboratory.niche
    given = niche.values_by_site[row.id]
    parameters = {name: value for name, value in given.items() if niche.user_name(name) in niche.parameters}
    living = {*residents(row, laboratory), *tissues(row, laboratory)}
    absent = {
        sbml_id(name)
        for instance, population in laboratory.populations.items()
        if instance not in living
        for name in population.populations
    }
    starts = {name: value for name, value in given.items() if name not in parameters and name not in absent}
    return parameters, {**starts, **dict.fromkeys(absent, 0.0)}


def held_but(living: Collection[str], laboratory: Laboratory) -> tuple[Change, ...]:
    """Return the changes that hold every cell type that never is at a site.

    Cells that will be injected are not held: they take the state they have in that tissue, and as there are
    none of them yet, they change nothing.
    """
    held = [
        name
        for instance in laboratory.niche.instances
        if instance not in living
        for name in laboratory.states_of(instance)
    ]
    return tuple(Change(hold_handle(sbml_id(name)), "set", 0.0) for name in held)


def tissues(row: SiteRow, laboratory: Laboratory) -> set[str]:
    """Return the tissues without cell rows that a site has: those whose states it gives a start."""
    given = (laboratory.niche.user_name(name) for name in laboratory.niche.values_by_site[row.id])
    return {instance_of(name) for name in given if name in laboratory.niche.species} - {""}
