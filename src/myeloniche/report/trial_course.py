"""The course of one patient: tumour, bone and nerves at every visit, with doses, response and progression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from myeloniche.errors import ExperimentError
from myeloniche.report.palette import GREY, INK, OKABE_ITO, plain_axes
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, Floats, numbers
from myeloniche.trials.analysis.marker import marker_column

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_course"]

_TUMOUR, _BONE, _NERVES = OKABE_ITO[0], OKABE_ITO[4], OKABE_ITO[6]
_FRAMES = {
    "m_protein_g_L": ("M-protein", "in serum [g/L]", _TUMOUR),
    "flc_mg_L": ("free light chain", "in serum [mg/L]", _TUMOUR),
    "marrow_burden": ("myeloma in the marrow", "share of the room [%]", _TUMOUR),
    "neuropathy_grade": ("neuropathy", "grade", _NERVES),
    "ctx": ("CTX: resorption", "in serum [ng/mL]", _BONE),
    "p1np": ("P1NP: formation", "in serum [ng/mL]", _BONE),
    "bone_density": ("bone volume", "BV/TV [%]", _BONE),
}
_GRADES = 3  # are shown at least
_SIZE = (7.6, 4.4)
_DOSED: dict[str, Any] = {"color": GREY, "alpha": 0.18, "lw": 0}
_DAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "response_day": ("first PR or better", {"color": OKABE_ITO[2], "ls": "--", "lw": 1.2}),
    "progression_day": ("progression", {"color": OKABE_ITO[1], "ls": ":", "lw": 1.6}),
}


def draw_course(patients: pyarrow.Table, visits: pyarrow.Table, patient: int) -> Figure:
    """Draw what is read at each visit of one patient.

    Parameters
    ----------
    patients
        A row per patient, this one among them.
    visits
        A row per visit, those of this patient among them.
    patient
        The patient's number.

    Raises
    ------
    ExperimentError
        If the patient is not in the table, or was never seen.
    """
    from matplotlib.figure import Figure

    row = np.flatnonzero(numbers(patients, "patient") == patient)
    seen = visits.filter(_mask(numbers(visits, "patient") == patient)).sort_by("day")
    if not row.size or not seen.num_rows:
        what = "no visit of this patient" if row.size else f"{patients.num_rows} other patients"
        raise ExperimentError(f"patient {patient}: got {what}. Name one that was simulated and seen.")
    mine = patients.slice(int(row[0]), 1)
    months = numbers(seen, "day") / DAYS_PER_MONTH
    followed = marker_column(mine)
    columns = [name for name in _FRAMES if name == followed or not name.endswith("_L")]
    figure = Figure(figsize=_SIZE, layout="constrained")
    frames = figure.subplots(2, -(-len(columns) // 2), sharex=True).ravel()
    for axes, name in zip(frames, columns, strict=True):
        _put_doses(axes, months, numbers(seen, "dose_mg_m2"))
        _put_days(axes, mine)
        _put_readout(axes, name, months, numbers(seen, name))
    for axes in frames[len(columns) // 2 :]:
        axes.set_xlabel("time since therapy began [months]", fontsize=8)
    handles, labels = frames[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside upper left", ncols=len(labels), frameon=False, fontsize=8)
    return figure


def _put_readout(axes: Axes, name: str, months: Floats, values: Floats) -> None:
    from matplotlib.ticker import MaxNLocator

    title, label, colour = _FRAMES[name]
    if name == "neuropathy_grade":
        axes.step(months, values, "-o", where="post", color=colour, lw=1.4, ms=3)
        highest = max(_GRADES, int(np.nanmax(values, initial=0)))
        axes.set_ylim(-0.05 * highest, 1.05 * highest)
        axes.set_yticks(range(highest + 1))
    else:
        axes.plot(months, values, "-o", color=colour, lw=1.4, ms=3)
        axes.set_ylim(0, 1.08 * float(np.nanmax(values, initial=0)) or 1)
    axes.set_xlim(-0.02 * months[-1], 1.02 * months[-1] or 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 3, 5, 10]))
    axes.set_title(title, fontsize=9, loc="left", color=INK)
    axes.set_ylabel(label, fontsize=8)
    plain_axes(axes)


def _put_doses(axes: Axes, months: Floats, doses: Floats) -> None:
    """Shade the time between two visits in which the first drug was given."""
    label = "first drug given"
    for start, stop, dose in zip(months[:-1], months[1:], doses[1:], strict=True):
        if dose > 0:
            axes.axvspan(start, stop, label=label, **_DOSED)
            label = "_"


def _put_days(axes: Axes, mine: pyarrow.Table) -> None:
    for column, (label, style) in _DAYS.items():
        day = float(numbers(mine, column)[0])
        if np.isfinite(day):
            axes.axvline(day / DAYS_PER_MONTH, label=label, **style)


def _mask(chosen: Any) -> Any:
    import pyarrow

    return pyarrow.array(chosen)
