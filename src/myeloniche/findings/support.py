"""How many parameter sets agree with each finding: the same experiments and rules, one scoring per set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import TableError
from myeloniche.findings.bench import do_sets
from myeloniche.findings.catalogue import choose, load_findings
from myeloniche.findings.panel import load_panels
from myeloniche.findings.rulebook import load_rulebook
from myeloniche.findings.score import judge_readouts
from myeloniche.findings.verdict import ReadoutVerdict, overall
from myeloniche.lab.run import MAX_STEPS

__all__ = ["Support", "score_sets"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SETS_AT_ONCE = 25  # some thousands of arms in one call of the engine, some hundreds of megabytes


@dataclass(frozen=True, eq=False)
class Support:
    """What an ensemble of parameter sets says about findings.

    Attributes
    ----------
    findings
        Ids of the findings that are judged; those that are given or not modelled are left out.
    agree
        Whether each set agrees with each finding, shape (set, finding).
    readouts
        The verdicts behind them for the first set, shape (readout,), to tell what the columns below are.
    owner
        Number of the finding that each readout belongs to, shape (readout,).
    ratios, shortfalls
        The number that the rule looked at, and how far it is from agreeing, shape (set, readout).
    failed
        Simulated arms that failed, shape (set,).
    """

    findings: tuple[str, ...]
    agree: Flags
    readouts: tuple[ReadoutVerdict, ...]
    owner: NDArray[np.int64]
    ratios: Floats
    shortfalls: Floats
    failed: NDArray[np.int64]

    @property
    def share(self) -> dict[str, float]:
        """Share of the sets that agree, by finding."""
        return dict(zip(self.findings, self.agree.mean(axis=0).tolist(), strict=True))

    def among(self, kept: Flags) -> Support:
        """Return the same of some of the sets, by flags of shape (set,)."""
        return replace(
            self,
            agree=self.agree[kept],
            ratios=self.ratios[kept],
            shortfalls=self.shortfalls[kept],
            failed=self.failed[kept],
        )

    @classmethod
    def together(cls, parts: Sequence[Support]) -> Support:
        """Return what is said of all sets of some parts, which judged the same findings, in order."""
        return replace(
            parts[0],
            agree=np.concatenate([part.agree for part in parts]),
            ratios=np.concatenate([part.ratios for part in parts]),
            shortfalls=np.concatenate([part.shortfalls for part in parts]),
            failed=np.concatenate([part.failed for part in parts]),
        )

    def quantiles(self, finding: str, probabilities: Sequence[float] = (0.05, 0.5, 0.95)) -> Floats:
        """Return quantiles over the sets of the numbers that a finding's rules looked at.

        Returns
        -------
        Shape (readout, probability); numbers that are not finite are left out.
        """
        mine = np.flatnonzero(self.owner == self.findings.index(finding))
        finite = np.where(np.isfinite(self.ratios[:, mine]), self.ratios[:, mine], np.nan)
        return np.nanquantile(finite, probabilities, axis=0).T


def score_sets(
    parameter_sets: Sequence[Mapping[str, float]],
    only: Sequence[str] | None = None,
    *,
    workers: int | None = None,
    progress: Callable[[int, int], object] | None = None,
    max_steps: int = MAX_STEPS,
) -> Support:
    """Score parameter sets on the findings.

    Parameters
    ----------
    parameter_sets
        Values of model parameters by name, one mapping per set; at least one.
    only
        Ids of findings; all that count by default.
    workers
        How many cores to use; all by default.
    progress
        Called with the number of sets done and their total.
    max_steps
        Step attempts after which a simulated arm is given up, and its findings do not agree.

    Raises
    ------
    TableError
        If there is no set.
    UnknownNameError
        If there is no finding of an id.
    """
    if not parameter_sets:
        raise TableError("got no parameter set, expected at least one. Pass [{}] for the nominal one.")
    rulebook = load_rulebook()
    chosen = choose(load_findings(), tuple(only) if only else None)
    findings = [finding for finding in chosen if finding.experiments and not finding.given]
    panels = load_panels(rulebook)
    needed = [panels[name] for name in dict.fromkeys(n for finding in findings for n in finding.experiments)]
    verdicts: list[list[tuple[ReadoutVerdict, ...]]] = []
    failed: list[int] = []
    for first in range(0, len(parameter_sets), _SETS_AT_ONCE):
        part = parameter_sets[first : first + _SETS_AT_ONCE]
        for runs in do_sets(needed, part, workers=workers, max_steps=max_steps):
            verdicts.append([judge_readouts(finding, runs, rulebook) for finding in findings])
            failed.append(sum(run.result.failed for run in runs))
        if progress is not None:
            progress(len(verdicts), len(parameter_sets))
    rows = [[entry for readouts in one for entry in readouts] for one in verdicts]
    return Support(
        findings=tuple(finding.id for finding in findings),
        agree=np.array([[overall(readouts)[0] for readouts in one] for one in verdicts]),
        readouts=tuple(rows[0]),
        owner=np.repeat(np.arange(len(findings)), [len(readouts) for readouts in verdicts[0]]),
        ratios=np.array([[entry.ratio for entry in row] for row in rows]),
        shortfalls=np.array([[entry.shortfall for entry in row] for row in rows]),
        failed=np.array(failed, np.int64),
    )
