"""The data folders of the niche: which folders make which instance, their rows and their statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from myeloniche.errors import ModelError, MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.niche.reading.fragments import Statement, function_names, read_fragment
from myeloniche.niche.reading.tsv import (
    read_cell_values,
    read_cells,
    read_parameters,
    read_processes,
    read_references,
    read_site_values,
    read_sites,
    read_species,
)
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
from myeloniche.yaml_file import parse_yaml

__all__ = ["SHARED", "Folders", "Instance", "Scope", "read_folders"]

SHARED = ""


class _HasId(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def where(self) -> str: ...


Row = TypeVar("Row", bound=_HasId)


@dataclass(frozen=True)
class Instance:
    """A cell type in the niche.

    Attributes
    ----------
    name, title
        Prefix of its ids and what it is.
    folders
        What it is made of, in order.
    conserved
        Totals that no process changes: name to local species. Optional; checked, not used.
    """

    name: str
    title: str
    folders: tuple[str, ...]
    conserved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """Rows (by local id) and statements of one instance, or of the shared folders (empty name)."""

    name: str
    species: Mapping[str, SpeciesRow]
    parameters: Mapping[str, ParameterRow]
    processes: Mapping[str, ProcessRow]
    statements: tuple[Statement, ...]

    @property
    def ids(self) -> frozenset[str]:
        """Every name of the scope: species, parameters, processes, observables."""
        written = {statement.id for statement in self.statements if statement.kind == "reaction"}
        return frozenset({*self.species, *self.parameters, *self.processes, *written})


@dataclass(frozen=True)
class Folders:
    """Everything the data folders say, before assembly."""

    instances: tuple[Instance, ...]
    scopes: tuple[Scope, ...]
    functions: tuple[tuple[str, str], ...]
    function_names: frozenset[str]
    cells: tuple[CellRow, ...]
    cell_values: tuple[CellValue, ...]
    references: Mapping[str, Reference]
    sites: tuple[SiteRow, ...] = ()
    site_values: tuple[SiteValue, ...] = ()


def read_folders(data: Path) -> Folders:
    """Return what the folders under `data` hold.

    Parameters
    ----------
    data
        Folder with ``assembly.yaml``, ``functions.ant``, ``references.tsv``, ``cells.tsv``,
        ``cell_values.tsv``, ``sites.tsv``, ``site_values.tsv`` and the folders that ``assembly.yaml`` names.

    Raises
    ------
    MyelonicheError
        With every problem of every table, each with file and line.
    """
    problems: Problems = []
    instances, shared = _layout(data)
    references = read_references(data / "references.tsv", "references.tsv", problems)
    keys = {reference.key for reference in references}
    parts = [(SHARED, shared), *((instance.name, instance.folders) for instance in instances)]
    scopes = tuple(_read_scope(data, name, folders, keys, problems) for name, folders in parts)
    functions = _function_lines(data / "functions.ant")
    cells = read_cells(data / "cells.tsv", "cells.tsv", keys, problems)
    values = read_cell_values(data / "cell_values.tsv", "cell_values.tsv", keys, problems)
    problems.extend(_cell_problems(instances, cells, values))
    sites = read_sites(data / "sites.tsv", "sites.tsv", keys, problems)
    site_values = read_site_values(data / "site_values.tsv", "site_values.tsv", keys, problems)
    problems.extend(_site_problems(cells, sites, site_values))
    raise_distinct(problems, title=f"the tables under {data}")
    text = "\n".join(line for line, _ in functions)
    by_key = {reference.key: reference for reference in references}
    return Folders(
        instances, scopes, functions, function_names(text), cells, values, by_key, sites, site_values
    )


def _layout(data: Path) -> tuple[tuple[Instance, ...], tuple[str, ...]]:
    """Read ``assembly.yaml``; every folder it names must exist."""
    path = data / "assembly.yaml"
    if not path.exists():
        raise ModelError(f"got no {path}, expected it to say which folders make which instance")
    layout = parse_yaml(path.read_text(encoding="utf-8"), path.name)
    try:
        instances = tuple(
            Instance(name, entry["title"], tuple(entry["folders"]), _conserved(entry))
            for name, entry in layout.data["instances"].items()
        )
        shared = tuple(layout.data.get("shared", ()))
    except (AttributeError, KeyError, TypeError) as error:
        raise ModelError(
            f"{layout.where()}: cannot read {error}; expected 'instances: {{NAME: {{title, folders}}}}' "
            "and 'shared: [FOLDER]'"
        ) from error
    named = dict.fromkeys([*shared, *(folder for instance in instances for folder in instance.folders)])
    missing = [folder for folder in named if not (data / folder).is_dir()]
    raise_all(
        [ModelError(f"assembly.yaml: names folder {folder!r}, which does not exist") for folder in missing],
        title="assembly.yaml",
    )
    return instances, shared


def _conserved(entry: Mapping[str, Mapping[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(members) for name, members in entry.get("conserved", {}).items()}


def _read_scope(
    data: Path, name: str, folders: Iterable[str], keys: Collection[str], problems: Problems
) -> Scope:
    """Read the folders of a scope; rows of a later folder of an instance replace those of an earlier one."""
    species: dict[str, SpeciesRow] = {}
    parameters: dict[str, ParameterRow] = {}
    processes: dict[str, ProcessRow] = {}
    statements: list[Statement] = []
    for folder in folders:
        home = data / folder
        table = partial(_table, data, folder)
        _merge(species, read_species(*table("species.tsv"), keys, problems), name, problems)
        _merge(parameters, read_parameters(*table("parameters.tsv"), keys, problems), name, problems)
        _merge(processes, read_processes(*table("processes.tsv"), keys, problems), name, problems)
        for path in sorted(home.glob("*.ant")):
            statements.extend(read_fragment(path, f"{folder}/{path.name}", name))
    return Scope(name, species, parameters, processes, tuple(statements))


def _table(data: Path, folder: str, name: str) -> tuple[Path, str]:
    return data / folder / name, f"{folder}/{name}"


def _merge(into: dict[str, Row], rows: Iterable[Row], scope: str, problems: Problems) -> None:
    for row in rows:
        if scope == SHARED and row.id in into:
            problems.append(TableError(f"{row.where}: shared id {row.id!r} repeats {into[row.id].where}"))
        into[row.id] = row


def _function_lines(path: Path) -> tuple[tuple[str, str], ...]:
    """Return the lines of ``functions.ant`` with their places."""
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple((line, f"{path.name}:{number}") for number, line in enumerate(lines, start=1))


def _cell_problems(
    instances: Iterable[Instance], cells: Iterable[CellRow], values: Iterable[CellValue]
) -> list[MyelonicheError]:
    names = [instance.name for instance in instances]
    ids = [cell.id for cell in cells]
    return [
        *(
            UnknownNameError("instance", cell.instance, names, where=f"{cell.where}: cell {cell.id!r}")
            for cell in cells
            if cell.instance not in names
        ),
        *(
            UnknownNameError("cell", value.cell, ids, where=value.where)
            for value in values
            if value.cell not in ids
        ),
    ]


def _site_problems(
    cells: Iterable[CellRow], sites: Iterable[SiteRow], values: Iterable[SiteValue]
) -> list[MyelonicheError]:
    known, ids = [cell.id for cell in cells], [site.id for site in sites]
    return [
        *(
            UnknownNameError("cell", cell, known, where=f"{site.where}: site {site.id!r}")
            for site in sites
            for cell in site.cells
            if cell not in known
        ),
        *(
            UnknownNameError("site", value.site, ids, where=value.where)
            for value in values
            if value.site not in ids
        ),
    ]
