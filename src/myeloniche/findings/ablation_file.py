"""The ablations as the package's file has them: what is removed, what has to break, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from myeloniche.errors import MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.findings.anchors.target import Target, read_target
from myeloniche.findings.catalogue import load_findings
from myeloniche.lab.experiment import Experiment
from myeloniche.lab.reader import read_experiments
from myeloniche.yaml_file import YamlFile, parse_yaml, unknown_key

__all__ = ["Ablation", "Quantities", "Reason", "load_ablations", "read_ablations"]

_FILE = "ablations.yaml"
_KEYS = ("name", "removed", "sets", "breaks", "stays", "quantities")
_LABORATORY = ("title", "cells", "arms", "measure")


@dataclass(frozen=True)
class Reason:
    """Findings that share a fate, and the mechanism behind it in one sentence."""

    findings: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Quantities:
    """Numbers beyond the findings in which a removed edge shows."""

    because: str
    experiments: tuple[Experiment, ...]
    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Ablation:
    """One removed edge.

    Parameters
    ----------
    name
        What it is called.
    removed
        What is taken away, and how.
    sets
        Values of parameters by user name; they hold in every arm and cell row, from before the rest.
    breaks
        Findings that have to break, with the reason; all others that agree without the ablation
        have to stay.
    stays
        Findings among those others that one might expect to break, with the reason why they do not.
    quantities
        Numbers in which the edge shows where findings do not; may be missing.
    """

    name: str
    removed: str
    sets: Mapping[str, float]
    breaks: tuple[Reason, ...]
    stays: tuple[Reason, ...]
    quantities: Quantities | None = None

    @property
    def broken(self) -> tuple[str, ...]:
        """Ids of the findings that have to break."""
        return tuple(finding for reason in self.breaks for finding in reason.findings)


def load_ablations() -> tuple[Ablation, ...]:
    """Read the ablations that ship with the package.

    Raises
    ------
    MyelonicheError
        With all problems of the file.
    """
    text = files("myeloniche.findings").joinpath(_FILE).read_text("utf-8")
    return read_ablations(parse_yaml(text, _FILE), {finding.id for finding in load_findings()})


def read_ablations(file: YamlFile, known: Collection[str]) -> tuple[Ablation, ...]:
    """Read a file of ablations.

    Parameters
    ----------
    file
        Its content.
    known
        Ids of the findings that there are.

    Raises
    ------
    MyelonicheError
        With all problems of the file.
    """
    ablations: list[Ablation] = []
    problems: list[MyelonicheError] = []
    for place, row in enumerate(file.data["ablations"]):
        try:
            ablations.append(_ablation(row, file, place, known))
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title=file.name)
    return tuple(ablations)


def _ablation(row: Mapping[str, Any], file: YamlFile, place: int, known: Collection[str]) -> Ablation:
    where = file.where(("ablations", place))
    unknown = [key for key in row if key not in _KEYS]
    if unknown:
        raise unknown_key(file, ("ablations", place), unknown[0], _KEYS, "an ablation")
    missing = [key for key in ("name", "removed", "sets", "breaks") if key not in row]
    if missing:
        raise TableError(f"{where}: lacks {', '.join(missing)}, expected {', '.join(_KEYS)}.")
    ablation = Ablation(
        name=row["name"],
        removed=row["removed"],
        sets={name: float(value) for name, value in row["sets"].items()},
        breaks=_reasons(row["breaks"]),
        stays=_reasons(row.get("stays", ())),
        quantities=_quantities(row["quantities"], file, place) if "quantities" in row else None,
    )
    _check_findings(ablation, known, where)
    return ablation


def _reasons(rows: Any) -> tuple[Reason, ...]:
    return tuple(Reason(tuple(row["findings"]), row["because"]) for row in rows)


def _quantities(row: Mapping[str, Any], file: YamlFile, place: int) -> Quantities:
    path = ("ablations", place, "quantities")
    experiments = read_experiments({key: row[key] for key in _LABORATORY if key in row}, name=file.name)
    targets = tuple(
        read_target(target, file.where((*path, "targets", number)))
        for number, target in enumerate(row["targets"])
    )
    return Quantities(row["because"], experiments, targets)


def _check_findings(ablation: Ablation, known: Collection[str], where: str) -> None:
    """Refuse a finding that does not exist, or that has two fates."""
    named = [finding for reason in (*ablation.breaks, *ablation.stays) for finding in reason.findings]
    problems: list[MyelonicheError] = [
        UnknownNameError("finding", finding, known, where=where) for finding in named if finding not in known
    ]
    problems += [
        TableError(f"{where}: {finding} is named twice, expected one fate. Remove one.")
        for finding in sorted({finding for finding in named if named.count(finding) > 1})
    ]
    raise_all(problems, title=where)
