"""What stands over the lanes of a blot: who got what, read from the arms of the experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from myeloniche.report.blot import Annotation
from myeloniche.report.words import pretty

__all__ = ["Arm", "annotated", "last_agent", "titles"]

Arm = Mapping[str, Any]
_ABSENT = "−"


def annotated(arms: Sequence[Arm], *, measured: str) -> tuple[Annotation, ...]:
    """Return one line per thing in which the arms differ.

    Parameters
    ----------
    arms
        Arms as written in the experiment, one per lane.
    measured
        Cell type that is lysed, ``MM`` or ``BMSC``; its partner gets a line of its own.
    """
    facts = [dict(_facts(arm, measured)) for arm in arms]
    labels = dict.fromkeys(label for fact in facts for label in fact)
    lines = [Annotation(pretty(label), tuple(fact.get(label, _ABSENT) for fact in facts)) for label in labels]
    return tuple(line for line in lines if len(set(line.marks)) > 1)


def titles(arms: Sequence[Arm]) -> list[str]:
    """Return the names of arms for axes and legends, with the time of harvest where it differs."""
    times = [_harvest(arm) for arm in arms]
    differ = len(set(times)) > 1
    return [
        pretty(f"{arm['name']}, {time}" if differ else arm["name"])
        for arm, time in zip(arms, times, strict=True)
    ]


def last_agent(arm: Arm) -> str:
    """Return what was added last, from which a time course counts."""
    added = [step["add"]["drug"] for step in arm["steps"] if "add" in step]
    return pretty(added[-1]) if added else "start"


def _facts(arm: Arm, measured: str) -> Iterator[tuple[str, str]]:
    """Yield (label, mark) for each thing that an arm has."""
    cells = _cells(arm)
    lysed = [cell for cell in cells if (cell == "BMSC") == (measured == "BMSC")] or cells
    yield "cells", lysed[0]
    for partner in cells:
        if partner != lysed[0]:
            yield f"with {partner}", "+"
    serum = [step["starve"]["serum"] for step in arm["steps"] if "starve" in step]
    yield "FBS (%)", (serum[-1] if serum else "10% FBS").split("%")[0].strip()
    for step in arm["steps"]:
        if "transfect" in step:
            yield step["transfect"]["with"], "+"
        if "add" in step:
            size, _, unit = str(step["add"]["dose"]).partition(" ")
            yield f"{step['add']['drug']} ({unit})", size
    yield "harvest", _harvest(arm)


def _cells(arm: Arm) -> list[str]:
    present = [arm["culture"]] if "culture" in arm else list(arm["coculture"])
    return present + [step["add_cells"]["cells"] for step in arm["steps"] if "add_cells" in step]


def _harvest(arm: Arm) -> str:
    waits = [
        str(step.get("wait") or step["starve"]["for"])
        for step in arm["steps"]
        if step.keys() & {"wait", "starve"}
    ]
    return waits[-1] if waits else ""
