"""Kaplan-Meier curves with their intervals, numbers at risk below, and what tells them apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from myeloniche.report.palette import INK, OKABE_ITO, plain_axes
from myeloniche.trials.analysis.cohort import (
    DAYS_PER_MONTH,
    ENDPOINTS,
    Durations,
    Words,
    arms_of,
    durations_of,
)
from myeloniche.trials.analysis.survival import Comparison, SurvivalCurve, compare_arms, kaplan_meier

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "ArmSurvival",
    "comparison_words",
    "draw_survival",
    "median_words",
    "p_words",
    "put_survival",
    "strata_of",
    "survival_by_arm",
]

_WIDTH, _HEIGHT, _LEFT, _ROW = 6.4, 3.3, 0.62, 0.165
_LEGEND: dict[str, Any] = {"fontsize": 7.5, "frameon": False, "borderaxespad": 0.1}
_STYLES = ("-", "--", "-.", ":")
_STEPS = (1, 2, 3, 4, 6, 12, 24, 36, 60)
_MOST_TICKS = 9
_NOTE, _NAME = 104, 55  # characters of a line
_MOST_CENSORED = 300
_SMALLEST_P = 1e-4


@dataclass(frozen=True, eq=False, repr=False)
class ArmSurvival:
    """Times to one endpoint, arm by arm; printed, it says medians and comparisons.

    Attributes
    ----------
    title
        The endpoint in words.
    curves
        By the name of the arm; empty where no patient has such a time.
    comparisons
        Of every other arm with the first.
    """

    title: str
    curves: Mapping[str, SurvivalCurve]
    comparisons: tuple[Comparison, ...]

    def __repr__(self) -> str:
        medians = (
            f"{arm}: {curve.patients} patients, {curve.events} events, {median_words(curve)}"
            for arm, curve in self.curves.items()
        )
        return "\n".join([self.title, *medians, *map(comparison_words, self.comparisons)])

    def figure(self) -> Figure:
        """Draw the curves."""
        return draw_survival(self.curves, title=self.title, comparisons=self.comparisons)


def survival_by_arm(patients: pyarrow.Table, endpoint: str, *, stratify: Sequence[str] = ()) -> ArmSurvival:
    """Return the curves of every arm that has a patient with such a time, and what tells them apart.

    Parameters
    ----------
    patients
        A row per patient.
    endpoint
        ``"pfs"``, ``"ttp"`` or ``"dor"``.
    stratify
        Covariates by which the tests are stratified.
    """
    durations = durations_of(patients, endpoint)
    chosen = {arm: durations.arms == arm for arm in arms_of(patients)}
    chosen = {arm: mine for arm, mine in chosen.items() if mine.any()}
    curves = {arm: kaplan_meier(durations.days[mine], durations.events[mine]) for arm, mine in chosen.items()}
    compared: tuple[Comparison, ...] = ()
    if curves:
        strata = strata_of(patients, durations, stratify)
        compared = compare_arms(durations, reference=next(iter(curves)), strata=strata)
    name = ENDPOINTS[endpoint]
    return ArmSurvival(f"{name[0].upper()}{name[1:]}", curves, compared)


def strata_of(patients: pyarrow.Table, durations: Durations, stratify: Sequence[str]) -> Words | None:
    """Return the stratum of each patient who has a time, or nothing without covariates to stratify by."""
    if not stratify:
        return None
    columns = [patients.column(name).to_pylist() for name in stratify]
    levels = np.array([" ".join(map(str, row)) for row in zip(*columns, strict=True)])
    return levels[durations.rows]


def draw_survival(
    curves: Mapping[str, SurvivalCurve], *, title: str, comparisons: Sequence[Comparison] = ()
) -> Figure:
    """Draw survival curves by group.

    Parameters
    ----------
    curves
        By the name of the group, in the order of the legend.
    title
        Endpoint and trial.
    comparisons
        What to write about how the groups differ.
    """
    from matplotlib.figure import Figure

    notes = [line for one in comparisons for line in wrap(comparison_words(one), _NOTE)]
    below = 0.58 + 2 * _ROW * len(curves)
    above = 0.38 + 0.17 * len(notes) + 0.19 * len(curves)
    height = _HEIGHT + below + above
    figure = Figure(figsize=(_WIDTH, height))
    axes = figure.add_axes((_LEFT / _WIDTH, below / height, 1 - (_LEFT + 0.15) / _WIDTH, _HEIGHT / height))
    put_survival(axes, curves)
    axes.legend(**_LEGEND, loc="lower left", bbox_to_anchor=(0, 1))
    figure.text(0.02, 1 - 0.06 / height, title, fontsize=9.5, color=INK, va="top")
    for place, note in enumerate(notes):
        figure.text(0.02, 1 - (0.27 + 0.17 * place) / height, note, fontsize=8, color=INK, va="top")
    return figure


def put_survival(axes: Axes, curves: Mapping[str, SurvivalCurve], *, risk: bool = True) -> None:
    """Draw survival curves into a frame, with numbers at risk under it."""
    last = max(float(curve.days[-1]) for curve in curves.values()) / DAYS_PER_MONTH
    for place, (name, curve) in enumerate(curves.items()):
        _put_curve(axes, curve, place, f"{_short(name)}: {median_words(curve)}")
    ticks = _ticks(last)
    axes.set_xticks(ticks)
    axes.set_xlim(0, last * 1.02)
    axes.set_ylim(0, 1.04)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:.0f}")
    axes.set_ylabel("patients without an event [%]", fontsize=8)
    axes.set_xlabel("time [months]", fontsize=8)
    axes.legend(**_LEGEND, loc="upper right")
    plain_axes(axes)
    if risk:
        _put_risk(axes, curves, ticks)


def median_words(curve: SurvivalCurve) -> str:
    """Return a curve's median with its interval in months."""
    if math.isnan(curve.median):
        return "median not reached"
    median, low, high = (
        value / DAYS_PER_MONTH for value in (curve.median, curve.median_low, curve.median_high)
    )
    return f"median {median:.1f} months ({_months(low)} to {_months(high)})"


def comparison_words(found: Comparison) -> str:
    """Return a comparison as a line: log-rank p and hazard ratio."""
    hazard = found.hazard
    if hazard.reason:
        ratio = f"no hazard ratio: {hazard.reason}"
    else:
        ratio = f"HR {hazard.ratio:.2f} (95 % interval {hazard.low:.2f} to {hazard.high:.2f})"
    return f"{found.group} against {found.reference}: log-rank {p_words(found.log_rank_p)}, {ratio}"


def p_words(p: float) -> str:
    """Return a p value as people write it."""
    if math.isnan(p):
        return "p not defined"
    return f"p < {_SMALLEST_P:.4f}" if p < _SMALLEST_P else f"p = {p:.2g}"


def _short(name: str) -> str:
    return shorten(name, _NAME, placeholder=" …")


def _months(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "not reached"


def _put_curve(axes: Axes, curve: SurvivalCurve, place: int, label: str) -> None:
    colour, style = OKABE_ITO[place % len(OKABE_ITO)], _STYLES[place % len(_STYLES)]
    months = np.concatenate([[0.0], curve.days / DAYS_PER_MONTH])
    shares = [np.concatenate([[1.0], values]) for values in (curve.survival, curve.low, curve.high)]
    axes.fill_between(months, shares[1], shares[2], step="post", color=colour, alpha=0.15, lw=0)
    axes.step(months, shares[0], style, where="post", color=colour, lw=1.6, label=label)
    censored = np.unique(curve.censored)
    if 0 < censored.size <= _MOST_CENSORED:
        heights = [curve.share_at(day) for day in censored]
        axes.plot(censored / DAYS_PER_MONTH, heights, "|", color=colour, ms=5, mew=0.9)


def _put_risk(axes: Axes, curves: Mapping[str, SurvivalCurve], ticks: Sequence[float]) -> None:
    """Write numbers at risk under the frame, two rows per group: its name, which may be long, and counts."""
    from matplotlib.transforms import blended_transform_factory

    inch = 1 / (axes.get_position().height * _total_height(axes))
    mixed = blended_transform_factory(axes.transData, axes.transAxes)
    text: dict[str, Any] = {"fontsize": 7.5, "va": "center", "clip_on": False}
    for place, (name, curve) in enumerate(curves.items()):
        height, colour = (-0.58 - 2 * place * _ROW) * inch, OKABE_ITO[place % len(OKABE_ITO)]
        axes.text(-0.01, height, f"at risk, {_short(name)}", transform=axes.transAxes, color=colour, **text)
        counts = curve.at_risk([tick * DAYS_PER_MONTH for tick in ticks])
        for tick, count in zip(ticks, counts, strict=True):
            axes.text(tick, height - _ROW * inch, f"{count}", transform=mixed, ha="center", color=INK, **text)


def _total_height(axes: Axes) -> float:
    return float(axes.get_figure(root=True).get_figheight())  # type: ignore[union-attr]


def _ticks(last: float) -> list[float]:
    step = next((step for step in _STEPS if last / step < _MOST_TICKS), _STEPS[-1])
    return [float(tick) for tick in np.arange(0, last + 1e-9, step)]
