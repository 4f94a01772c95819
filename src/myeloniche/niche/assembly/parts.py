"""All rows and statements of the niche under user names, attachments included, before they become SBML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from myeloniche.errors import ModelError, TableError, UnknownNameError
from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.reading.folders import SHARED, Folders, Instance, Scope
from myeloniche.niche.reading.fragments import Namespace, Statement, statement_of
from myeloniche.niche.tables import ParameterRow, Problems, ProcessRow, Reference, SpeciesRow, unit_problems

__all__ = ["Parts", "gather"]


@dataclass(frozen=True)
class Parts:
    """What the niche is made of.

    Attributes
    ----------
    instances
        Cell types in the order of ``assembly.yaml``.
    species, parameters, processes
        Rows by user name, their `id` being that name.
    statements
        Reactions and rules as written, each in the names of its scope.
    factors
        What multiplies processes and activities.
    references
        Publications by key.
    functions, function_names
        Lines of ``functions.ant`` with their places, and the names they define.
    """

    instances: tuple[Instance, ...]
    species: Mapping[str, SpeciesRow]
    parameters: Mapping[str, ParameterRow]
    processes: Mapping[str, ProcessRow]
    statements: tuple[Statement, ...]
    factors: tuple[Factor, ...]
    references: Mapping[str, Reference]
    functions: tuple[tuple[str, str], ...]
    function_names: frozenset[str]

    @property
    def namespace(self) -> Namespace:
        """Which names exist in which instance."""
        local: dict[str, set[str]] = {instance.name: set() for instance in self.instances}
        shared: set[str] = set()
        for name in (*self.species, *self.parameters, *self.processes):
            instance, dot, rest = name.partition(".")
            (local[instance] if dot else shared).add(rest or name)
        frozen = {instance: frozenset(names) for instance, names in local.items()}
        return Namespace(frozen, frozenset(shared), self.function_names)


def full_name(name: str, scope: str) -> str:
    """Return the user name of a local id."""
    return f"{scope}.{name}" if scope else name


def gather(folders: Folders, attachments: Sequence[Attachment], problems: Problems) -> Parts:
    """Return the parts of the niche; names declared twice or in no instance are added to `problems`."""
    statements = [statement for scope in folders.scopes for statement in scope.statements]
    species = {row.id: row for scope in folders.scopes for row in _named(scope.species.values(), scope)}
    parameters = {row.id: row for scope in folders.scopes for row in _named(scope.parameters.values(), scope)}
    processes = {row.id: row for scope in folders.scopes for row in _process_rows(scope)}
    instances = tuple(instance.name for instance in folders.instances)
    for attachment in attachments:
        new_species = tuple(_valid(attachment, attachment.species, instances, problems))
        new_parameters = tuple(_valid(attachment, attachment.parameters, instances, problems))
        _add(species, new_species, attachment, problems)
        _add(parameters, new_parameters, attachment, problems)
        new_rows: list[SpeciesRow | ParameterRow] = [*new_species, *new_parameters]
        for row in new_rows:
            where = row.where or f"attachment {attachment.name!r}"
            problems.extend(unit_problems(repr(row.id), row.unit, where))
        for process in _valid(attachment, attachment.processes, instances, problems):
            statement = _statement(process, attachment)
            _add(processes, [_row(process, statement)], attachment, problems)
            statements.append(statement)
        statements += [
            statement_of(f"{rule.id} := {rule.expression}", scope=SHARED, where=rule.where)
            for rule in attachment.rules
        ]
    parts = Parts(
        instances=folders.instances,
        species=species,
        parameters=parameters,
        processes=processes,
        statements=tuple(statements),
        factors=tuple(factor for attachment in attachments for factor in attachment.factors),
        references=folders.references,
        functions=folders.functions,
        function_names=folders.function_names,
    )
    problems.extend(_clashes(parts))
    return parts


class _HasPlace(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def where(self) -> str: ...


Row = TypeVar("Row", SpeciesRow, ParameterRow)
AnyRow = TypeVar("AnyRow", bound=_HasPlace)


def _named(rows: Iterable[Row], scope: Scope) -> Iterator[Row]:
    return (replace(row, id=full_name(row.id, scope.name)) for row in rows)


def _process_rows(scope: Scope) -> Iterator[ProcessRow]:
    """Yield the processes of a scope: rows with their law, then laws without a row."""
    laws = {statement.id: statement for statement in scope.statements if statement.kind == "reaction"}
    for local in dict.fromkeys([*scope.processes, *laws]):
        row, law = scope.processes.get(local, ProcessRow(local, "")), laws.get(local)
        where = law.where if law else ""
        yield replace(row, id=full_name(local, scope.name), where=row.where or where, law_where=where)


def _valid(
    attachment: Attachment, rows: Iterable[AnyRow], instances: Sequence[str], problems: Problems
) -> Iterator[AnyRow]:
    """Yield the rows whose prefix is an instance."""
    for row in rows:
        instance, dot, _ = row.id.partition(".")
        if dot and instance not in instances:
            where = row.where or f"attachment {attachment.name!r}"
            problems.append(UnknownNameError("instance", instance, instances, where=f"{where}: {row.id!r}"))
        else:
            yield row


def _add(into: dict[str, AnyRow], rows: Iterable[AnyRow], attachment: Attachment, problems: Problems) -> None:
    """Add the rows of an attachment; one that exists must say the same, and no process exists twice."""
    for row in rows:
        there = into.setdefault(row.id, row)
        if there is not row and _essence(there) != _essence(row):
            where = row.where or f"attachment {attachment.name!r}"
            got, known = _essence(row), _essence(there)
            place = there.where or "another attachment"
            problems.append(
                TableError(f"{where}: {row.id!r} is {got}, but {place} says {known}; give it another id")
            )


def _essence(row: object) -> str:
    """Return what two declarations of one id must share."""
    if isinstance(row, SpeciesRow):
        return f"a species in {row.unit}"
    if isinstance(row, ParameterRow):
        return f"{row.value!r} {row.unit}"
    return f"a process written at {row.where}" if isinstance(row, ProcessRow) else ""


def _statement(process: AttachedProcess, attachment: Attachment) -> Statement:
    where = process.where or f"attachment {attachment.name!r}, process {process.id!r}"
    text = f"{process.id}: {' '.join(process.reaction.split())}"
    return statement_of(text, scope=SHARED, where=where)


def _row(process: AttachedProcess, statement: Statement) -> ProcessRow:
    return ProcessRow(
        id=process.id,
        role=process.role,
        meaning=process.meaning,
        evidence=process.evidence,
        where=statement.where,
        law_where=statement.where,
    )


def _clashes(parts: Parts) -> Iterator[TableError | ModelError]:
    """Yield the names that stand for two things."""
    kinds: Sequence[Mapping[str, _HasPlace]] = (parts.species, parts.parameters, parts.processes)
    seen: dict[str, str] = {}
    for rows in kinds:
        for name, row in rows.items():
            if name in seen:
                yield TableError(f"{row.where}: {name!r} is declared in {seen[name]} too; rename one")
            seen.setdefault(name, row.where)
    for name in list(seen):
        _, dot, rest = name.partition(".")
        if dot and rest in seen:
            yield TableError(f"{seen[name]}: {rest!r} is a shared id too ({seen[rest]}); rename one")
    yield from _repeated(parts.statements)


def _repeated(statements: Iterable[Statement]) -> Iterator[ModelError]:
    first: dict[tuple[str, str], str] = {}
    for statement in statements:
        key = (statement.scope, statement.id)
        if statement.id and key in first:
            yield ModelError(f"{statement.where}: {statement.id!r} is written at {first[key]} too; keep one")
        first.setdefault(key, statement.where)
