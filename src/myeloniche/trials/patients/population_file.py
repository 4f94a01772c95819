"""Reading populations from YAML, with every problem of a file at its line."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError, MyelonicheError, TableError, UnknownNameError, raise_all
from myeloniche.lab.readouts.formula import read_formula
from myeloniche.trials.patients.limits import Limit
from myeloniche.trials.patients.marginals import SHAPES, Covariate
from myeloniche.trials.patients.population import Population
from myeloniche.yaml_file import EntryPath, YamlFile, parse_yaml, unknown_key

__all__ = ["populations", "read_population"]

_KEYS = ("title", "source", "covariates", "correlations", "limits", "plausible_sets")
_COVARIATE_KEYS = ("unit", "distribution", "source", "low", "high", "shares", "note")
_CORRELATION_KEYS = ("between", "value", "source")
_LIMIT_KEYS = ("formula", "low", "high", "reason", "source")


def populations() -> tuple[str, ...]:
    """Return the names of the populations that ship with the package."""
    folder = files("myeloniche.trials.patients").joinpath("populations")
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir()))


def read_population(source: str | Path, *, folder: Path | None = None, where: str = "") -> Population:
    """Read a population: a shipped one by its name, or a YAML file by its path.

    Parameters
    ----------
    source
        Name or path.
    folder
        Where a path starts; the working directory by default.
    where
        Place that names it, for errors.

    Raises
    ------
    MyelonicheError
        With every problem of the file, each with its line.
    """
    if str(source) in populations():
        name = f"{source}.yaml"
        text = files("myeloniche.trials.patients").joinpath("populations", name).read_text("utf-8")
        return _Reader(parse_yaml(text, name), text).population()
    path = (folder or Path()) / source
    if path.suffix not in (".yaml", ".yml"):
        raise UnknownNameError("population", str(source), populations(), where=where)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExperimentError(f"{path}: cannot be read: {error}. Check the path.") from error
    return _Reader(parse_yaml(text, path.name), text).population()


class _Reader:
    """One file while it is read; problems are gathered."""

    def __init__(self, file: YamlFile, text: str) -> None:
        self.file = file
        self.text = text
        self.problems: list[MyelonicheError] = []

    def population(self) -> Population:
        """Return the population, or raise every problem."""
        data = self.file.data
        if not isinstance(data, dict) or not isinstance(data.get("covariates"), dict):
            raise TableError(f"{self.file.name}: got no covariates, expected 'covariates: {{age_y: ...}}'.")
        self._refuse_unknown((), data, _KEYS, "a population")
        covariates = tuple(
            one
            for name, row in data["covariates"].items()
            if (one := self._covariate(("covariates", name), str(name), row)) is not None
        )
        names = [str(name) for name in data["covariates"]]  # those with problems too
        texts = {covariate.name for covariate in covariates if covariate.is_text}
        correlation = self._correlation(names, data.get("correlations") or [])
        numeric = [name for name in names if name not in texts]
        limits = [
            self._limit(("limits", place), row, numeric) for place, row in enumerate(data.get("limits") or [])
        ]
        sets = self._number(("plausible_sets",), data.get("plausible_sets", 0))
        raise_all(self.problems, title=self.file.name)
        name = self.file.name.removesuffix(".yaml")
        kept = tuple(limit for limit in limits if limit is not None)
        return Population(
            name, str(data.get("title", name)), covariates, correlation, kept, int(sets), self.text
        )

    def _covariate(self, path: EntryPath, name: str, row: Any) -> Covariate | None:
        """Return one covariate; None after noting what is wrong with it."""
        if not self._is_row(path, row, _COVARIATE_KEYS, ("unit", "source", "distribution"), "a covariate"):
            return None
        shape: Any = row["distribution"]
        given: Any = {}
        if isinstance(shape, dict) and len(shape) == 1:
            shape, given = next(iter(shape.items()))
        if shape not in SHAPES or not isinstance(given, dict):
            self._problem(path, f"got distribution {shape!r}, expected one of {', '.join(SHAPES)}")
            return None
        before = len(self.problems)
        listed = {key: self._number((*path, "distribution"), number) for key, number in given.items()}
        edges = {key: self._number((*path, key), row[key]) for key in ("low", "high") if key in row}
        if len(self.problems) > before:
            return None
        own = listed if shape != "choice" else {}
        shares = listed if shape == "choice" else {}
        try:
            return Covariate(name, str(row["unit"]), str(row["source"]), shape, own, shares, **edges)
        except TableError as error:
            self._problem(path, str(error).removesuffix("."))
            return None

    def _correlation(self, names: list[str], rows: Any) -> NDArray[np.float64]:
        """Return the correlations, refusing those that cannot be."""
        matrix = np.eye(len(names))
        for place, row in enumerate(rows):
            path = ("correlations", place)
            if not self._is_row(path, row, _CORRELATION_KEYS, _CORRELATION_KEYS, "a correlation"):
                continue
            pair, value = list(row["between"]), self._number((*path, "value"), row["value"])
            unknown = [str(name) for name in pair if name not in names]
            self.problems += [
                UnknownNameError("covariate", name, names, where=self.file.where(path)) for name in unknown
            ]
            if len(pair) != 2 or not -1 < value < 1 or len(set(pair)) == 1:
                self._problem(path, "expected two covariates and a value between -1 and 1")
            elif not unknown:
                first, second = (names.index(name) for name in pair)
                matrix[first, second] = matrix[second, first] = value
        if np.linalg.eigvalsh(matrix)[0] <= _SMALLEST:
            self._problem(("correlations",), "these correlations cannot all hold at once; weaken some")
        return matrix

    def _limit(self, path: EntryPath, row: Any, names: list[str]) -> Limit | None:
        """Return one limit; None after noting what is wrong with it."""
        if not self._is_row(path, row, _LIMIT_KEYS, ("formula", "reason", "source"), "a limit"):
            return None
        try:
            formula = read_formula(str(row["formula"]), where=self.file.where(path))
        except TableError as error:
            self.problems.append(error)
            return None
        self.problems += [
            UnknownNameError("covariate", name, names, where=self.file.where(path))
            for name in formula.names
            if name not in names
        ]
        low, high = (
            self._number((*path, key), row.get(key, edge))
            for key, edge in (("low", -np.inf), ("high", np.inf))
        )
        if not low < high:
            self._problem(path, f"got a limit from {low:g} to {high:g}, expected 'low' below 'high'")
        return Limit(formula, low, high, str(row["reason"]))

    def _is_row(
        self, path: EntryPath, row: Any, known: tuple[str, ...], needed: tuple[str, ...], what: str
    ) -> bool:
        """Return whether an entry is a mapping with what it needs, noting what is wrong."""
        if not isinstance(row, dict):
            self._problem(path, f"got {row!r}, expected {what} with {', '.join(needed)}")
            return False
        self._refuse_unknown(path, row, known, what)
        lacking = [key for key in needed if key not in row]
        if lacking:
            self._problem(path, f"{what} lacks {', '.join(lacking)}; add it")
        return not lacking

    def _refuse_unknown(
        self, path: EntryPath, entry: Mapping[str, Any], known: tuple[str, ...], what: str
    ) -> None:
        self.problems += [unknown_key(self.file, path, key, known, what) for key in entry if key not in known]

    def _number(self, path: EntryPath, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._problem(path, f"got {value!r}, expected a number")
            return 0.0
        return float(value)

    def _problem(self, path: EntryPath, text: str) -> None:
        self.problems.append(TableError(f"{self.file.where(path)}: {text}."))


_SMALLEST = 1e-9
