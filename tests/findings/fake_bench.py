"""A bench without a model: courses that follow simple made-up numbers, for tests of verdicts and pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from myeloniche.findings.panel import Panel, agents, protocol
from myeloniche.findings.scoreboard import Run
from myeloniche.findings.verdict import Course
from myeloniche.units import times

LOWERING = frozenset({"LLZ1640-2", "TAK1 siRNA", "SMI-16a", "doxorubicin"})
_INSTRUMENTS = {"blot": "relative", "nuclear": "nM", "qPCR": "relative", "secreted": "nM"}


def is_lowering(agent: str) -> bool:
    return agent in LOWERING


def do_panels(jobs: Sequence[tuple[Panel, str]]) -> list[Run]:
    return [_run(panel, cell) for panel, cell in jobs]


def _run(panel: Panel, cell: str) -> Run:
    content = protocol(panel, cell)
    courses: dict[tuple[str, str, str], Course] = {}
    for measure in content["measure"]:
        names, instance = _measured(measure)
        for arm in content["arms"]:
            if arm["name"] in measure.get("arms", [arm["name"]]):
                for name in names:
                    courses[arm["name"], name, instance] = _course(arm, name, measure.get("at"))
    statuses = {arm["name"]: "ok" for arm in content["arms"]}
    return Run(panel, cell, courses, statuses)


def _measured(measure: Mapping[str, Any]) -> tuple[list[str], str]:
    for instrument in _INSTRUMENTS:
        if instrument in measure:
            prefix = "nuclear " if instrument == "nuclear" else ""
            return [prefix + name for name in measure[instrument]], measure["in"]
    name = next(key for key in measure if key not in ("at", "arms", "in"))
    return [name], measure[name]


def _course(arm: Mapping[str, Any], readout: str, at: str | None) -> Course:
    points = times(at).hours if at else (24.0,)
    return Course(points, tuple(_value(arm, readout, time, at is not None) for time in points), "relative")


def _value(arm: Mapping[str, Any], readout: str, time: float, timed: bool) -> float:
    given = agents(arm)
    blocked = 0.1 if "TAK1 siRNA" in given else 1 / (1 + 3 * _dose(arm)) if "LLZ1640-2" in given else 1.0
    if readout == "adherent fraction":
        return 0.2 * blocked + 0.05
    if readout in ("annexin V", "cleaved caspase-3", "cleaved caspase-8", "cleaved caspase-9"):
        return 0.05 + 0.5 * (1 - blocked)
    stimulus = 2.0 if given & {"TNF", "IL-6"} or "coculture" in arm else 0.0
    if timed:
        stimulus *= time / 0.1 * math.exp(1 - time / 0.1) if time else 0.0
    if readout == "IkBa":
        return 1 / (1 + stimulus * blocked)
    base = 0.05 if arm.get("culture") == "PBMC" else 1.0
    return base * (blocked + stimulus * blocked * (blocked > 0.5) + 0.1)


def _dose(arm: Mapping[str, Any]) -> float:
    doses = [step["add"]["dose"] for step in arm["steps"] if step.get("add", {}).get("drug") == "LLZ1640-2"]
    return float(doses[0].split()[0])
