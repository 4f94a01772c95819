"""The laboratory: experiments as done at the bench, and what the instruments show."""

from myeloniche.lab.animal import Animal, animal
from myeloniche.lab.balance import balanced_rows
from myeloniche.lab.culture import Culture, SideBySide, coculture, culture, side_by_side
from myeloniche.lab.experiment import Arm, Experiment, Measure, Replicates, Step
from myeloniche.lab.laboratory import Laboratory, open_laboratory
from myeloniche.lab.reader import read_experiments
from myeloniche.lab.result import ExperimentResult, Series
from myeloniche.lab.run import check, run

__all__ = [
    "Animal",
    "Arm",
    "Culture",
    "Experiment",
    "ExperimentResult",
    "Laboratory",
    "Measure",
    "Replicates",
    "Series",
    "SideBySide",
    "Step",
    "animal",
    "balanced_rows",
    "check",
    "coculture",
    "culture",
    "open_laboratory",
    "read_experiments",
    "run",
    "side_by_side",
]
