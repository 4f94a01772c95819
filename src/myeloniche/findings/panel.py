"""The experiments behind the findings, one file per published panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from myeloniche.errors import MyelonicheError, TableError, raise_all
from myeloniche.findings.comparison import Comparison, read_comparisons
from myeloniche.findings.rulebook import Rulebook

__all__ = ["Panel", "agents", "load_panels", "protocol"]

_OWN_WORDS = ("findings", "choices")  # the rest of a file is the laboratory's


@dataclass(frozen=True)
class Panel:
    """One published panel: how it is re-done, and what is compared.

    Parameters
    ----------
    name
        Name of the file, for example ``fig2C``.
    title, source
        What it shows, and which figure it re-does.
    choices
        What the published text leaves open, and how it was decided before any scoring.
    cells
        Rows of the cell table for which the file is run; one empty name if it names them itself.
    content
        What the laboratory reads: arms, measurements, replicates.
    comparisons
        What is judged, of all findings of the panel.
    """

    name: str
    title: str
    source: str
    choices: tuple[str, ...]
    cells: tuple[str, ...]
    content: Mapping[str, Any]
    comparisons: tuple[Comparison, ...]

    def of(self, finding: str) -> tuple[Comparison, ...]:
        """Return the comparisons of one finding."""
        return tuple(entry for entry in self.comparisons if entry.finding == finding)

    def arm(self, name: str) -> Mapping[str, Any]:
        """Return what is written about an arm."""
        return next(dict(arm) for arm in self.content["arms"] if arm["name"] == name)


def load_panels(rulebook: Rulebook) -> dict[str, Panel]:
    """Read every panel that ships with the package, by name.

    Raises
    ------
    MyelonicheError
        With all problems of all files.
    """
    import yaml

    folder = files("myeloniche.findings").joinpath("experiments")
    problems: list[MyelonicheError] = []
    panels: dict[str, Panel] = {}
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            # libyaml reads the folder ten times faster than the pure Python loader
            loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
            content = yaml.load(file.read_text("utf-8"), Loader=loader)
            try:
                panel = _panel(file.name.removesuffix(".yaml"), content, rulebook)
                panels[panel.name] = panel
            except MyelonicheError as error:
                problems.append(error)
    raise_all(problems, title="experiments of the findings")
    return panels


def protocol(panel: Panel, cell: str) -> dict[str, Any]:
    """Return the panel as the laboratory reads it, for one cell row.

    Parameters
    ----------
    panel
        The panel.
    cell
        One of its cells; it takes the place of ``{cell}`` in every arm.
    """
    content = {key: value for key, value in panel.content.items() if key != "cells"}
    filled: dict[str, Any] = _fill(content, cell)
    if cell:
        filled["title"] = f"{filled['title']}: {cell}"
    return filled


def agents(arm: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the drugs and siRNAs that an arm gets."""
    found: set[str] = set()
    for step in arm.get("steps", ()):
        for word, details in step.items():
            if word in ("add", "transfect"):
                found.add(details.get("drug") or details.get("with"))
    return frozenset(found)


def _panel(name: str, content: dict[str, Any], rulebook: Rulebook) -> Panel:
    where = f"{name}.yaml"
    comparisons = tuple(
        comparison
        for finding, rows in content["findings"].items()
        for comparison in read_comparisons(finding, rows, rulebook, where=where)
    )
    _check_arms(comparisons, {arm["name"] for arm in content["arms"]}, where)
    return Panel(
        name=name,
        title=content["title"],
        source=content["source"],
        choices=tuple(content.get("choices", ())),
        cells=tuple(content.get("cells", ("",))),
        content={key: value for key, value in content.items() if key not in _OWN_WORDS},
        comparisons=comparisons,
    )


def _check_arms(comparisons: tuple[Comparison, ...], arms: set[str], where: str) -> None:
    problems: list[MyelonicheError] = [
        TableError(
            f"{where}: {entry.finding} compares the arm {arm.arm!r}, which is not there. "
            f"The arms are {', '.join(sorted(arms))}."
        )
        for entry in comparisons
        for arm in entry.all_arms()
        if arm.arm not in arms
    ]
    raise_all(problems, title=where)


def _fill(value: Any, cell: str) -> Any:
    if isinstance(value, str):
        return value.replace("{cell}", cell)
    if isinstance(value, dict):
        return {key: _fill(entry, cell) for key, entry in value.items()}
    if isinstance(value, list):
        return [_fill(entry, cell) for entry in value]
    return value
