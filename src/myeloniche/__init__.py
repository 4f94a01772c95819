"""An in-silico laboratory of the multiple-myeloma bone niche.

::

    import myeloniche as mn

    blot = (mn.culture("RPMI8226")
              .starve("1% FBS", "12 h")
              .add("LLZ1640-2", "3 uM").wait("3 h")
              .add("TNF", "10 ng/mL")
              .blot("p-TAK1", "IkBa", at="0 5 15 30 60 min"))
    print(blot.table())

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from myeloniche.findings.score import score
    from myeloniche.lab.animal import Animal, animal
    from myeloniche.lab.culture import Culture, coculture, culture, side_by_side
    from myeloniche.lab.experiment import Arm, Experiment, Measure, Replicates, Step
    from myeloniche.lab.laboratory import open_laboratory
    from myeloniche.lab.reader import read_experiments
    from myeloniche.lab.result import ExperimentResult
    from myeloniche.lab.run import run
    from myeloniche.niche.niche import load
    from myeloniche.pharmacology.drug_file import load_drugs
    from myeloniche.report.results import write_results

__all__ = [
    "Animal",
    "Arm",
    "Culture",
    "Experiment",
    "ExperimentResult",
    "Measure",
    "Replicates",
    "Step",
    "animal",
    "coculture",
    "culture",
    "load",
    "load_drugs",
    "open_laboratory",
    "read_experiments",
    "run",
    "score",
    "side_by_side",
    "write_results",
]

_MODULES = {
    "Animal": "lab.animal",
    "Arm": "lab.experiment",
    "Culture": "lab.culture",
    "Experiment": "lab.experiment",
    "ExperimentResult": "lab.result",
    "Measure": "lab.experiment",
    "Replicates": "lab.experiment",
    "Step": "lab.experiment",
    "animal": "lab.animal",
    "coculture": "lab.culture",
    "culture": "lab.culture",
    "load": "niche.niche",
    "load_drugs": "pharmacology.drug_file",
    "open_laboratory": "lab.laboratory",
    "read_experiments": "lab.reader",
    "run": "lab.run",
    "score": "findings.score",
    "side_by_side": "lab.culture",
    "write_results": "report.results",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
