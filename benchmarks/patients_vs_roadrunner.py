"""Virtual patients of a trial: this package beside libRoadRunner on what the same patients go through.

Every stretch that the trial hands to the engine, from visit to visit, dose by dose, is given to libRoadRunner
as well: the same equations of the marrow (written as rate rules), numbers, states, doses and tolerances.
Ours is the processor time of the whole trial, with responses, visits and tables. Of libRoadRunner's only the
integration is counted, and only from the first day of therapy on: how healthy marrow comes to rest is left to
us. Run it from the repository's root with

    python -m benchmarks.patients_vs_roadrunner --patients 256 --sample 4
"""

from __future__ import annotations

import argparse
import csv
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import libsbml
import numpy as np
import roadrunner
from numpy.typing import NDArray

from benchmarks.sbml_peers.machine import processor
from benchmarks.sbml_peers.process import pin
from benchmarks.sbml_peers.rows import digits
from myeloniche.engine.expression import TIME, ExpressionGraph
from myeloniche.engine.kernels.compile import host_machine
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.operations import BOOLEAN
from myeloniche.engine.timeline import Member
from myeloniche.trials.clinic import walk
from myeloniche.trials.clinic.simulate import simulate_patients
from myeloniche.trials.evidence.judge import shipped_trial
from myeloniche.trials.protocol.design import Trial

Floats = NDArray[np.float64]

RESULTS = Path(__file__).parent / "results" / "patients_vs_roadrunner.csv"
RTOL, ATOL = walk.RTOL, 1e-9
TIGHT_RTOL, TIGHT_ATOL = 1e-9, 1e-12
_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
    "eq": "==", "ne": "!=", "and": "&&", "or": "||",
}  # fmt: skip


def formulas(graph: ExpressionGraph, nodes: Sequence[int]) -> list[str]:
    """Return nodes as formulas of SBML Level 3."""
    texts: dict[int, str] = {}
    for node in graph.order(nodes):
        operation, operands = graph.nodes[node]
        texts[node] = _formula(graph, operation, operands, texts)
    return [texts[node] for node in nodes]


def _id(name: str) -> str:
    """Return a name of the engine, such as ``process.MM.death``, as SBML wants it."""
    return name.replace(".", "__dot__")


def _formula(
    graph: ExpressionGraph, operation: str, operands: Sequence[Any], texts: Mapping[int, str]
) -> str:
    if operation == "number":
        return f"({float(operands[0])!r})"
    if operation == "symbol":
        return "time" if operands[0] == TIME else _id(operands[0])
    if operation == "select":
        condition = _truth(graph, operands[0], texts)
        then, otherwise = (_number(graph, operand, texts) for operand in operands[1:])
        return f"piecewise({then}, {condition}, {otherwise})"
    if operation in ("and", "or", "not"):
        parts = [_truth(graph, operand, texts) for operand in operands]
        return f"!({parts[0]})" if operation == "not" else f"({parts[0]} {_INFIX[operation]} {parts[1]})"
    parts = [_number(graph, operand, texts) for operand in operands]
    if operation == "neg":
        return f"(-{parts[0]})"
    if operation in _INFIX:
        return f"({parts[0]} {_INFIX[operation]} {parts[1]})"
    return f"{operation}({', '.join(parts)})"


def _truth(graph: ExpressionGraph, node: int, texts: Mapping[int, str]) -> str:
    return texts[node] if graph.nodes[node][0] in BOOLEAN else f"({texts[node]} != 0)"


def _number(graph: ExpressionGraph, node: int, texts: Mapping[int, str]) -> str:
    return f"piecewise(1, {texts[node]}, 0)" if graph.nodes[node][0] in BOOLEAN else texts[node]


def sbml_of(model: OdeModel) -> str:
    """Return the equations of a model as SBML: a parameter with a rate rule per state."""
    document = libsbml.SBMLDocument(3, 2)
    written = document.createModel()
    written.setId("marrow")
    start = dict(zip(model.states, model.graph.evaluate(model.initial, model.nominal), strict=True))
    for name, value in {**model.nominal, **start}.items():
        parameter = written.createParameter()
        parameter.setId(_id(name))
        parameter.setValue(float(value))
        parameter.setConstant(name not in start)
    for name, text in zip(model.states, formulas(model.graph, model.rates), strict=True):
        rule = written.createRateRule()
        rule.setVariable(_id(name))
        math = libsbml.parseL3Formula(text)
        assert math is not None, libsbml.getLastParseL3Error()
        rule.setMath(math)
    return str(libsbml.writeSBMLToString(document))


@dataclass
class Recorded:
    """What a trial handed to the engine from the first day of therapy on, with the states at the end."""

    model: OdeModel | None = None
    members: list[Member] = field(default_factory=list)
    ends: list[Floats] = field(default_factory=list)

    def simulate(self, model: OdeModel, members: Sequence[Member], **settings: Any) -> Any:
        """Integrate as the trial asks for, and remember."""
        found = _ENGINE(model, members, **settings)
        ends = np.cumsum([member.times.size for member in members]) - 1
        self.model = model
        for member, end in zip(members, ends, strict=True):
            if not any(period.until_rest for period in member.timeline):
                self.members.append(member)
                self.ends.append(found.values[end, : len(model.states)])
        return found


_ENGINE = walk.simulate


def ours(trial: Trial, patients: int) -> float:
    """Return processor time per patient [s], with all that a trial does."""
    start = time.process_time()
    simulate_patients(trial, 0, patients, workers=1)
    return (time.process_time() - start) / patients


def recorded(trial: Trial, patients: int) -> Recorded:
    """Return what the first patients go through."""
    record = Recorded()
    with patch.object(walk, "simulate", record.simulate):
        simulate_patients(trial, 0, patients, workers=1)
    return record


class RoadRunner:
    """One member after the other, one stretch between two doses after the other."""

    def __init__(self, model: OdeModel) -> None:
        roadrunner.Logger.disableLogging()
        self.model = model
        self.runner: Any = roadrunner.RoadRunner(sbml_of(model))
        self.runner.integrator.maximum_num_steps = 1_000_000
        self.runner.timeCourseSelections = [_id(name) for name in model.states]

    def run(self, member: Member, rtol: float, atol: float) -> tuple[Floats, float]:
        """Return the states at the end and the processor time of the integration [s]."""
        self.runner.integrator.relative_tolerance = rtol
        self.runner.integrator.absolute_tolerance = atol
        self.runner.resetAll()
        values = {**self.model.nominal, **member.parameters}
        start = self.model.graph.evaluate(self.model.initial, values)
        states = {**dict(zip(self.model.states, map(float, start), strict=True)), **member.initial}
        for name, value in {**member.parameters, **states}.items():
            self.runner[_id(name)] = value
        seconds, row = 0.0, np.full(len(self.model.states), np.nan)
        for period in member.timeline:
            for change in period.changes:
                target = _id(change.target)
                now = float(self.runner[target])
                self.runner[target] = {
                    "set": change.value, "add": now + change.value, "scale": now * change.value,
                }[change.action]  # fmt: skip
            begin = time.process_time()
            row = np.array(self.runner.simulate(0.0, period.duration, 2))[-1]
            seconds += time.process_time() - begin
        return row, seconds


def error(found: Floats, reference: Floats) -> float:
    """Return the largest distance over the reference's value, of states that are there."""
    there = np.abs(reference) > 1000 * ATOL
    return float(np.max(np.abs(found - reference)[there] / np.abs(reference)[there]))


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=256, help="of whom our time is taken")
    parser.add_argument("--sample", type=int, default=4, help="whom libRoadRunner gets")
    parser.add_argument("--core", type=int, default=0)
    options = parser.parse_args()
    pin(options.core)
    trial = shipped_trial("narita")
    record = recorded(trial, options.sample)
    assert record.model is not None
    mine = min(ours(trial, options.patients) for _ in range(2))
    peer = RoadRunner(record.model)
    seconds, failed, theirs, our_errors = 0.0, 0, [], []
    for member, end in zip(record.members, record.ends, strict=True):
        try:
            tight, _ = peer.run(member, TIGHT_RTOL, TIGHT_ATOL)
            row, spent = peer.run(member, RTOL, ATOL)
        except RuntimeError:
            failed += 1
            continue
        seconds += spent
        theirs.append(error(row, tight))
        our_errors.append(error(end, tight))
    row = {
        "patients": options.patients,
        "sample": options.sample,
        "stretches": len(record.members),
        "states": len(record.model.states),
        "ours_ms_per_patient": 1e3 * mine,
        "libroadrunner_ms_per_patient": 1e3 * seconds / options.sample,
        "ratio": seconds / options.sample / mine,
        "our_error_median": float(np.median(our_errors)),
        "our_error_largest": float(np.max(our_errors)),
        "libroadrunner_error_median": float(np.median(theirs)),
        "libroadrunner_error_largest": float(np.max(theirs)),
        "libroadrunner_failed": failed,
        "libroadrunner": roadrunner.__version__,
        "processor": processor(),
        "lanes": host_machine().lanes,
        "python": platform.python_version(),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    with RESULTS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row, lineterminator="\n")
        writer.writeheader()
        writer.writerow({name: digits(value) for name, value in row.items()})
    for name, value in row.items():
        print(name, digits(value))


if __name__ == "__main__":
    main()
