"""Data folders and attachments put together: one Antimony text, then one SBML document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from myeloniche.errors import ModelError
from myeloniche.niche.assembly.antimony_lines import Line, sbml_of_lines
from myeloniche.niche.assembly.document import dress
from myeloniche.niche.assembly.parts import Parts, full_name, gather
from myeloniche.niche.attachment import Attachment, Factor
from myeloniche.niche.names import instance_of, sbml_id, user_name, user_text
from myeloniche.niche.reading.folders import SHARED, Folders
from myeloniche.niche.reading.fragments import Namespace, Statement
from myeloniche.niche.tables import Problems, SpeciesRow, raise_distinct
from myeloniche.niche.unit_text import amount_parts, has_volume

__all__ = ["Assembly", "assemble"]


@dataclass(frozen=True)
class Assembly:
    """The assembled niche.

    Attributes
    ----------
    antimony, sbml
        The same model as text for people (without units and factors) and as SBML Level 3 Version 2.
    parts
        Rows by user name; the reaction of each process is in user names.
    rules
        Expression in user names of each observable, by user name.
    """

    antimony: str
    sbml: str
    parts: Parts
    rules: Mapping[str, str]


def assemble(folders: Folders, attachments: Sequence[Attachment] = ()) -> Assembly:
    """Return the niche that the folders and attachments describe.

    Parameters
    ----------
    folders
        What the data folders hold.
    attachments
        Applied in order: their species, parameters and processes are added, their factors multiplied in.

    Raises
    ------
    MyelonicheError
        With every problem found: undeclared symbols, ids declared twice, statements that are neither a
        reaction nor a rule, Antimony syntax, units that do not fit; each with file and line.
    """
    problems: Problems = []
    gathered = gather(folders, attachments, problems)
    namespace = gathered.namespace
    statements = tuple(_translated(statement, namespace, problems) for statement in gathered.statements)
    factors = tuple(_translated_factor(factor, namespace, problems) for factor in gathered.factors)
    species = {name: _translated_species(row, namespace, problems) for name, row in gathered.species.items()}
    problems.extend(_species_problems(species, statements))
    raise_distinct(problems, title="the statements of the niche")
    parts = replace(gathered, species=species, statements=statements, factors=factors)
    lines = tuple(_antimony(parts))
    _refuse_other_statements(lines, statements)
    sbml = dress(sbml_of_lines(lines), parts)
    bodies = {user_name(statement.id): user_text(statement.body) for statement in statements}
    processes = {
        name: replace(row, reaction=bodies.get(name, "")) for name, row in gathered.processes.items()
    }
    return Assembly(
        antimony="\n".join(line.text for line in lines) + "\n",
        sbml=sbml,
        parts=replace(parts, processes=processes),
        rules={name: bodies[name] for name, row in species.items() if row.is_observable},
    )


def _translated(statement: Statement, namespace: Namespace, problems: Problems) -> Statement:
    """Return the statement in SBML ids."""
    if statement.kind == "other":
        return statement
    body = namespace.translate(statement.body, statement.scope, statement.where, problems)
    identifier = sbml_id(full_name(statement.id, statement.scope))
    if statement.kind == "rule":
        namespace.translate(statement.id, statement.scope, statement.where, problems)
    mark = ":" if statement.kind == "reaction" else " :="
    return replace(statement, id=identifier, body=body, text=f"{identifier}{mark} {body};")


def _translated_factor(factor: Factor, namespace: Namespace, problems: Problems) -> Factor:
    where = factor.where or f"factor on {factor.target!r}"
    kind, colon, name = factor.target.partition(":")
    if not colon or kind not in ("process", "activity"):
        advice = "expected 'process:MM.<process>' or 'activity:MM.<species>'"
        problems.append(ModelError(f"{where}: got target {factor.target!r}, {advice}"))
    else:
        namespace.translate(name, SHARED, where, problems)
    expression = namespace.translate(factor.expression, SHARED, where, problems)
    return Factor(f"{kind}:{sbml_id(name)}", expression, where)


def _translated_species(row: SpeciesRow, namespace: Namespace, problems: Problems) -> SpeciesRow:
    """Return the row with an initial expression in SBML ids; numbers stay as they are."""
    if row.is_observable:
        return row
    return replace(row, initial=namespace.translate(row.initial, instance_of(row.id), row.where, problems))


def _species_problems(
    species: Mapping[str, SpeciesRow], statements: Sequence[Statement]
) -> Iterator[ModelError]:
    """Yield species whose unit, rule or missing rule contradicts their row."""
    rules = {user_name(statement.id): statement for statement in statements if statement.kind == "rule"}
    for name, row in species.items():
        where = row.where or f"species {name!r}"
        if row.is_observable and name not in rules:
            yield ModelError(f"{where}: {name!r} starts at '-' but no rule '{name} := ...' is written")
        elif not row.is_observable and name in rules:
            yield ModelError(f"{rules[name].where}: {name!r} has a rule; write '-' as its initial at {where}")
        elif not row.is_observable:
            yield from _amount_problems(row, where)


def _amount_problems(row: SpeciesRow, where: str) -> Iterator[ModelError]:
    try:
        amount_parts(row.unit)
    except ValueError as error:
        yield ModelError(f"{where}: {row.id!r}: {error}")


def _antimony(parts: Parts) -> Iterator[Line]:
    """Yield the lines of the assembled text: functions, compartments, species, parameters, statements."""
    yield from (Line(text, where) for text, where in parts.functions)
    yield Line("model *niche()", "assembly.yaml:1")
    for name in ("medium", *(f"{instance.name}__cell" for instance in parts.instances)):
        yield Line(f"  compartment {name}; {name} = 1;", "assembly.yaml:1")
    for row in parts.species.values():
        if not row.is_observable:
            yield from _declaration(row)
    for parameter in parts.parameters.values():
        yield Line(f"  {sbml_id(parameter.id)} = {parameter.value!r};", parameter.where)
    yield from (Line(f"  {statement.text}", statement.where) for statement in parts.statements)
    yield Line("end", "assembly.yaml:1")


def _declaration(row: SpeciesRow) -> Iterator[Line]:
    instance, identifier = instance_of(row.id), sbml_id(row.id)
    place = f"{instance}__cell" if instance else "medium"
    kind = "species" if has_volume(row.unit) else "substanceOnly species"
    yield Line(f"  {kind} {identifier} in {place};", row.where)
    yield Line(f"  {identifier} = {row.initial};", row.where)


def _refuse_other_statements(lines: Sequence[Line], statements: Sequence[Statement]) -> None:
    """Refuse what is neither reaction nor rule, with Antimony's own message if it is not Antimony either."""
    others = [statement for statement in statements if statement.kind == "other"]
    if not others:
        return
    sbml_of_lines(lines)
    advice = "expected one reaction 'id: A -> B; law;' or rule 'id := expression;' per line"
    raise_distinct(
        [ModelError(f"{other.where}: got {other.text!r}, {advice}") for other in others],
        title="the statements of the niche",
    )
