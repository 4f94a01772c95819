"""A population of patients: what they differ in, what goes together, and who is left out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError
from myeloniche.trials.patients.copula import MOST_PATIENTS, correlated, sobol
from myeloniche.trials.patients.limits import Limit, broken
from myeloniche.trials.patients.marginals import Covariate
from myeloniche.trials.patients.streams import Purpose, stream

if TYPE_CHECKING:
    import pyarrow

__all__ = ["REJECTED", "Population", "rejections"]

Floats = NDArray[np.float64]
Columns = dict[str, Any]

REJECTED = b"rejected"
"""Key of a drawn table's metadata: why patients were drawn again, and how often, as JSON."""

_MOST_REDRAWS = 1000


@dataclass(frozen=True, eq=False)
class Population:
    """A population that patients are drawn from.

    Attributes
    ----------
    name, title
        What it is called.
    covariates
        What patients differ in.
    correlation
        Between normal scores of the covariates, shape (covariate, covariate).
    limits
        What no patient is like.
    sets
        Number of plausible sets that patients are spread over; 0 for the model's own numbers.
    content
        The text it was read from, which is all there is to know.
    """

    name: str
    title: str
    covariates: tuple[Covariate, ...]
    correlation: Floats
    limits: tuple[Limit, ...] = ()
    sets: int = 0
    content: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the covariates."""
        return tuple(covariate.name for covariate in self.covariates)

    def draw(self, count: int, seed: int, *, first: int = 0) -> pyarrow.Table:
        """Return patients.

        Parameters
        ----------
        count
            How many.
        seed
            Seed of the whole population.
        first
            Number of the first patient. A patient is the same however many others are drawn with it.

        Returns
        -------
        One row per patient: ``patient``, the covariates and ``plausible_set``, -1 where the model's own
        numbers hold. The metadata say under :data:`REJECTED` why patients were drawn again, and how often.

        Raises
        ------
        ExperimentError
            If there are not so many patients, or hardly any draw is plausible.
        """
        import pyarrow

        _check_range(first, count)
        dimensions = len(self.covariates) + 1
        uniform = sobol(first, first + count, dimensions, seed) if count else np.empty((0, dimensions))
        columns, reasons = self._columns(uniform)
        rejected: Counter[str] = Counter()
        for place, reason in enumerate(reasons):
            if reason:
                rejected[reason] += 1
                self._redraw(columns, place, stream(seed, Purpose.REDRAW, first + place), rejected)
        kinds = {one.name: pyarrow.string() if one.is_text else pyarrow.float64() for one in self.covariates}
        arrays = {
            name: pyarrow.array(values.tolist(), kinds.get(name, pyarrow.int64()))
            for name, values in columns.items()
        }
        table = pyarrow.table({"patient": pyarrow.array(range(first, first + count), "int64"), **arrays})
        return table.replace_schema_metadata({REJECTED: json.dumps(dict(sorted(rejected.items())))})

    @cached_property
    def _factor(self) -> Floats:
        factor: Floats = np.asarray(np.linalg.cholesky(self.correlation), np.float64)
        return factor

    def _columns(self, uniform: Floats) -> tuple[Columns, list[str]]:
        """Return the covariates at independent quantiles, and why a patient is left out."""
        quantiles = correlated(uniform[:, :-1], self._factor)
        columns: Columns = {
            covariate.name: covariate.at(quantiles[:, place])
            for place, covariate in enumerate(self.covariates)
        }
        reasons = broken(self.limits, columns, len(uniform))
        sets = np.floor(uniform[:, -1] * self.sets).astype(np.int64)
        columns["plausible_set"] = sets if self.sets else sets - 1
        return columns, reasons

    def _redraw(self, columns: Columns, place: int, rng: np.random.Generator, rejected: Counter[str]) -> None:
        """Draw a patient from its own stream until it is plausible."""
        for _ in range(_MOST_REDRAWS):
            drawn, (reason,) = self._columns(rng.random((1, len(self.covariates) + 1)))
            if not reason:
                for name, values in drawn.items():
                    columns[name][place] = values[0]
                return
            rejected[reason] += 1
        raise ExperimentError(
            f"population {self.name!r}: got no plausible patient in {_MOST_REDRAWS} draws, rejected because "
            f"of {', '.join(rejected)}. Widen the limits or move the covariates."
        )


def rejections(*tables: pyarrow.Table) -> dict[str, int]:
    """Return how often each reason led to a new draw of a patient of some tables, the most frequent first."""
    counted: Counter[str] = Counter()
    for table in tables:
        counted.update(json.loads((table.schema.metadata or {}).get(REJECTED, b"{}")))
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))


def _check_range(first: int, count: int) -> None:
    if first < 0 or count < 0 or first + count > MOST_PATIENTS:
        raise ExperimentError(
            f"got patients {first} to {first + count}, expected numbers from 0 to {MOST_PATIENTS}."
        )
