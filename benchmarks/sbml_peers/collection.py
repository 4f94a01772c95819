"""A collection of SBML models with perturbed parameter values and tight reference trajectories.

A folder of five files:

- ``index.tsv``, a row per model: ``model``, ``reactions``, ``events``, ``t_end``, ``abs`` (absolute tolerance
  at a relative one of 1e-6) and ``ref_uncertainty`` (how far the reference itself may be off);
- ``models.tar.gz``, the SBML files, ``NAME.xml``;
- ``nominal.tar.gz``, ``NAME.csv`` with the lines ``id,parameter,value`` and ``id,state,kind``, where the kind
  is ``conc``, ``amount`` or ``value``: the number that the id has in formulas;
- ``factors.tar.gz``, ``NAME.csv``, a column per parameter and a row per member: its value over the nominal
  one;
- ``reference.tar.gz``, ``NAME.csv`` with ``trajectory,time`` and a column per state: the first members at
  tight tolerances, at every fifth of the 101 output times.
"""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["EVERY", "POINTS", "Case", "Collection", "MissingCollection", "State", "open_collection"]

Floats = NDArray[np.float64]

POINTS = 101
EVERY = 5
FILES = ("index.tsv", "models.tar.gz", "nominal.tar.gz", "factors.tar.gz", "reference.tar.gz")


class MissingCollection(Exception):
    """There is no collection at the path given."""


class State(NamedTuple):
    """A state and what its number is: ``conc``, ``amount`` or ``value``."""

    id: str
    kind: str


@dataclass(frozen=True)
class Case:
    """A model, the members to integrate, and what is known about them.

    Attributes
    ----------
    name, sbml
        The model.
    parameters, values
        Ids of the perturbed parameters, and their values, shape (member, parameter).
    states
        What to show.
    reactions, events
        How many the model has.
    end, atol
        Last output time in the model's unit, and absolute tolerance at a relative one of 1e-6.
    reference
        Trajectories of the first members, shape (member, time, state); NaN where there is none.
    uncertainty
        Largest error of the reference itself.
    """

    name: str
    sbml: str
    parameters: tuple[str, ...]
    values: Floats
    states: tuple[State, ...]
    reactions: int
    events: int
    end: float
    atol: float
    reference: Floats
    uncertainty: float

    def write(self, folder: Path) -> Path:
        """Write the SBML file and return its path."""
        path = folder / f"{self.name}.xml"
        path.write_text(self.sbml, "utf-8")
        return path


@dataclass(frozen=True)
class Collection:
    """All files of a collection by name, unpacked."""

    index: Sequence[Mapping[str, str]]
    files: Mapping[str, Mapping[str, str]]

    @property
    def names(self) -> tuple[str, ...]:
        """The models, in the order of the index."""
        return tuple(row["model"] for row in self.index)

    def case(self, name: str) -> Case:
        """Return a model with its members.

        Raises
        ------
        MissingCollection
            If the collection has no model of that name.
        """
        if name not in self.names:
            raise MissingCollection(f"got the model {name!r}, expected one of {', '.join(self.names)}")
        row = self.index[self.names.index(name)]
        lines = list(csv.reader(io.StringIO(self.files["nominal"][f"{name}.csv"])))
        nominal = {line[0]: float(line[2]) for line in lines if line[1] == "parameter"}
        states = tuple(State(line[0], line[2]) for line in lines if line[1] == "state")
        header, factors = _table(self.files["factors"][f"{name}.csv"])
        if header != tuple(nominal):
            raise MissingCollection(f"{name}: the columns of the factors are not the nominal parameters")
        _, reference = _table(self.files["reference"][f"{name}.csv"])
        times = (POINTS - 1) // EVERY + 1
        values = np.array(list(nominal.values())) * factors
        known = reference[:, 2:].reshape(-1, times, len(states))
        first = _solved_first(known)
        return Case(
            name=name,
            sbml=self.files["models"][f"{name}.xml"],
            parameters=header,
            values=np.concatenate([values[first], values[len(first) :]]),
            states=states,
            reactions=int(row["reactions"]),
            events=int(row["events"]),
            end=float(row["t_end"]),
            atol=float(row["abs"]),
            reference=known[first],
            uncertainty=float(row["ref_uncertainty"]),
        )


def open_collection(path: Path) -> Collection:
    """Read a collection.

    Raises
    ------
    MissingCollection
        If a file of it is not there.
    """
    absent = [name for name in FILES if not (path / name).is_file()]
    if absent:
        raise MissingCollection(
            f"no collection of models at {path}: {', '.join(absent)} not found. The models are other "
            "people's and not part of this project; docs/benchmarks.md says which they are and what the "
            "files hold. Give the folder with --collection."
        )
    with (path / "index.tsv").open(encoding="utf-8", newline="") as file:
        index = list(csv.DictReader(file, delimiter="\t"))
    return Collection(index, {name.split(".")[0]: _unpacked(path / name) for name in FILES[1:]})


def _solved_first(reference: Floats) -> NDArray[np.int64]:
    """Return the places of members with a reference, solved ones first, as the first is tried alone."""
    unsolved = np.isnan(reference).any(axis=(1, 2))
    return np.argsort(unsolved, kind="stable")


def _unpacked(path: Path) -> dict[str, str]:
    with tarfile.open(path) as archive:
        read = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: file.read().decode("utf-8") for name, file in read.items() if file is not None}


def _table(text: str) -> tuple[tuple[str, ...], Floats]:
    header, *rows = text.splitlines()
    numbers = np.array([[float(cell) if cell else np.nan for cell in row.split(",")] for row in rows])
    return tuple(header.split(",")), numbers
