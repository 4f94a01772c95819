"""What an experiment gave: series per arm and readout, tables, tests and references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import UnknownNameError
from myeloniche.lab.experiment import Experiment
from myeloniche.lab.readouts.instrument import INSTRUMENTS
from myeloniche.lab.readouts.table import MEDIUM
from myeloniche.lab.significance import Significance, one_way_anova, student_t_test
from myeloniche.niche.tables import Reference
from myeloniche.pharmacology.names import folded

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

__all__ = ["OK", "ExperimentResult", "Series"]

OK = "ok"
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Series:
    """One readout of one arm over time.

    Attributes
    ----------
    readout, instrument, instance
        What was read, with what and in which cell type (empty for the medium).
    unit
        Unit of the values.
    times_h
        Times on the measurement's clock [h], shape (time,).
    replicates
        Values, shape (replicate, time); NaN for a repeat that failed.
    window
        Whether the times sample a window within which the extreme is of interest.
    """

    readout: str
    instrument: str
    instance: str
    unit: str
    times_h: Array
    replicates: Array
    window: bool = False

    @property
    def values(self) -> Array:
        """Mean of the repeats, shape (time,); NaN if one of them failed."""
        return np.asarray(self.replicates.mean(axis=0))

    @property
    def sd(self) -> Array:
        """Standard deviation of the repeats, shape (time,); 0 for a single one."""
        if len(self.replicates) < 2:
            return np.zeros_like(self.times_h)
        return np.asarray(self.replicates.std(axis=0, ddof=1))

    @property
    def label(self) -> str:
        """The readout with the cell type it was read in."""
        return f"{self.readout} in {self.instance}" if self.instance else self.readout

    def at(self, time_h: float) -> float:
        """Return the mean at a time [h], between measurements by straight line."""
        return float(np.interp(time_h, self.times_h, self.values))


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """What an experiment gave.

    Attributes
    ----------
    experiment
        What was done.
    arms
        Series by arm and by label, ``p-TAK1 in MM``.
    statuses
        Status of every repeat by arm; anything but ``ok`` means that its values are NaN.
    sources
        Publications behind the run.
    parameter_set
        Position among the parameter sets that were run, None for the nominal one.
    """

    experiment: Experiment
    arms: Mapping[str, Mapping[str, Series]]
    statuses: Mapping[str, tuple[str, ...]]
    sources: tuple[Reference, ...] = ()
    parameter_set: int | None = None

    @property
    def status_counts(self) -> dict[str, int]:
        """How many members ended with each status."""
        every = [status for statuses in self.statuses.values() for status in statuses]
        return {status: every.count(status) for status in sorted(set(every))}

    @property
    def failed(self) -> int:
        """How many members failed."""
        return sum(count for status, count in self.status_counts.items() if status != OK)

    def series(self, arm: str, readout: str, cell: str = "") -> Series:
        """Return a readout of an arm.

        Parameters
        ----------
        arm
            Name of the arm.
        readout
            Name of the readout, with or without the cell type: ``PIM2`` or ``PIM2 in BMSC``.
        cell
            Cell type or ``medium``; needed if the readout was read in two.

        Raises
        ------
        UnknownNameError
            With the nearest names, if there is none, or more than one.
        """
        if arm not in self.arms:
            raise UnknownNameError("arm", arm, self.arms, where=self.experiment.title)
        found = [
            series
            for label, series in self.arms[arm].items()
            if folded(readout) in (folded(label), folded(series.readout))
            and cell in ("", series.instance or MEDIUM)
        ]
        if len(found) != 1:
            every = [*self.arms[arm], *(series.readout for series in self.arms[arm].values())]
            known = [series.label for series in found] or every
            raise UnknownNameError("readout", f"{readout} in {cell}" if cell else readout, known)
        return found[0]

    def shown(self, arm: str, label: str) -> Array:
        """Return a series as its instrument shows it, shape (time,).

        A blot and a qPCR are relative to the first sample of the first arm, a viability to the first arm at
        the same time.
        """
        series = self.arms[arm][label]
        instrument = INSTRUMENTS[series.instrument]
        control = next((arms[label] for arms in self.arms.values() if label in arms), series)
        if instrument.scale == "reference":
            return instrument.show(series.values, float(control.values[0]))
        if instrument.scale == "control":
            shown = [
                float(instrument.show(np.array([value]), control.at(float(time)))[0])
                for time, value in zip(series.times_h, series.values, strict=True)
            ]
            return np.array(shown)
        return series.values

    def records(self) -> list[dict[str, Any]]:
        """Return one record per arm, readout and time, with raw and shown values and their units."""
        return [
            {
                "arm": arm,
                "readout": series.readout,
                "cells": series.instance,
                "instrument": series.instrument,
                "time_h": float(time),
                "value": float(value),
                "sd": float(sd),
                "unit": series.unit,
                "shown": float(shown),
                "shown_unit": INSTRUMENTS[series.instrument].unit or series.unit,
            }
            for arm, by_label in self.arms.items()
            for label, series in by_label.items()
            for time, value, sd, shown in zip(
                series.times_h, series.values, series.sd, self.shown(arm, label), strict=True
            )
        ]

    def table(self) -> str:
        """Return the result as text: a row per arm and time, a column per readout as it is shown."""
        cells: dict[tuple[str, float], dict[str, str]] = {}
        units: dict[str, str] = {}
        for record in self.records():
            label = f"{record['readout']} in {record['cells']}" if record["cells"] else record["readout"]
            units[label] = record["shown_unit"]
            cells.setdefault((record["arm"], record["time_h"]), {})[label] = f"{record['shown']:.3g}"
        header = ["arm", "time [h]", *(f"{label} [{unit}]" for label, unit in units.items())]
        rows = [
            [arm, f"{time:.4g}", *(values.get(label, "") for label in units)]
            for (arm, time), values in cells.items()
        ]
        total = sum(self.status_counts.values())
        failed = f"\n{self.failed} of {total} members failed" if self.failed else ""
        return _aligned([header, *rows]) + failed

    def significance(self, readout: str, cell: str = "", *, at_h: float | None = None) -> Significance:
        """Return the test that the experiment names, at a time (the last one if not given).

        Student's t-test compares two arms, the analysis of variance all of them; arms in which it was not
        read have no part.

        Raises
        ------
        ExperimentError
            If there are too few arms or repeats.
        """
        reading = [
            arm
            for arm, by_label in self.arms.items()
            if any(folded(readout) in (folded(label), folded(one.readout)) for label, one in by_label.items())
        ]
        groups = [self._repeats(arm, readout, cell, at_h) for arm in reading or self.arms]
        if self.experiment.replicates.test == "t-test" and len(groups) == 2:
            return student_t_test(*groups)
        return one_way_anova(groups)

    def to_xarray(self) -> xarray.Dataset:
        """Return the result as a dataset: one variable per readout with dimensions arm, replicate and time.

        Times at which an arm was not read are NaN; attributes carry the unit.
        """
        import xarray

        labels = dict.fromkeys(label for by_label in self.arms.values() for label in by_label)
        return xarray.Dataset(
            {label: self._array(label) for label in labels}, attrs={"title": self.experiment.title}
        )

    def references(self) -> tuple[str, ...]:
        """Return the publications behind this very run, as citations."""
        return tuple(
            f"{source.citation}. doi:{source.doi}" if source.doi else f"{source.citation}."
            for source in self.sources
        )

    def plot(self) -> Figure:
        """Return a figure with one panel per readout: curves over time, or bars for a single time."""
        from myeloniche.lab.plot import plot_result

        return plot_result(self)

    def __str__(self) -> str:
        return f"{self.experiment.title}\n{self.table()}"

    def _repeats(self, arm: str, readout: str, cell: str, at_h: float | None) -> Array:
        series = self.series(arm, readout, cell)
        if at_h is None:
            return np.asarray(series.replicates[:, -1])
        return np.array([np.interp(at_h, series.times_h, repeat) for repeat in series.replicates])

    def _array(self, label: str) -> xarray.DataArray:
        import xarray

        found = {arm: by_label[label] for arm, by_label in self.arms.items() if label in by_label}
        arrays = [
            xarray.DataArray(
                series.replicates,
                dims=("replicate", "time"),
                coords={"time": series.times_h, "replicate": np.arange(len(series.replicates))},
            )
            for series in found.values()
        ]
        joined = xarray.concat(arrays, dim="arm", join="outer", coords="minimal", compat="override")
        joined = joined.assign_coords(arm=list(found))
        joined.attrs["units"] = next(iter(found.values())).unit
        joined["time"].attrs["units"] = "h"
        return joined


def _aligned(rows: list[list[str]]) -> str:
    """Return rows of text in columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(entry.ljust(width) for entry, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
