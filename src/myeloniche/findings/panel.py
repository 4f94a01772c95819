"""The experiments behind the findings, one file per published panel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from myeloniche.errors import MyelonicheError, TableError, raise_all
from myeloniche.findings.comparison import Comparison, read_comparisons
from myeloniche.findings.rulebook import Rulebook
from myeloniche.lab.experiment import Arm, Experiment
from myeloniche.lab.reader import read_experiments
from myeloniche.yaml_file import parse_yaml

__all__ = ["EXPERIMENTS", "Panel", "agents", "load_panels"]

EXPERIMENTS = Path(__file__).parent / "experiments"


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
    experiments
        What the laboratory does: one experiment, or one per cell row.
    comparisons
        What is judged, of all findings of the panel.
    """

    name: str
    title: str
    source: str
    choices: tuple[str, ...]
    experiments: tuple[Experiment, ...]
    comparisons: tuple[Comparison, ...]

    def of(self, finding: str) -> tuple[Comparison, ...]:
        """Return the comparisons of one finding."""
        return tuple(entry for entry in self.comparisons if entry.finding == finding)

    def arm(self, name: str) -> Arm:
        """Return an arm as its first cell row has it; all of them get the same drugs."""
        return self.experiments[0].arm(name)


def load_panels(rulebook: Rulebook, *, folder: Path = EXPERIMENTS) -> dict[str, Panel]:
    """Read every panel of a folder, by name.

    Parameters
    ----------
    rulebook
        The rules that comparisons may name.
    folder
        Where the files are; the package's own by default.

    Raises
    ------
    MyelonicheError
        With all problems of all files.
    """
    problems: list[MyelonicheError] = []
    panels: dict[str, Panel] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            panels[path.stem] = _panel(path, rulebook)
        except MyelonicheError as error:
            problems.append(error)
    raise_all(problems, title="experiments of the findings")
    return panels


def agents(arm: Arm) -> frozenset[str]:
    """Return the names of the drugs and siRNAs that an arm gets."""
    named = {step.text(word) for step in arm.steps for word in ("drug", "with")}
    return frozenset(named - {""})


def _panel(path: Path, rulebook: Rulebook) -> Panel:
    experiments = read_experiments(path)
    content: dict[str, Any] = parse_yaml(path.read_text("utf-8"), path.name).data
    comparisons = tuple(
        comparison
        for finding, rows in content["findings"].items()
        for comparison in read_comparisons(finding, rows, rulebook, where=path.name)
    )
    _check_arms(comparisons, {arm.name for arm in experiments[0].arms}, path.name)
    return Panel(
        name=path.stem,
        title=content["title"],
        source=content["source"],
        choices=tuple(content.get("choices", ())),
        experiments=experiments,
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
