"""Markers before therapy and early progression: one by one, as a cut-off rule, and combined."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import ExperimentError, TableError
from myeloniche.trials.analysis.cohort import DAYS_PER_MONTH, Bools, Durations, Floats, durations_of, numbers
from myeloniche.trials.analysis.survival import Comparison, SurvivalCurve, compare, kaplan_meier, log_rank
from myeloniche.trials.extras import statistics

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "EARLY_MONTHS",
    "MARKERS",
    "CutOffs",
    "Gain",
    "JudgedRule",
    "MarkerTest",
    "Roc",
    "best_cut_offs",
    "combined_scores",
    "early_progression",
    "judge_rule",
    "mann_whitney",
    "quantile_cut_offs",
    "roc",
    "roc_area",
    "scores_by_others",
    "single_against_combined",
    "training_half",
]

MARKERS = ("ATF3", "ATF4", "XBP1", "KLF9", "NAMPT", "CDK5", "PSMB5")
"""Factors of sensitivity to a proteasome inhibitor that patients may differ in."""
EARLY_MONTHS = 6.0
_RESAMPLES = 2000
_NUMBERS_AT_ONCE = 2_000_000
_FEWEST = 0.15  # a group of a cut-off rule holds at least this share


@dataclass(frozen=True)
class MarkerTest:
    """A marker in patients who progress early beside the others: medians, and Mann-Whitney's test."""

    marker: str
    early: int
    late: int
    median_early: float
    median_late: float
    u: float
    p: float


@dataclass(frozen=True)
class CutOffs:
    """A rule: a patient is high if every marker lies above its cut-off.

    ``origin`` says how the cut-offs were chosen.
    """

    above: Mapping[str, float]
    origin: str

    def high(self, patients: pyarrow.Table) -> Bools:
        """Return who is high in all markers."""
        each = [numbers(patients, name) > cut for name, cut in self.above.items()]
        return np.asarray(np.logical_and.reduce(each), dtype=bool)

    def __str__(self) -> str:
        return " and ".join(f"{name} > {cut:.3g}" for name, cut in self.above.items())


@dataclass(frozen=True)
class JudgedRule:
    """A rule and what it separates: the curves of high and the rest, and their comparison."""

    rule: CutOffs
    high: SurvivalCurve
    rest: SurvivalCurve
    comparison: Comparison


@dataclass(frozen=True)
class Roc:
    """How well a score tells early progression.

    Attributes
    ----------
    label
        Marker, or what was combined.
    area, low, high
        Area under the curve with its bootstrap interval.
    false_positives, true_positives
        The curve: shares from (0, 0) to (1, 1).
    """

    label: str
    area: float
    low: float
    high: float
    false_positives: Floats
    true_positives: Floats


@dataclass(frozen=True)
class Gain:
    """Area under the curve that a combination has over the best single marker.

    Attributes
    ----------
    single, single_area
        That marker, and its area.
    area, low, high
        The gain with its bootstrap interval; each draw of patients is judged by both.
    """

    single: str
    single_area: float
    area: float
    low: float
    high: float


def early_progression(patients: pyarrow.Table, *, months: float = EARLY_MONTHS) -> tuple[Bools, Bools]:
    """Return who progresses or dies before a time, and of whom that is known.

    Patients censored before that time are unknown, as are those without a time.
    """
    days, events = numbers(patients, "pfs_days"), numbers(patients, "pfs_event") > 0
    limit = months * DAYS_PER_MONTH
    early = np.isfinite(days) & (days < limit) & events
    return early, early | (np.isfinite(days) & (days >= limit))


def mann_whitney(patients: pyarrow.Table, marker: str, *, months: float = EARLY_MONTHS) -> MarkerTest:
    """Compare a marker between patients whose PFS is short and the others.

    Raises
    ------
    ExperimentError
        If one of the two groups is empty.
    """
    from scipy.stats import mannwhitneyu

    early, known = early_progression(patients, months=months)
    values = _values(patients, marker)
    below, above = values[early & known], values[~early & known]
    _refuse_one_group(below.size, above.size, months)
    test = mannwhitneyu(below, above, alternative="two-sided")
    medians = float(np.median(below)), float(np.median(above))
    return MarkerTest(marker, below.size, above.size, *medians, float(test.statistic), float(test.pvalue))


def training_half(patients: pyarrow.Table, *, seed: int) -> Bools:
    """Return half of the patients, drawn by lot; the other half is for checking."""
    chosen = np.zeros(patients.num_rows, dtype=bool)
    order = np.random.default_rng(seed).permutation(patients.num_rows)
    chosen[order[: patients.num_rows // 2]] = True
    return chosen


def quantile_cut_offs(patients: pyarrow.Table, quantiles: Mapping[str, float]) -> CutOffs:
    """Return the rule whose cut-offs are given quantiles of the markers in these patients."""
    above = {name: float(np.quantile(_values(patients, name), share)) for name, share in quantiles.items()}
    words = ", ".join(f"{share:.0%} of {name}" for name, share in quantiles.items())
    return CutOffs(above, f"quantiles {words} in {patients.num_rows} patients")


def best_cut_offs(
    patients: pyarrow.Table, markers: Sequence[str] = ("ATF3", "ATF4"), *, steps: int = 9
) -> CutOffs:
    """Return the rule that separates progression-free survival best among these patients.

    Parameters
    ----------
    patients
        Who the cut-offs are chosen on. A rule that is then judged on the same patients looks better than it
        is: choose on one half, see :func:`training_half`, and judge on the other.
    markers
        What has to be high.
    steps
        Evenly spaced quantiles to try of each marker.

    Notes
    -----
    The largest log-rank statistic wins, among rules under which the high live longer and that leave at least
    15 % of the patients in either group.
    """
    durations = durations_of(patients)
    shares = np.linspace(0, 1, steps + 2)[1:-1]
    grids = [np.unique(np.quantile(_values(patients, name), shares)) for name in markers]
    found = []
    for cuts in itertools.product(*grids):
        rule = CutOffs(dict(zip(markers, map(float, cuts), strict=True)), "")
        high = rule.high(patients)[durations.rows]
        if min(high.mean(), 1 - high.mean()) >= _FEWEST:
            found.append((log_rank(durations, high)[0], rule, high))
    # Cox's model tells who lives longer, and is slow: it is asked about the best ones only
    ordered = sorted(found, key=lambda one: -one[0])
    longer = (rule for _, rule, high in ordered if _live_longer(durations, high))
    best = next(longer, None)
    if best is None:
        raise ExperimentError(
            f"no cut-off of {' and '.join(markers)} leaves longer survival and at least "
            f"{_FEWEST:.0%} of {len(durations)} patients on either side. Take quantiles instead."
        )
    return CutOffs(best.above, f"largest log-rank statistic in {len(durations)} patients")


def _live_longer(durations: Durations, high: Bools) -> bool:
    return compare(durations, high, names=("high", "rest")).hazard.ratio < 1


def judge_rule(patients: pyarrow.Table, rule: CutOffs, *, endpoint: str = "pfs") -> JudgedRule:
    """Return how a rule separates these patients."""
    durations = durations_of(patients, endpoint)
    high = rule.high(patients)[durations.rows]
    comparison = compare(durations, high, names=("high", "rest"))
    curves = [_curve(durations, mine) for mine in (high, ~high)]
    return JudgedRule(rule, curves[0], curves[1], comparison)


def _curve(durations: Durations, mine: Bools) -> SurvivalCurve:
    return kaplan_meier(durations.days[mine], durations.events[mine])


def roc(label: str, scores: Floats, early: Bools, *, seed: int = 0, confidence: float = 0.95) -> Roc:
    """Return the curve of a score that is higher in patients who progress early.

    Parameters
    ----------
    label
        What the score is.
    scores, early
        Per patient.
    seed
        Of the bootstrap, which draws patients of either group anew.
    confidence
        Coverage of the interval.

    Notes
    -----
    The area is Mann-Whitney's statistic over the number of pairs [1]_; sensitivity and specificity are the
    groups' empirical survival functions.

    References
    ----------
    .. [1] Hanley JA, McNeil BJ, The meaning and use of the area under a receiver operating characteristic
       (ROC) curve, Radiology 1982;143:29-36, doi:10.1148/radiology.143.1.7063747
    """
    from scipy.stats import bootstrap, ecdf

    early_scores, late_scores = scores[early], scores[~early]
    _refuse_one_group(early_scores.size, late_scores.size)
    area = float(roc_area(early_scores, late_scores))
    found = bootstrap(
        (early_scores, late_scores),
        roc_area,
        n_resamples=_RESAMPLES,
        confidence_level=confidence,
        method="percentile",
        vectorized=True,
        batch=_batch(scores.size),
        rng=np.random.default_rng(seed),
    ).confidence_interval
    cuts = np.unique(scores)[::-1]
    rates = [
        np.concatenate([[0.0], ecdf(group).sf.evaluate(cuts), [1.0]]) for group in (late_scores, early_scores)
    ]
    return Roc(label, area, float(found.low), float(found.high), rates[0], rates[1])


def _batch(patients: int) -> int:
    """Return how many draws fit into some 100 MB."""
    return max(1, _NUMBERS_AT_ONCE // patients)


def roc_area(early: Floats, late: Floats, axis: int = -1) -> Floats:
    """Return the area under the ROC curve of a score that is higher in those who progress early."""
    from scipy.stats import mannwhitneyu

    test = mannwhitneyu(early, late, axis=axis, method="asymptotic")
    pairs = early.shape[axis] * late.shape[axis]
    return np.asarray(test.statistic / pairs)


def combined_scores(
    patients: pyarrow.Table, markers: Sequence[str], early: Bools, *, folds: int = 5, seed: int = 0
) -> Floats:
    """Return each patient's log-odds of early progression, by models that never saw this patient.

    Parameters
    ----------
    patients
        Patients of whom it is known.
    markers
        Expression of what to combine.
    early
        Who progressed early.
    folds
        Parts of the cross-validation; each has its share of early patients.
    seed
        Of the draw of the parts.

    Notes
    -----
    A logistic regression (statsmodels' GLM) of the logarithms of the markers. Where a fold separates
    perfectly its coefficients are only a direction, which is all that a ROC curve needs.
    """
    logs = np.column_stack([_logarithms(patients, marker) for marker in markers])
    parts = _stratified_parts(early, folds, seed)
    scores = np.empty(early.size)
    for part in range(folds):
        held_out = parts == part
        scores[held_out] = _predicted(logs[~held_out], early[~held_out], logs[held_out])
    return scores


def scores_by_others(patients: pyarrow.Table, others: pyarrow.Table, markers: Sequence[str]) -> Floats:
    """Return each patient's log-odds of early progression, by a model fitted to other patients.

    Parameters
    ----------
    patients, others
        Whom to tell of, and whom to learn from; those censored early teach nothing.
    markers
        Expression of what to combine.
    """
    early, known = early_progression(others)
    tables = [np.column_stack([_logarithms(one, name) for name in markers]) for one in (others, patients)]
    return _predicted(tables[0][known], early[known], tables[1])


def _predicted(known: Floats, early: Bools, unknown: Floats) -> Floats:
    models = statistics("statsmodels.genmod.generalized_linear_model")
    binomial = statistics("statsmodels.genmod.families").Binomial()
    centre, scale = known.mean(axis=0), known.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design, asked = (
        np.column_stack([np.ones(len(table)), (table - centre) / scale]) for table in (known, unknown)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # perfect separation: see the notes of combined_scores
        fit = models.GLM(early.astype(float), design, family=binomial).fit(maxiter=50)
    return np.asarray(asked @ fit.params)


def _stratified_parts(early: Bools, folds: int, seed: int) -> NDArray[np.int64]:
    smallest = int(min(early.sum(), (~early).sum()))
    if smallest < folds:
        raise ExperimentError(
            f"got {smallest} patients in the smaller group, expected at least {folds}, one for each fold of "
            "the cross-validation. Simulate more patients."
        )
    rng = np.random.default_rng(seed)
    parts = np.empty(early.size, dtype=np.int64)
    for group in (early, ~early):
        parts[rng.permutation(np.flatnonzero(group))] = np.arange(int(group.sum())) % folds
    return parts


def single_against_combined(
    patients: pyarrow.Table, markers: Sequence[str], *, months: float = EARLY_MONTHS, seed: int = 0
) -> tuple[tuple[Roc, ...], Gain]:
    """Return the curves of each marker alone, and last of all together; and what the combination gains.

    Parameters
    ----------
    patients
        A row per patient; those censored early are left out.
    markers
        At least two.
    months
        What early means.
    seed
        Of folds and bootstrap.

    Notes
    -----
    A marker alone needs no model, and is taken in whichever direction suits it better. The combination is
    cross-validated. Both favour the single marker.
    """
    if len(markers) < 2:
        raise ExperimentError(f"got {len(markers)} markers to combine, expected at least 2. Name more.")
    early, known = early_progression(patients, months=months)
    _refuse_one_group(int(early[known].sum()), int((~early[known]).sum()), months)
    chosen = patients.filter(_mask(known))
    scores = {}
    for marker in markers:
        values = _values(chosen, marker)
        rises = roc_area(values[early[known]], values[~early[known]]) >= 1 / 2
        scores[marker] = values if rises else -values
    scores["combined"] = combined_scores(chosen, markers, early[known], seed=seed)
    curves = tuple(roc(label, values, early[known], seed=seed) for label, values in scores.items())
    best = max(curves[:-1], key=lambda curve: curve.area)
    return curves, _gain(best, scores[best.label], scores["combined"], early[known], seed)


def _gain(best: Roc, single: Floats, combined: Floats, early: Bools, seed: int) -> Gain:
    from scipy.stats import bootstrap

    def gain(one: Floats, all_: Floats, ill: Floats | Bools) -> float:
        mine = np.asarray(ill, dtype=bool)  # the bootstrap makes floats of it
        if mine.all() or not mine.any():
            return 0.0
        return float(roc_area(all_[mine], all_[~mine]) - roc_area(one[mine], one[~mine]))

    found = bootstrap(
        (single, combined, early),
        gain,
        n_resamples=_RESAMPLES,
        method="percentile",
        paired=True,
        vectorized=False,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Gain(best.label, best.area, gain(single, combined, early), float(found.low), float(found.high))


def _values(patients: pyarrow.Table, marker: str) -> Floats:
    values = numbers(patients, marker)
    if not np.all(np.isfinite(values)):
        raise TableError(f"marker {marker!r} is empty or infinite for some patients, expected a number each")
    return values


def _logarithms(patients: pyarrow.Table, marker: str) -> Floats:
    values = _values(patients, marker)
    if np.any(values <= 0):
        raise TableError(f"marker {marker!r} has a value of {values.min():g}, expected more than 0")
    return np.log(values)


def _refuse_one_group(early: int, late: int, months: float = EARLY_MONTHS) -> None:
    if min(early, late) == 0:
        raise ExperimentError(
            f"got {early} patients with a PFS under {months:g} months and {late} with a longer one, expected "
            "some of both. Simulate more patients or another duration."
        )


def _mask(chosen: Bools) -> Any:
    import pyarrow

    return pyarrow.array(chosen)
