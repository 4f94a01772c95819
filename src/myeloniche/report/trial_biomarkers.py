"""Markers before therapy: who progresses early, what the cut-off rule separates, one marker against all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from myeloniche.report.palette import GREY, INK, OKABE_ITO, plain_axes
from myeloniche.report.trial_survival import comparison_words, median_words, p_words, put_survival
from myeloniche.trials.analysis.biomarkers import (
    EARLY_MONTHS,
    MARKERS,
    Gain,
    JudgedRule,
    MarkerTest,
    Roc,
    best_cut_offs,
    early_progression,
    judge_rule,
    mann_whitney,
    single_against_combined,
    training_half,
)
from myeloniche.trials.analysis.cohort import numbers

if TYPE_CHECKING:
    import pyarrow
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MarkerAnalysis", "analyse_markers", "draw_markers"]

_RULE = ("ATF3", "ATF4")
_MOST_POINTS = 150
_MOST_PATIENTS = 5000


@dataclass(frozen=True, eq=False, repr=False)
class MarkerAnalysis:
    """All that the figure shows; printed, it says so in words.

    Attributes
    ----------
    patients
        A row per patient who is looked at.
    simulated
        How many patients there are; of very large trials a sample is looked at.
    tests
        Mann-Whitney's test of each marker.
    judged
        The cut-off rule, chosen on one half of the patients and judged on the other.
    curves
        ROC curves of each marker, and last of all together.
    gain
        Of the combination over the best single marker.
    """

    patients: pyarrow.Table
    simulated: int
    tests: tuple[MarkerTest, ...]
    judged: JudgedRule
    curves: tuple[Roc, ...]
    gain: Gain

    def __repr__(self) -> str:
        return "\n".join(self.words())

    def figure(self) -> Figure:
        """Draw groups, cut-off rule, ROC curves and areas."""
        return draw_markers(self)

    @property
    def sample(self) -> str:
        """How many of the patients are looked at, nothing where all are."""
        if self.patients.num_rows == self.simulated:
            return ""
        return f"{self.patients.num_rows:,} of {self.simulated:,} patients, drawn by the trial's seed"

    def words(self) -> tuple[str, ...]:
        """Return a sentence for each result."""
        judged, gain = self.judged, self.gain
        tests = [
            f"{test.marker}: median {test.median_early:.3g} in {test.early} patients with a PFS under "
            f"{EARLY_MONTHS:g} months, {test.median_late:.3g} in {test.late} others, Mann-Whitney "
            f"{p_words(test.p)}"
            for test in self.tests
        ]
        return (
            f"biomarkers of {self.sample or f'{self.simulated} patients'}:",
            *tests,
            f"high is {judged.rule} ({judged.rule.origin}); in the other half: high "
            f"{median_words(judged.high)}, rest {median_words(judged.rest)}; "
            f"{comparison_words(judged.comparison)}",
            f"area under the curve: combined {self.curves[-1].area:.2f}, {gain.single} alone "
            f"{gain.single_area:.2f}; gain {gain_words(gain)}",
        )


def analyse_markers(patients: pyarrow.Table, *, seed: int) -> MarkerAnalysis:
    """Return the analysis of the markers that a table has.

    Parameters
    ----------
    patients
        A row per patient; ATF3 and ATF4 at least. Of more than 5,000, so many are drawn.
    seed
        Of that draw, and of halves, folds and bootstrap.

    Raises
    ------
    MyelonicheError
        If there are too few patients or markers.
    """
    import pyarrow

    simulated, patients = patients.num_rows, _some(patients, seed)
    there = tuple(marker for marker in MARKERS if marker in patients.column_names)
    tests = tuple(mann_whitney(patients, marker) for marker in (there or _RULE))
    half = training_half(patients, seed=seed)
    rule = best_cut_offs(patients.filter(pyarrow.array(half)), _RULE)
    judged = judge_rule(patients.filter(pyarrow.array(~half)), rule)
    curves, gain = single_against_combined(patients, there, seed=seed)
    return MarkerAnalysis(patients, simulated, tests, judged, curves, gain)


def _some(patients: pyarrow.Table, seed: int) -> pyarrow.Table:
    """Return all patients, or as many by lot as the bootstrap can take."""
    if patients.num_rows <= _MOST_PATIENTS:
        return patients
    order = np.random.default_rng(seed).permutation(patients.num_rows)
    return patients.take(np.sort(order[:_MOST_PATIENTS]))


def gain_words(gain: Gain) -> str:
    """Return a gain with its interval."""
    return f"{gain.area:.2f} ({gain.low:.2f} to {gain.high:.2f})".replace("-", "−")


def draw_markers(found: MarkerAnalysis) -> Figure:
    """Draw the analysis in four frames."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 6.6), layout="constrained")
    frames = figure.subplots(2, 2)
    _put_groups(frames[0, 0], found.patients, [test for test in found.tests if test.marker in _RULE])
    _put_rule(frames[0, 1], found.judged)
    _put_curves(frames[1, 0], found.curves)
    _put_areas(frames[1, 1], found)
    for letter, axes in zip("abcd", frames.ravel(), strict=True):
        axes.set_title(f"{letter}  {axes.get_title(loc='left')}", fontsize=8.5, loc="left", color=INK)
        plain_axes(axes)
    if found.sample:
        figure.supxlabel(found.sample, fontsize=8, color=INK)
    return figure


def _put_groups(axes: Axes, patients: pyarrow.Table, tests: Sequence[MarkerTest]) -> None:
    early, known = early_progression(patients)
    rng = np.random.default_rng(0)
    labels = []
    for place, test in enumerate(tests):
        values = numbers(patients, test.marker)
        for side, (group, colour) in enumerate(
            ((early & known, OKABE_ITO[1]), (~early & known, OKABE_ITO[0]))
        ):
            x = 3 * place + side
            mine = values[group]
            axes.boxplot(
                [mine], positions=[x], widths=0.6, showfliers=False, medianprops={"color": INK, "lw": 1.6},
                boxprops={"color": colour}, whiskerprops={"color": colour}, capprops={"color": colour},
            )  # fmt: skip
            some = rng.choice(mine, min(_MOST_POINTS, mine.size), replace=False)
            axes.plot(x + rng.uniform(-0.2, 0.2, some.size), some, ".", color=colour, ms=3, alpha=0.5, mew=0)
            labels.append((x, f"< {EARLY_MONTHS:g}" if side == 0 else f"≥ {EARLY_MONTHS:g}"))
        top = 1.01
        axes.text(
            3 * place + 0.5, top, f"{test.marker}: {p_words(test.p)}", fontsize=7.5, ha="center", va="bottom",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    axes.tick_params(axis="y", which="minor", labelsize=7.5, color=GREY)
    axes.set_xticks([x for x, _ in labels], [label for _, label in labels])
    axes.set_xlabel("progression-free survival [months]", fontsize=8)
    axes.set_ylabel("expression before therapy [relative]", fontsize=8)
    axes.set_title("Mann-Whitney, two-sided\n", loc="left")


def _put_rule(axes: Axes, judged: JudgedRule) -> None:
    put_survival(axes, {"high": judged.high, "rest": judged.rest}, risk=False)
    hazard = judged.comparison.hazard
    ratio = f"HR {hazard.ratio:.2f} ({hazard.low:.2f} to {hazard.high:.2f})"
    axes.set_ylim(0, 1.4)
    legend = axes.get_legend()
    if legend is not None:
        legend.set_title("in the half not used for the cut-offs")
        legend.get_title().set_fontsize(7.5)
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.spines["left"].set_bounds(0, 1)
    axes.set_title(
        f"high: {judged.rule}\n"
        f"     log-rank {p_words(judged.comparison.log_rank_p)}, {hazard.reason or ratio}",
        loc="left",
    )


def _put_curves(axes: Axes, curves: Sequence[Roc]) -> None:
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    best = max(curves[:-1], key=lambda curve: curve.area)
    for curve in curves[:-1]:
        axes.plot(curve.false_positives, curve.true_positives, color=GREY, lw=0.7, alpha=0.7)
    for curve, colour in ((best, OKABE_ITO[4]), (curves[-1], OKABE_ITO[0])):
        label = "combined, cross-validated" if curve is curves[-1] else f"{curve.label}, best alone"
        axes.plot(curve.false_positives, curve.true_positives, color=colour, lw=1.8, label=label)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_xlabel("1 − specificity [1]", fontsize=8)
    axes.set_ylabel("sensitivity [1]", fontsize=8)
    axes.legend(fontsize=7.5, frameon=False, loc="lower right")
    axes.set_title(f"early progression (< {EARLY_MONTHS:g} months)", loc="left")


def _put_areas(axes: Axes, found: MarkerAnalysis) -> None:
    curves = found.curves
    for place, curve in enumerate(curves):
        colour = OKABE_ITO[0] if place == len(curves) - 1 else GREY
        axes.plot([curve.low, curve.high], [place, place], color=colour, lw=1.6)
        axes.plot(curve.area, place, "o", color=colour, ms=5)
        axes.text(
            1.02, place, f"{curve.area:.2f}", fontsize=7.5, va="center", transform=axes.get_yaxis_transform()
        )
    axes.axvline(0.5, color=GREY, lw=0.8, ls=":")
    axes.set_yticks(range(len(curves)), [curve.label for curve in curves])
    axes.invert_yaxis()
    axes.set_xlabel("area under the curve [1], 95 % interval by bootstrap", fontsize=8)
    axes.set_title(f"gain over {found.gain.single}: {gain_words(found.gain)}", loc="left")
