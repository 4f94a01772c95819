"""Drugs in bodies as a page; run as a module it writes ``docs/pharmacokinetics.md``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myeloniche.findings.anchors.anchor import load_anchors
from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.anchors.run import run_anchors
from myeloniche.findings.markdown import number, table

__all__ = ["exposure_page"]

_HEAD = """# Drugs in plasma, blood and bone

This page is generated; write it anew with

`python -m myeloniche.findings.anchors.exposure_page > docs/pharmacokinetics.md`

What was published of the drugs in patients, beside what an experiment with `animal: patient` gives. The
accepted range is mean and standard deviation, or the published interval, where there is one; otherwise a
factor or a percentage set beforehand. Most numbers of the drug files were fitted to these very rows, several
at once: agreement shows that one mechanism carries all of them. Rows "beside" are not confirmed and do not
count.
"""


def exposure_page(results: Sequence[AnchorResult]) -> str:
    """Return the anchors about drugs in bodies as Markdown: one table for each."""
    chosen = [result for result in results if result.anchor.of_exposure]
    counted = [row for result in chosen for row in result.counted]
    summary = f"{sum(bool(row.within) for row in counted)} of {len(counted)} published numbers are met.\n"
    return "\n".join([_HEAD, summary, *(_section(result) for result in chosen)]) + "\n"


def _section(result: AnchorResult) -> str:
    anchor = result.anchor
    rows = table(
        ("quantity", "published", "accepted", "simulated", "unit", ""), [_line(row) for row in result.rows]
    )
    choices = "\n".join(f"- {choice}" for choice in anchor.choices)
    head = f"## {anchor.id} {anchor.title}\n"
    return "\n".join([head, f"{anchor.statement}\n", f"Source: {anchor.source}.\n", f"{choices}\n", rows, ""])


def _line(row: AnchorRow) -> tuple[str, ...]:
    verdict = {None: "reported", True: "within", False: "not within"}[row.within]
    beside = "" if row.counts or row.within is None else " (beside)"
    unit = "" if row.unit == "1" else row.unit
    return row.name, number(row.target), row.tolerance, number(row.value), unit, verdict + beside


if __name__ == "__main__":
    sys.stdout.write(exposure_page(run_anchors(anchors=[one for one in load_anchors() if one.of_exposure])))
