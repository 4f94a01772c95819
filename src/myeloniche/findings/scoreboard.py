"""The results of a scoring, counted per paper with intervals and beside the baselines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from myeloniche.findings.catalogue import Finding
from myeloniche.findings.panel import Panel
from myeloniche.findings.verdict import Course, ReadoutVerdict
from myeloniche.findings.wilson import wilson_interval
from myeloniche.lab.result import ExperimentResult

__all__ = ["FindingResult", "PaperScore", "Run", "Scoreboard", "Verdict"]

Verdict = Literal["agree", "disagree", "given", "not modelled"]


@dataclass(frozen=True, eq=False)
class Run:
    """One panel as it was simulated, for one cell row.

    Parameters
    ----------
    panel
        The experiment and what it leaves open.
    cell
        The row it was run for; empty if the panel names its cells itself.
    result
        What the laboratory gave back for the nominal cells; this is scored.
    repeats
        The same with the replicates that the panel asks for; drawn as whiskers, never scored.
    """

    panel: Panel
    cell: str
    result: ExperimentResult
    repeats: ExperimentResult | None = None

    @property
    def statuses(self) -> tuple[str, ...]:
        """How the integration of each scored arm ended, ``ok`` or why not."""
        return tuple(status for statuses in self.result.statuses.values() for status in statuses)

    def course(self, arm: str, readout: str, instance: str) -> Course:
        """Return a readout of an arm over time.

        Raises
        ------
        UnknownNameError
            If it was not measured.
        """
        series = self.result.series(arm, readout, instance)
        return Course(tuple(series.times_h.tolist()), tuple(series.values.tolist()), series.unit)


@dataclass(frozen=True)
class FindingResult:
    """What became of a finding: the verdict, every readout behind it, the reason and the runs.

    ``understanding`` says of a miss why the model misses it, as far as that is understood.
    """

    finding: Finding
    verdict: Verdict
    readouts: tuple[ReadoutVerdict, ...]
    reason: str
    runs: tuple[Run, ...] = ()
    understanding: str = ""


@dataclass(frozen=True)
class PaperScore:
    """How many findings of a paper agree, and the interval of that share.

    ``counted`` leaves out the rows that are given or not modelled. ``baselines`` tells how many
    of the same rows each guess gets right.
    """

    paper: str
    counted: int
    agree: int
    given: int
    not_modelled: int
    interval: tuple[float, float]
    baselines: Mapping[str, int]

    @property
    def share(self) -> float:
        """Agreeing share of the counted findings; NaN if none is counted."""
        return self.agree / self.counted if self.counted else math.nan

    def as_dict(self) -> dict[str, Any]:
        """Return the score as plain values for JSON."""
        return {
            "counted": self.counted,
            "agree": self.agree,
            "disagree": self.counted - self.agree,
            "given": self.given,
            "not modelled": self.not_modelled,
            "share": finite_or_none(self.share),
            "interval": list(self.interval),
            "baselines": dict(self.baselines),
        }


@dataclass(frozen=True)
class Scoreboard:
    """All results of a scoring.

    Parameters
    ----------
    results
        One per finding, in the order of the catalogue.
    baselines
        Per guess and finding id, whether the guess agrees.
    confidence
        Coverage of the intervals.
    runs
        Every panel that was simulated.
    """

    results: tuple[FindingResult, ...]
    baselines: Mapping[str, Mapping[str, bool]]
    confidence: float
    runs: tuple[Run, ...] = ()

    @property
    def papers(self) -> tuple[PaperScore, ...]:
        """Scores per paper, in the order of the catalogue."""
        names = dict.fromkeys(result.finding.paper for result in self.results)
        return tuple(self._score(name, name) for name in names)

    @property
    def total(self) -> PaperScore:
        """Score over all papers."""
        return self._score("all", None)

    @property
    def totals(self) -> dict[str, Any]:
        """Counts of all findings, and per paper, as plain values for JSON."""
        return {
            **self.total.as_dict(),
            "confidence": self.confidence,
            "papers": {score.paper: score.as_dict() for score in self.papers},
            "simulations": dict(self.status_counts),
        }

    @property
    def status_counts(self) -> Counter[str]:
        """How many simulated arms ended how; everything but ``ok`` is a failure."""
        return Counter(status for run in self.runs for status in run.statuses)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON; numbers that are not finite become None."""
        return {
            "findings": [_result_as_dict(result) for result in self.results],
            "totals": self.totals,
        }

    def _score(self, label: str, paper: str | None) -> PaperScore:
        mine = [result for result in self.results if paper is None or result.finding.paper == paper]
        verdicts = Counter(result.verdict for result in mine)
        counted = [result.finding.id for result in mine if result.verdict in ("agree", "disagree")]
        return PaperScore(
            paper=label,
            counted=len(counted),
            agree=verdicts["agree"],
            given=verdicts["given"],
            not_modelled=verdicts["not modelled"],
            interval=wilson_interval(verdicts["agree"], len(counted), confidence=self.confidence),
            baselines={
                name: sum(agrees.get(identifier, False) for identifier in counted)
                for name, agrees in self.baselines.items()
            },
        )


def finite_or_none(number: float) -> float | None:
    """Return the number, or None where JSON has no word for it."""
    return float(number) if math.isfinite(number) else None


def _result_as_dict(result: FindingResult) -> dict[str, Any]:
    readouts = [
        {
            "name": f"{entry.name} ({entry.cell}, {entry.treated})",
            "value": finite_or_none(entry.value),
            "comparator": finite_or_none(entry.comparator),
            "ratio": finite_or_none(entry.ratio),
            "rule": entry.rule,
            "agree": entry.agree,
        }
        for entry in result.readouts
    ]
    return {"id": result.finding.id, "verdict": result.verdict, "readouts": readouts}
