"""The anchors as a page: ``python -m myeloniche.findings.anchors.page > docs/anchors.md``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.anchors.run import run_anchors
from myeloniche.findings.markdown import number, table

__all__ = ["anchors_page"]

_HEAD = """# Quantitative anchors

This page is generated; write it anew with `python -m myeloniche.findings.anchors.page > docs/anchors.md`.

Numbers of data and of other models that the model is held against, with the tolerance that was set
beforehand. Agreement with another model says that its part was written down faithfully, not that it is true.
Rows that are shown "beside" do not decide; a row without tolerance is only reported. Drugs in patients have a
[page of their own](pharmacokinetics.md).
"""


def anchors_page(results: Sequence[AnchorResult]) -> str:
    """Return all anchors but those about drugs in bodies as Markdown: an overview, then one section each."""
    results = [result for result in results if not result.anchor.of_exposure]
    overview = table(
        ("anchor", "about", "numbers of", "rows within", "verdict"),
        [
            (result.id, result.title, result.kind, _counts(result), _verdict(result.within))
            for result in results
        ],
    )
    return "\n".join([_HEAD, overview, *(_section(result) for result in results)]) + "\n"


def _section(result: AnchorResult) -> str:
    anchor = result.anchor
    rows = table(
        ("number", "wanted", "simulated", "unit", "tolerance", ""), [_line(row) for row in result.rows]
    )
    choices = "\n".join(f"- {choice}" for choice in anchor.choices)
    head = f"\n## {anchor.id} {anchor.title}: {_verdict(result.within)}\n"
    return "\n".join([head, f"{anchor.statement}\n", f"Source: {anchor.source}.\n", f"{choices}\n", rows])


def _line(row: AnchorRow) -> tuple[str, ...]:
    verdict = "" if row.within is None else _verdict(row.within)
    if not row.counts:
        verdict = f"{verdict} (beside)" if verdict else "reported"
    unit = "" if row.unit == "1" else row.unit
    return row.name, number(row.target), number(row.value), unit, row.tolerance, verdict


def _counts(result: AnchorResult) -> str:
    return f"{sum(bool(row.within) for row in result.counted)} of {len(result.counted)}"


def _verdict(within: bool) -> str:
    return "within" if within else "missed"


if __name__ == "__main__":
    sys.stdout.write(anchors_page(run_anchors()))
