"""Plausible sets as a file: one row per set, one column per parameter, and how they were found."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior
from myeloniche.errors import TableError, UnknownNameError, raise_all

__all__ = ["PlausibleSets", "read_sets", "shipped_sets", "write_sets"]

_DIGITS = 4
_SHIPPED = "plausible_sets.tsv"


@dataclass(frozen=True, eq=False)
class PlausibleSets:
    """Parameter sets that the findings allow.

    Attributes
    ----------
    names
        Parameters by user name; each stands for its row of the tables.
    factors
        Their values over the tables' values, shape (set, parameter).
    provenance
        How they were found, as key and value.
    """

    names: tuple[str, ...]
    factors: NDArray[np.float64]
    provenance: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.factors)

    def mappings(self, prior: Prior, count: int | None = None) -> list[dict[str, float]]:
        """Return the first sets as parameter values by user name; what a set does not name stays nominal.

        Raises
        ------
        UnknownNameError
            If a set names what does not vary in this niche.
        TableError
            If there are fewer sets.
        """
        known = prior.names
        unknown = [UnknownNameError("parameter", name, known) for name in self.names if name not in known]
        raise_all(unknown, title="parameter sets")
        wanted = len(self) if count is None else count
        if wanted > len(self):
            raise TableError(f"got {wanted} sets to use, expected at most the {len(self)} there are")
        mine = prior.among(self.names)
        order = [self.names.index(name) for name in mine.names]
        return mine.mappings(mine.nominal * self.factors[:wanted][:, order])


def write_sets(path: Path, sets: PlausibleSets) -> None:
    """Write sets as tab-separated factors of four digits, with comments on where they come from."""
    lines = [f"# {key}: {value}" for key, value in sets.provenance.items()]
    lines.append("\t".join(sets.names))
    lines += ["\t".join(f"{factor:.{_DIGITS}g}" for factor in row) for row in sets.factors]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def rounded(factors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return factors as a file will hold them, so that what is scored is what is shipped."""
    return np.array([[float(f"{factor:.{_DIGITS}g}") for factor in row] for row in factors])


def read_sets(path: Path) -> PlausibleSets:
    """Read a file of sets.

    Raises
    ------
    TableError
        If a row has another number of columns or something that is no number.
    """
    return _parsed(path.read_text("utf-8"), path.name)


def shipped_sets() -> PlausibleSets:
    """Return the plausible sets that come with the package.

    Raises
    ------
    TableError
        If this version of the package comes with none.
    """
    file = files("myeloniche.calibration").joinpath(_SHIPPED)
    if not file.is_file():
        raise TableError(
            "this version of the package comes without plausible sets. Find some with 'myeloniche calibrate "
            "--out sets.tsv' and name them with --sets-file."
        )
    return _parsed(file.read_text("utf-8"), _SHIPPED)


def _parsed(text: str, where: str) -> PlausibleSets:
    lines = text.splitlines()
    comments = [line.removeprefix("# ") for line in lines if line.startswith("#")]
    provenance = {key: value for key, _, value in (line.partition(": ") for line in comments)}
    rows = list(csv.reader(io.StringIO("\n".join(lines[len(comments) :])), delimiter="\t"))
    if len(rows) < 2:
        raise TableError(f"{where}: got no parameter sets, expected a row of names and a row per set")
    names, values = tuple(rows[0]), rows[1:]
    for number, row in enumerate(values, start=len(comments) + 2):
        if len(row) != len(names):
            raise TableError(f"{where}:{number}: got {len(row)} numbers, expected {len(names)}")
    try:
        factors = np.array(values, np.float64)
    except ValueError as error:
        raise TableError(f"{where}: expected numbers in every row, {error}") from error
    return PlausibleSets(names, factors, provenance)
