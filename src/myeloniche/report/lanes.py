"""What stands over the lanes of a blot: who got what, read from the arms of the experiment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from myeloniche.lab.experiment import Arm, Step
from myeloniche.report.blot import Annotation
from myeloniche.report.words import pretty

__all__ = ["annotated", "last_agent", "titles"]

_ABSENT, _PRESENT = "−", "+"
_FULL_SERUM = "10% FBS"
_STROMA = "BMSC"
_HARVEST = "harvest"

Fact = tuple[str, str]


def annotated(arms: Sequence[Arm], *, measured: str) -> tuple[Annotation, ...]:
    """Return one line per thing in which the arms differ.

    Parameters
    ----------
    arms
        One per lane.
    measured
        Cell type that is lysed, ``MM`` or ``BMSC``; its partner gets a line of its own.
    """
    facts = [dict(_facts(arm, measured)) for arm in arms]
    labels = sorted(dict.fromkeys(label for fact in facts for label in fact), key=_HARVEST.__eq__)
    lines = [Annotation(pretty(label), tuple(fact.get(label, _ABSENT) for fact in facts)) for label in labels]
    return tuple(line for line in lines if len(set(line.marks)) > 1)


def titles(arms: Sequence[Arm]) -> list[str]:
    """Return the names of arms for axes and legends, with the time of harvest where it differs."""
    times = [_harvest(arm) for arm in arms]
    differ = len(set(times)) > 1
    names = [f"{arm.name}, {time}" if differ else arm.name for arm, time in zip(arms, times, strict=True)]
    return [pretty(name) for name in names]


def last_agent(arm: Arm) -> str:
    """Return what was added last, from which a time course counts."""
    added = [step.text("drug") for step in arm.steps if step.word == "add"]
    return pretty(added[-1]) if added else "the last step"


def _facts(arm: Arm, measured: str) -> Iterator[Fact]:
    """Yield (label, mark) for each thing that an arm has."""
    if arm.animal:
        yield "animal", arm.animal
    else:
        yield from _dish(arm, measured)
    for step in arm.steps:
        if step.word in _FACTS:
            yield _FACTS[step.word](step)
    yield _HARVEST, _harvest(arm)


def _dish(arm: Arm, measured: str) -> Iterator[Fact]:
    """Yield what a dish holds."""
    cells = [*arm.cells, *(step.text("cells") for step in arm.steps if step.word == "add_cells")]
    lysed = next((cell for cell in cells if (cell == _STROMA) == (measured == _STROMA)), cells[0])
    yield "cells", lysed
    for partner in cells:
        if partner != lysed:
            yield f"with {partner}", _PRESENT
    serum = [step.text("serum") for step in arm.steps if step.text("serum")]
    yield "FBS (%)", (serum or [_FULL_SERUM])[-1].split("%")[0].strip()


def _added(step: Step) -> Fact:
    size, _, unit = step.text("dose").partition(" ")
    return f"{step.text('drug')} ({unit})", size


def _by(word: str) -> Callable[[Step], Fact]:
    def fact(step: Step) -> Fact:
        return f"{step.text('target')} {word}", step.text("by") or step.text("fold") or _PRESENT

    return fact


_FACTS: Mapping[str, Callable[[Step], Fact]] = MappingProxyType(
    {
        "add": _added,
        "transfect": lambda step: (step.text("with"), _PRESENT),
        "knock_down": _by("knock-down"),
        "knock_out": _by("knock-out"),
        "overexpress": _by("over-expressed"),
        "inhibit": _by("inhibited"),
        "clamp": _by("clamped"),
        "conditioned_medium": lambda step: ("conditioned medium", step.text("fraction") or _PRESENT),
        "wash": lambda _: ("washed", _PRESENT),
        "dose": lambda step: (step.text("drug"), step.text("regimen")),
        "inject": lambda step: (f"{step.text('cells')} in {step.text('into')}", _PRESENT),
        "surgery": lambda step: (step.text("what"), _PRESENT),
        "remove_cells": lambda step: (f"{step.text('in')} removed", _PRESENT),
    }
)


def _harvest(arm: Arm) -> str:
    waits = [step.text("for") for step in arm.steps if step.text("for")]
    return waits[-1] if waits else ""
