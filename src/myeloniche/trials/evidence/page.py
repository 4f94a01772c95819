"""Trials as a page: ``python -m myeloniche.trials.evidence.page FOLDER > docs/clinical-evidence.md``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from myeloniche.findings.anchors.anchor import load_anchors
from myeloniche.findings.anchors.result import AnchorResult
from myeloniche.findings.anchors.run import run_anchors
from myeloniche.findings.markdown import number, table
from myeloniche.trials.evidence.cohorts import CohortFinding, judge_cohorts
from myeloniche.trials.evidence.judge import JudgedRow, judge_rows, simulate_trials
from myeloniche.trials.evidence.rows import HALVES, load_rows, shipped
from myeloniche.trials.running.runner import Watcher

__all__ = ["evidence_page", "judge_markers"]

_HEAD = """# What trials published, beside simulated ones

This page is generated; write it anew with

`python -m myeloniche.trials.evidence.page FOLDER > docs/clinical-evidence.md`

It simulates 112,000 patients into `FOLDER`, and goes on there if it is stopped.

Numbers of patients were set on rows of the first half, and the second half judges.
[How they were split](design/0013-clinical-evidence.md) was written down first, and so was when a finding
agrees. The interval is the middle 95 % of what a thousand trials of the published size show that are drawn
from the simulated patients: a published number within it could have come from such a trial. Cohorts are
1,000, of 57 patients each.
"""
_TITLES = {"set": "Rows that numbers of patients were set on", "check": "Rows that judge"}
_VERDICT = {True: "within", False: "**not within**", None: "reported"}


def judge_markers() -> tuple[AnchorResult, ...]:
    """Return the rows without patients: the proteasome in blood, and markers of bone after zoledronate."""
    in_blood = [anchor for anchor in load_anchors() if anchor.id == "P3"]
    of_bone = load_anchors(Path(str(shipped() / "markers")))
    return run_anchors(anchors=[*in_blood, *of_bone])


def evidence_page(
    rows: Sequence[JudgedRow], findings: Sequence[CohortFinding], markers: Sequence[AnchorResult]
) -> str:
    """Return all of it as Markdown: findings, then a table for each half."""
    parts = [_HEAD, "## Findings about patients, over cohorts of 57\n", _findings(findings)]
    for half, result in zip(HALVES, markers, strict=True):
        chosen = [row for row in rows if row.row.half == half]
        counted = [row for row in result.rows if row.counts]
        within = sum(row.within for row in chosen) + sum(bool(row.within) for row in counted)
        parts += [
            f"\n## {_TITLES[half]}: {within} of {len(chosen) + len(counted)} within\n",
            table(
                ("", "quantity", "published", "simulated", "interval", "unit", "patients", "source", ""),
                [_line(row) for row in chosen],
            ),
            f"\n{result.anchor.id}, {result.anchor.title}, in one usual adult, within a tolerance.\n",
            table(
                ("quantity", "published", "accepted", "simulated", "unit", ""),
                [
                    (
                        row.name,
                        number(row.target),
                        row.tolerance,
                        number(row.value),
                        "" if row.unit == "1" else row.unit,
                        _VERDICT[row.within if row.counts else None],
                    )
                    for row in result.rows
                ],
            ),
        ]
    return "\n".join(parts) + "\n"


def _findings(findings: Sequence[CohortFinding]) -> str:
    return table(
        ("finding", "published", "simulated", ""),
        [
            (one.id, one.published, one.simulated, "agrees" if one.agrees else "**does not agree**")
            for one in findings
        ],
    )


def _line(judged: JudgedRow) -> tuple[str, ...]:
    row = judged.row
    size = f"{row.patients} and {row.patients_against}" if row.against else str(row.patients)
    note = f" ({row.note})" if row.note else ""
    return (
        row.id,
        row.quantity,
        number(row.published),
        number(judged.simulated),
        f"{number(judged.low)} to {number(judged.high)}",
        "" if row.unit == "1" else row.unit,
        size,
        row.source + note,
        _VERDICT[judged.within],
    )


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m myeloniche.trials.evidence.page", description=__doc__)
    parser.add_argument("folder", type=Path, help="where trials are simulated, or have been")
    parser.add_argument("--size", type=int, help="patients of each trial; as in its file by default")
    options = parser.parse_args()
    watcher = Watcher(say=_say)
    results = simulate_trials(options.folder, size=options.size, watcher=watcher)
    sys.stdout.write(evidence_page(judge_rows(load_rows(), results), judge_cohorts(results), judge_markers()))


if __name__ == "__main__":
    _main()
