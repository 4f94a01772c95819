"""Which simulated numbers a finding compares: readout, arms, times and rule, as written in its panel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from myeloniche.errors import TableError
from myeloniche.findings.rulebook import ROLES, Rulebook
from myeloniche.units import Times, times

__all__ = ["ArmAt", "Comparison", "read_comparisons"]


@dataclass(frozen=True)
class ArmAt:
    """An arm of an experiment, read at a time of its own or (None) at the comparison's time."""

    arm: str
    at: Times | None = None


@dataclass(frozen=True)
class Comparison:
    """One readout of one finding, judged by one rule.

    Parameters
    ----------
    finding
        Id of the finding.
    readout, instance
        What is measured, and in which cell type of the dish (such as ``MM``).
    rule
        Name in the rule book.
    arms
        Arm per role (``treated``, ``comparator``, ``induced``, ``rest``, ``lost``).
    doses
        Arms of a graded series, no drug first; empty for other rules.
    at
        When; None is the last time measured.
    """

    finding: str
    readout: str
    instance: str
    rule: str
    arms: Mapping[str, ArmAt] = field(default_factory=dict)
    doses: tuple[ArmAt, ...] = ()
    at: Times | None = None

    @property
    def treated(self) -> ArmAt:
        """The arm on which the statement is made: the treated one, or the top dose."""
        return self.doses[-1] if self.doses else self.arms["treated"]

    @property
    def reference(self) -> ArmAt:
        """The arm it is compared with: comparator, culture without drug, or the induced or lost state."""
        if self.doses:
            return self.doses[0]
        return next(self.arms[role] for role in ("comparator", "induced", "lost") if role in self.arms)

    def all_arms(self) -> tuple[ArmAt, ...]:
        """Return every arm that the comparison reads."""
        return (*self.arms.values(), *self.doses)


def read_comparisons(
    finding: str, rows: list[dict[str, Any]], rulebook: Rulebook, *, where: str
) -> Iterator[Comparison]:
    """Read the comparisons of one finding; a list of readouts or treated arms stands for one each.

    Raises
    ------
    TableError
        If a row has words that its rule does not use, or lacks one that it needs.
    UnknownNameError
        If there is no such rule.
    """
    for row in rows:
        _check_words(row, rulebook, f"{where}: {finding}")
        for readout in _listed(row["readout"]):
            for treated in _listed(row.get("treated", "")):
                yield _comparison(finding, {**row, "readout": readout, "treated": treated}, where)


def _comparison(finding: str, row: dict[str, Any], where: str) -> Comparison:
    roles = ("treated", "comparator", "induced", "rest", "lost")
    return Comparison(
        finding=finding,
        readout=row["readout"],
        instance=row["in"],
        rule=row["rule"],
        arms={role: _arm_at(row[role], where) for role in roles if row.get(role)},
        doses=tuple(_arm_at(arm, where) for arm in row.get("doses", ())),
        at=times(row["at"], where=where) if "at" in row else None,
    )


def _check_words(row: Mapping[str, Any], rulebook: Rulebook, where: str) -> None:
    needed = {"readout", "in", "rule"}
    if needed <= row.keys():
        needed |= set(ROLES[rulebook.rule(row["rule"], where=where).kind])
    missing, extra = needed - row.keys(), row.keys() - needed - {"at"}
    if missing or extra:
        got = f"{where}: got a comparison with {', '.join(sorted(row))}"
        raise TableError(f"{got}; expected {', '.join(sorted(needed))}, and 'at' if it is not the end.")


def _arm_at(text: str, where: str) -> ArmAt:
    arm, separator, time = text.partition(" @ ")
    return ArmAt(arm.strip(), times(time, where=where) if separator else None)


def _listed(entry: Any) -> list[str]:
    return list(entry) if isinstance(entry, list) else [entry]
