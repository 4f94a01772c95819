"""Checks of the rows: everything declared is used, measured, sourced, in range and evidenced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from myeloniche.errors import UnitError
from myeloniche.niche.checks.issue import AbstractCheck, Issue
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.niche import Niche
from myeloniche.niche.reading.fragments import names_of
from myeloniche.niche.tables import (
    ROLES,
    ParameterRow,
    SpeciesRow,
    citation_keys,
    range_problems,
    source_problems,
)
from myeloniche.niche.unit_text import conversion

__all__ = [
    "CheckCellValues",
    "CheckIdentifiers",
    "CheckNumbersInLaws",
    "CheckOrphans",
    "CheckParametersUsed",
    "CheckProcessEvidence",
    "CheckRanges",
    "CheckSources",
]

_NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)")
_EXPONENT = re.compile(r"\^\s*\d+(?:\.\d*)?")
_LAST_ARGUMENT = re.compile(r",\s*\d+(?:\.\d*)?\s*\)")
_ALLOWED = frozenset({"0", "1", "2"})


def _used(niche: Niche) -> frozenset[str]:
    """Return the SBML ids that a law, rule, initial value or factor mentions."""
    parts = niche.assembly.parts
    texts = [
        *(statement.body for statement in parts.statements),
        *(row.initial for row in parts.species.values()),
        *(factor.expression for factor in parts.factors),
    ]
    return frozenset(name for text in texts for name in names_of(text))


@dataclass(frozen=True)
class CheckParametersUsed(AbstractCheck):
    """Every parameter occurs in a law, a rule, an initial value or a factor."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the parameters that nothing depends on."""
        used = _used(niche)
        for row in niche.parameters.values():
            if sbml_id(row.id) not in used:
                yield self.warning(row.where, f"parameter {row.id!r} is used nowhere; remove it or use it")


@dataclass(frozen=True)
class CheckIdentifiers(AbstractCheck):
    """Every species has a meaning and an identifier of a public registry."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the species nobody could look up."""
        for row in niche.species.values():
            if ":" not in row.identifier:
                find = self.warning if row.is_observable else self.error
                advice = "expected a compact one such as hgnc:6859"
                yield find(row.where, f"species {row.id!r} has identifier {row.identifier!r}, {advice}")
            if not row.meaning:
                yield self.error(row.where, f"species {row.id!r} has no meaning; say what it is in one line")


@dataclass(frozen=True)
class CheckProcessEvidence(AbstractCheck):
    """Every process has a role, a meaning and evidence."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the processes that rest on nothing."""
        for row in niche.processes.values():
            what = f"process {row.id!r}"
            if not row.role:
                yield self.error(row.law_where, f"{what} has a law but no row in processes.tsv; add one")
                continue
            if row.role not in ROLES:
                yield self.error(
                    row.where, f"{what} has role {row.role!r}, expected one of {', '.join(ROLES)}"
                )
            if not row.meaning:
                yield self.error(row.where, f"{what} has no meaning; say what happens in one line")
            if not row.evidence:
                yield self.error(row.where, f"{what} has no evidence; name a reference or 'assumed: why'")


@dataclass(frozen=True)
class CheckRanges(AbstractCheck):
    """Every number has a plausible range and lies in it."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield numbers outside their range, and parameters without one."""
        for row in (*niche.parameters.values(), *niche.site_values):
            if row.low is None or row.high is None:
                yield self.warning(
                    row.where, f"parameter {row.id!r} has no plausible range; give low and high"
                )
            for problem in range_problems(row):
                yield self.error(row.where, str(problem).removeprefix(f"{row.where}: "))


@dataclass(frozen=True)
class CheckCellValues(AbstractCheck):
    """Every value of a cell fits the unit of its parameter and lies in the parameter's range."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield cell values that the parameter's own row does not allow."""
        for value in niche.cell_values:
            local = f"{niche.cells[value.cell].instance}.{value.parameter}"
            row = niche.parameters[local if local in niche.parameters else user_name(value.parameter)]
            try:
                number = value.value * conversion(value.unit, row.unit)
            except UnitError as error:
                yield self.error(value.where, str(error))
                continue
            low, high = row.low, row.high
            if (low is not None and number < low) or (high is not None and number > high):
                span = f"[{low}, {high}] of {row.where}"
                yield self.warning(
                    value.where, f"{value.cell}: {row.id!r} is {number:g} {row.unit}, outside {span}"
                )


def _sources(niche: Niche) -> Iterator[tuple[str, str, str]]:
    """Yield place, what and source of everything that must have one."""
    rows: list[SpeciesRow | ParameterRow] = [*niche.species.values(), *niche.parameters.values()]
    yield from ((row.where, repr(row.id), row.source) for row in rows)
    yield from ((row.where, repr(row.id), row.evidence) for row in niche.processes.values() if row.role)
    yield from ((value.where, f"value of {value.cell!r}", value.source) for value in niche.cell_values)
    yield from ((cell.where, f"cell {cell.id!r}", cell.source) for cell in niche.cells.values())
    yield from ((site.where, f"site {site.id!r}", site.source) for site in niche.sites.values())
    yield from ((value.where, f"value of {value.site!r}", value.source) for value in niche.site_values)


@dataclass(frozen=True)
class CheckSources(AbstractCheck):
    """Every kind is known and every source is a publication that references.tsv lists, or an assumption."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield sources that lead nowhere; reference keys that nothing cites are told too."""
        cited: set[str] = set()
        for where, what, source in _sources(niche):
            cited.update(citation_keys(source))
            for problem in source_problems(what, source, niche.references, where):
                yield self.error(where, str(problem).removeprefix(f"{where}: "))
        for key in sorted(niche.references.keys() - cited):
            yield self.info(niche.references[key].where, f"reference {key!r} is cited by nothing")


@dataclass(frozen=True)
class CheckOrphans(AbstractCheck):
    """Every row has its counterpart: a process a law, a species a process, a cell a value."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield rows that do nothing."""
        for process in niche.processes.values():
            if not process.reaction:
                yield self.error(process.where, f"process {process.id!r} has no law in any .ant file")
        used = _used(niche)
        for row in niche.species.values():
            if sbml_id(row.id) not in used:
                find = self.info if row.is_observable else self.error
                yield find(row.where, f"species {row.id!r} is in no process and no rule")
        valued = {value.cell for value in niche.cell_values}
        for cell in niche.cells.values():
            if cell.id not in valued:
                yield self.info(
                    cell.where, f"cell {cell.id!r} has no row in cell_values.tsv: it is the default"
                )


@dataclass(frozen=True)
class CheckNumbersInLaws(AbstractCheck):
    """Laws and rules hold no numbers but 0, 1, 2 and exponents: numbers belong in tables, with sources."""

    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield the statements with a number that has no source."""
        for statement in niche.assembly.parts.statements:
            bare = _LAST_ARGUMENT.sub(")", _EXPONENT.sub("", statement.body))
            for number in _NUMBER.findall(bare):
                if number not in _ALLOWED:
                    message = f"{user_name(statement.id)!r} holds the number {number}; make it a parameter"
                    yield self.error(statement.where, message)
