"""What feeds a species and what it feeds, with laws, numbers and evidence in user names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from myeloniche.niche.names import sbml_id, user_name, user_text
from myeloniche.niche.niche import Niche
from myeloniche.niche.reading.fragments import names_of
from myeloniche.niche.tables import ParameterRow, ProcessRow

__all__ = ["Explanation", "Link", "explain"]


@dataclass(frozen=True)
class Link:
    """One process or rule that touches the thing explained.

    Attributes
    ----------
    id
        User name of the process or observable.
    action
        How the thing explained is linked to it: ``made by``, ``consumed by``, ``defined as``, ``drives``
        (a process), ``enters`` (a rule), or ``is`` where a process itself is explained.
    role, meaning, evidence
        As in ``processes.tsv``; the role of a rule is ``observable``.
    reaction, law
        Left and right side, and rate law or rule, in user names. The law is in the unit of what it
        changes, per hour.
    parameters
        Rows of the parameters in the law, with value, unit, kind and source.
    factors
        What attachments multiply the law with.
    where
        File and line of the law.
    """

    id: str
    action: str
    role: str
    meaning: str
    evidence: str
    reaction: str
    law: str
    parameters: tuple[ParameterRow, ...]
    factors: tuple[str, ...]
    where: str

    def lines(self) -> Iterator[str]:
        """Yield the link as text."""
        yield f"  {self.action} {self.id} ({self.role}): {self.meaning} [{self.evidence}]"
        yield f"    {self.reaction} ; {self.law}" if self.reaction else f"    {self.law}"
        for factor in self.factors:
            yield f"    times {factor}"
        for row in self.parameters:
            yield f"      {row.id} = {_quantity(row)} ({_provenance(row)})"


def _quantity(row: ParameterRow) -> str:
    return f"{row.value:g}" if row.unit == "1" else f"{row.value:g} {row.unit}"


def _provenance(row: ParameterRow) -> str:
    """Return kind and source, without saying "assumed" twice."""
    return row.source if row.source.startswith(row.kind) else f"{row.kind}; {row.source}"


@dataclass(frozen=True)
class Explanation:
    """A species, observable, parameter or process and what it is connected to.

    Attributes
    ----------
    name, kind
        User name, and ``species``, ``observable``, ``parameter`` or ``process``.
    meaning, unit, source, where
        From its row; the source of a process is its evidence.
    fed_by
        For a species or observable: what makes, consumes or defines it. For a process: the process itself.
    feeds
        The processes that its amount drives, and the rules it enters.
    """

    name: str
    kind: str
    meaning: str
    unit: str
    source: str
    where: str
    fed_by: tuple[Link, ...]
    feeds: tuple[Link, ...]

    def __str__(self) -> str:
        unit = f" [{self.unit}]" if self.unit else ""
        lines = [f"{self.name}{unit}: {self.meaning} ({self.source}; {self.where})"]
        for title, links in (("Fed by", self.fed_by), ("Feeds", self.feeds)):
            if links:
                lines.append(f"{title}:")
                lines.extend(line for link in links for line in link.lines())
        return "\n".join(lines)


def explain(niche: Niche, name: str, cell: str | None = None) -> Explanation:
    """Say what feeds something in the niche and what it feeds.

    Parameters
    ----------
    niche
        The assembled niche.
    name, cell
        As for :meth:`Niche.resolve`, for example ``"MM.PIM2"``, or ``"PIM2"`` in ``"RPMI8226"``.

    Raises
    ------
    UnknownNameError
        If nothing has that name, with the nearest ones.
    ExperimentError
        If a local name is of several cells and no cell is given.
    """
    full = niche.resolve(name, cell)
    if full in niche.species:
        species = niche.species[full]
        kind = "observable" if species.is_observable else "species"
        words = (species.meaning, species.unit, species.source)
    elif full in niche.parameters:
        kind, parameter = "parameter", niche.parameters[full]
        words = (parameter.note, parameter.unit, parameter.source)
    else:
        kind, process = "process", niche.processes[full]
        words = (process.meaning, "", process.evidence)
    fed_by = tuple(_fed_by(niche, full))
    feeds = () if kind == "process" else tuple(_feeds(niche, full))
    return Explanation(full, kind, *words, niche.where(full), fed_by, feeds)


def _fed_by(niche: Niche, name: str) -> Iterator[Link]:
    if name in niche.processes:
        yield _process_link(niche, niche.processes[name], "is")
        return
    if name in niche.assembly.rules:
        yield _rule_link(niche, name, "defined as")
    for process in niche.processes.values():
        change = _net_change(process.reaction, name)
        if change:
            yield _process_link(niche, process, "made by" if change > 0 else "consumed by")


def _feeds(niche: Niche, name: str) -> Iterator[Link]:
    for process in niche.processes.values():
        law = _split(process.reaction)[1]
        factors = " ".join(_factors(niche, process.id))
        if sbml_id(name) in _names(f"{law} {factors}") and not _is_own_loss(process.reaction, name):
            yield _process_link(niche, process, "drives")
    for observable, expression in niche.assembly.rules.items():
        if sbml_id(name) in _names(expression):
            yield _rule_link(niche, observable, "enters")


def _process_link(niche: Niche, process: ProcessRow, action: str) -> Link:
    reaction, law = _split(process.reaction)
    factors = tuple(_factors(niche, process.id))
    return Link(
        id=process.id,
        action=action,
        role=process.role,
        meaning=process.meaning,
        evidence=process.evidence,
        reaction=reaction,
        law=law,
        parameters=_parameters(niche, " ".join([law, *factors])),
        factors=factors,
        where=process.law_where,
    )


def _rule_link(niche: Niche, name: str, action: str) -> Link:
    row, expression = niche.species[name], niche.assembly.rules[name]
    return Link(
        id=name,
        action=action,
        role="observable",
        meaning=row.meaning,
        evidence=row.source,
        reaction="",
        law=f"{name} := {expression}",
        parameters=_parameters(niche, expression),
        factors=(),
        where=niche.where(name),
    )


def _split(reaction: str) -> tuple[str, str]:
    """Return sides and law of a reaction."""
    sides, _, law = reaction.partition(";")
    return sides.strip(), law.strip()


def _net_change(reaction: str, name: str) -> int:
    """Return +1, 0 or -1 as a reaction makes, keeps or consumes a species."""
    left, _, right = _split(reaction)[0].replace("=>", "->").partition("->")
    counts = [
        sum(_count(term) for term in side.split("+") if term.split()[-1:] == [name]) for side in (left, right)
    ]
    return (counts[1] > counts[0]) - (counts[1] < counts[0])


def _is_own_loss(reaction: str, name: str) -> bool:
    """Return whether a reaction touches nothing but the species it consumes."""
    return _names(_split(reaction)[0]) == {sbml_id(name)}


def _count(term: str) -> float:
    """Return the stoichiometry of a term such as ``2 MM.DIABLO_c``."""
    words = term.split()
    return float(words[0]) if len(words) > 1 else 1


def _names(text: str) -> set[str]:
    return {sbml_id(name) for name in names_of(text)}


def _parameters(niche: Niche, text: str) -> tuple[ParameterRow, ...]:
    """Return the parameters in an expression in the order they occur."""
    found = dict.fromkeys(user_name(name) for name in names_of(text))
    return tuple(niche.parameters[name] for name in found if name in niche.parameters)


def _factors(niche: Niche, process: str) -> Iterator[str]:
    """Yield what attachments multiply a process with, activities of what drives it included."""
    reaction = niche.processes[process].reaction
    drivers = {
        name for name in _reached(niche, _split(reaction)[1]) if not _net_change(reaction, user_name(name))
    }
    for factor in niche.assembly.parts.factors:
        kind, _, target = factor.target.partition(":")
        expression = user_text(factor.expression)
        if kind == "process" and target == sbml_id(process):
            yield expression
        elif kind == "activity" and target in drivers:
            yield f"{expression} on {user_name(target)}"


def _reached(niche: Niche, law: str) -> set[str]:
    """Return the SBML ids in a law, those behind its observables included."""
    reached, pending = set[str](), _names(law)
    while pending:
        reached |= pending
        rules = (niche.assembly.rules.get(user_name(name), "") for name in pending)
        pending = set[str]().union(*(_names(rule) for rule in rules)) - reached
    return reached
