"""Anchors: numbers of other models and of data that the model is held against, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from myeloniche.errors import MyelonicheError, TableError, raise_all
from myeloniche.findings.anchors.target import Target, read_target
from myeloniche.lab.experiment import Experiment
from myeloniche.lab.reader import read_experiments
from myeloniche.yaml_file import YamlFile, parse_yaml, unknown_key

__all__ = ["ANCHORS", "Anchor", "Kind", "load_anchors"]

ANCHORS = Path(__file__).parent

Kind = Literal["data", "other model"]

_OWN = ("id", "statement", "kind", "choices", "targets")
_LABORATORY = ("title", "source", "cells", "arms", "measure")


@dataclass(frozen=True)
class Anchor:
    """One anchor: what is re-done, and which numbers should come out.

    Parameters
    ----------
    id
        Name in the plan of validation, for example ``A8``.
    title, statement
        What it is about, and what was found, in own words.
    source
        Where the numbers come from.
    kind
        Whether they were measured or are what another model says; a model that agrees with another
        model has been written down faithfully, no more.
    choices
        What the source leaves open, and how it was decided.
    experiments
        What the laboratory does: one experiment, or one per cell row.
    targets
        Which numbers are taken from it.
    """

    id: str
    title: str
    statement: str
    source: str
    kind: Kind
    choices: tuple[str, ...]
    experiments: tuple[Experiment, ...]
    targets: tuple[Target, ...]

    @property
    def of_exposure(self) -> bool:
        """Whether it is about drugs in blood, which no parameter of the niche touches."""
        return self.id.startswith("P")


def load_anchors(folder: Path = ANCHORS) -> tuple[Anchor, ...]:
    """Read every anchor of a folder, in the order of the file names.

    Raises
    ------
    MyelonicheError
        With all problems of all files.
    """
    anchors: list[Anchor] = []
    problems: list[MyelonicheError] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            anchors.append(_anchor(parse_yaml(path.read_text("utf-8"), path.name), folder))
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title="anchors")
    return tuple(anchors)


def _anchor(file: YamlFile, folder: Path) -> Anchor:
    _check_keys(file)
    data = file.data
    experiments = read_experiments(
        {key: data[key] for key in _LABORATORY if key in data}, name=file.name, folder=folder
    )
    targets = tuple(
        read_target(row, file.where(("targets", place))) for place, row in enumerate(data["targets"])
    )
    _check_arms(targets, experiments[0], file.name)
    return Anchor(
        id=data["id"],
        title=data["title"],
        statement=data["statement"].strip(),
        source=data["source"],
        kind=data["kind"],
        choices=tuple(data.get("choices", ())),
        experiments=experiments,
        targets=targets,
    )


def _check_keys(file: YamlFile) -> None:
    known = (*_OWN, *_LABORATORY)
    optional = ("cells", "choices")
    problems: list[MyelonicheError] = [
        unknown_key(file, (), key, known, "an anchor") for key in file.data if key not in known
    ]
    problems += [
        TableError(f"{file.name}: lacks {key!r}, expected {', '.join(known)}. Add it.")
        for key in known
        if key not in file.data and key not in optional
    ]
    if file.data.get("kind", "data") not in ("data", "other model"):
        problems.append(
            TableError(f"{file.where(('kind',))}: got {file.data['kind']!r}, expected data or other model.")
        )
    raise_all(problems, title=file.name)


def _check_arms(targets: tuple[Target, ...], experiment: Experiment, name: str) -> None:
    arms = [arm.name for arm in experiment.arms]
    problems: list[MyelonicheError] = [
        TableError(f"{name}: target {target.name!r} reads arm {arm!r}, expected one of {', '.join(arms)}.")
        for target in targets
        for arm in target.all_arms()
        if arm not in arms
    ]
    groups: Mapping[str, Any] = {target.name: target for target in targets}
    problems += [
        TableError(f"{name}: target {target.name!r} is over {other!r}, expected another target of the file.")
        for target in targets
        for other in target.of
        if other not in groups or other == target.name
    ]
    raise_all(problems, title=name)
