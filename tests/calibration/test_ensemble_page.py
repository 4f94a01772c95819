"""The page about plausible sets."""

from __future__ import annotations

from myeloniche.calibration.page import agreement


def test_findings_are_counted_per_paper_and_the_loose_ones_named() -> None:
    page = agreement({"T02": 1.0, "T03": 0.8, "T04": 0.79, "I01": 0.2})
    assert "| TAK1 | 3 | 2 |" in page
    assert "| IAP | 1 | 0 |" in page
    assert "| all | 4 | 2 |" in page
    assert page.index("| I01 | 20% |") < page.index("| T04 | 79% |")
    assert "| T03 |" not in page
