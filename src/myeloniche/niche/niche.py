"""The assembled niche: the model, its rows, and the names people use for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from myeloniche.engine.handles import with_handles
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.sbml import read_sbml
from myeloniche.errors import ExperimentError, TableError, UnitError, UnknownNameError
from myeloniche.niche.assembly.assemble import Assembly, assemble
from myeloniche.niche.attachment import Attachment
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.reading.folders import Instance, read_folders
from myeloniche.niche.tables import (
    CellRow,
    CellValue,
    ParameterRow,
    Problems,
    ProcessRow,
    Reference,
    SiteRow,
    SiteValue,
    SpeciesRow,
    raise_distinct,
)
from myeloniche.niche.unit_text import conversion

__all__ = ["DATA", "Niche", "load"]

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, eq=False)
class Niche:
    """The bone niche as data and as a model.

    Attributes
    ----------
    assembly
        Antimony and SBML text with the rows behind them.
    cells
        Cell lines and primary cells by id.
    cell_values
        Parameter values that cells bring, as written.
    values_by_cell
        The same per cell: SBML id of the parameter to value in the parameter's own unit.
    attachments
        What was added to the data folders.
    sites
        Places in a body by id.
    site_values
        Values of parameters and starts of species at a site, as written.
    values_by_site
        The same per site: SBML id to value in the unit of the parameter or species.
    """

    assembly: Assembly
    cells: Mapping[str, CellRow]
    cell_values: tuple[CellValue, ...]
    values_by_cell: Mapping[str, Mapping[str, float]]
    attachments: tuple[Attachment, ...] = ()
    sites: Mapping[str, SiteRow] = field(default_factory=dict)
    site_values: tuple[SiteValue, ...] = ()
    values_by_site: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def sbml(self) -> str:
        """The model as SBML Level 3 Version 2."""
        return self.assembly.sbml

    @cached_property
    def model(self) -> OdeModel:
        """The model for the engine, with handles on every process, activity and state."""
        return with_handles(read_sbml(self.sbml))

    @property
    def instances(self) -> Mapping[str, Instance]:
        """Cell types by prefix."""
        return {instance.name: instance for instance in self.assembly.parts.instances}

    @property
    def species(self) -> Mapping[str, SpeciesRow]:
        """Species and observables by user name."""
        return self.assembly.parts.species

    @property
    def parameters(self) -> Mapping[str, ParameterRow]:
        """Parameters by user name."""
        return self.assembly.parts.parameters

    @property
    def processes(self) -> Mapping[str, ProcessRow]:
        """Processes by user name, with their reaction in user names."""
        return self.assembly.parts.processes

    @property
    def references(self) -> Mapping[str, Reference]:
        """Publications by key."""
        return self.assembly.parts.references

    def sbml_id(self, name: str) -> str:
        """Return the name in the SBML and the engine's model: ``MM.PIM2`` is ``MM__PIM2``."""
        return sbml_id(name)

    def user_name(self, identifier: str) -> str:
        """Return the name for users: ``MM__PIM2`` is ``MM.PIM2``."""
        return user_name(identifier)

    def where(self, name: str) -> str:
        """Return file and line of a process' law, an observable's rule, or the row of anything else.

        Returns
        -------
        An empty text for a name that stands in no file.
        """
        full = user_name(name)
        row = self.species.get(full) or self.parameters.get(full) or self.processes.get(full)
        return self._statement_places.get(full) or (row.where if row is not None else "")

    @cached_property
    def _statement_places(self) -> dict[str, str]:
        statements = self.assembly.parts.statements
        return {user_name(statement.id): statement.where for statement in statements}

    def values_of(self, cell: str) -> dict[str, float]:
        """Return the parameter values a cell brings when it is put in the dish.

        Returns
        -------
        SBML id of the parameter (as the engine's model names it) to value in the parameter's unit.

        Raises
        ------
        UnknownNameError
            If there is no such cell.
        """
        if cell not in self.cells:
            raise UnknownNameError("cell", cell, self.cells)
        return dict(self.values_by_cell.get(cell, {}))

    def synthesis_of(self, species: str) -> tuple[str, ...]:
        """Return the processes with role synthesis that make a species, by user name."""
        name = self.resolve(species)
        return tuple(
            process.id
            for process in self.processes.values()
            if process.role == "synthesis" and name in _products(process.reaction)
        )

    def resolve(self, name: str, cell: str | None = None) -> str:
        """Return the full user name of a species, observable, parameter or process.

        Parameters
        ----------
        name
            ``PIM2``, ``MM.PIM2``, ``MM__PIM2`` or a shared name such as ``TNF``.
        cell
            Cell or instance to look in first; without it a local name must be of one instance only.

        Raises
        ------
        UnknownNameError
            With the nearest names, if nothing has that name.
        ExperimentError
            If a local name is of several instances and no cell is given.
        """
        full = user_name(name)
        instance = self._instance(cell) if cell is not None else None
        if instance is not None and f"{instance}.{full}" in self._names:
            return f"{instance}.{full}"
        if full in self._names:
            return full
        places = [f"{prefix}.{full}" for prefix in self.instances]
        found = [place for place in places if place in self._names]
        if len(found) == 1 and instance is None:
            return found[0]
        if len(found) > 1 and instance is None:
            raise ExperimentError(f"got {name!r}, which is {' and '.join(found)}; write one of these")
        raise UnknownNameError("name", name, self._known(instance))

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset({*self.species, *self.parameters, *self.processes})

    def _instance(self, cell: str) -> str:
        if cell in self.instances:
            return cell
        if cell in self.cells:
            return self.cells[cell].instance
        raise UnknownNameError("cell", cell, [*self.cells, *self.instances])

    def _known(self, instance: str | None) -> list[str]:
        """Return the names to look for near misses in, local ones also without prefix."""
        local = [
            name.partition(".")[2]
            for name in self._names
            if "." in name and (instance is None or name.startswith(f"{instance}."))
        ]
        return sorted({*self._names, *local})


def _products(reaction: str) -> set[str]:
    """Return the names on the right side of a reaction that are not on its left."""
    left, _, right = reaction.partition(";")[0].replace("=>", "->").partition("->")
    sides = [{term.split()[-1] for term in side.split("+") if term.strip()} for side in (left, right)]
    return sides[1] - sides[0]


def load(attachments: Sequence[Attachment] = (), *, data: Path = DATA) -> Niche:
    """Assemble the niche from its data folders.

    Parameters
    ----------
    attachments
        Drugs and other additions, applied to the SBML document itself.
    data
        Folder with ``assembly.yaml`` and the folders it names; the package's own by default.

    Raises
    ------
    MyelonicheError
        With every problem of the tables, or of the statements, each with file and line.
    """
    folders = read_folders(data)
    assembly = assemble(folders, attachments)
    cells = {cell.id: cell for cell in folders.cells}
    values = _cell_values(cells, folders.cell_values, assembly.parts.parameters)
    sites = {site.id: site for site in folders.sites}
    at_sites = _site_values(sites, folders.site_values, assembly)
    return Niche(
        assembly,
        cells,
        folders.cell_values,
        values,
        tuple(attachments),
        sites,
        folders.site_values,
        at_sites,
    )


def _cell_values(
    cells: Mapping[str, CellRow], values: Sequence[CellValue], parameters: Mapping[str, ParameterRow]
) -> dict[str, dict[str, float]]:
    """Return the values per cell in the parameters' units."""
    result: dict[str, dict[str, float]] = {cell: {} for cell in cells}
    problems: Problems = []
    for value in values:
        local = f"{cells[value.cell].instance}.{value.parameter}"
        name = local if local in parameters else user_name(value.parameter)
        if name not in parameters:
            problems.append(UnknownNameError("parameter", value.parameter, parameters, where=value.where))
            continue
        try:
            factor = conversion(value.unit, parameters[name].unit)
        except UnitError as error:
            problems.append(TableError(f"{value.where}: {value.parameter!r}: {error}"))
            continue
        result[value.cell][sbml_id(name)] = value.value * factor
    raise_distinct(problems, title="cell_values.tsv")
    return result


def _site_values(
    sites: Mapping[str, SiteRow], values: Sequence[SiteValue], assembly: Assembly
) -> dict[str, dict[str, float]]:
    """Return the values per site in the units of the parameters and species they are for."""
    units = {row.id: row.unit for row in assembly.parts.parameters.values()}
    units |= {row.id: row.unit for row in assembly.parts.species.values() if not row.is_observable}
    result: dict[str, dict[str, float]] = {site: {} for site in sites}
    problems: Problems = []
    for value in values:
        if value.id not in units:
            problems.append(UnknownNameError("parameter or species", value.id, units, where=value.where))
            continue
        try:
            factor = conversion(value.unit, units[value.id])
        except UnitError as error:
            problems.append(TableError(f"{value.where}: {value.id!r}: {error}"))
            continue
        result[value.site][sbml_id(value.id)] = value.value * factor
    raise_distinct(problems, title="site_values.tsv")
    return result
