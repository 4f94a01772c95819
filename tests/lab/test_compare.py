"""Arms side by side: folds of the reference, intervals over sets, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from myeloniche.errors import UnknownNameError
from myeloniche.lab import Measure, culture, side_by_side
from myeloniche.lab.compare import compare
from myeloniche.report.comparison import comparison_tables, draw_comparison, write_comparison

ARMS = side_by_side({"none": culture("RPMI8226"), "LLZ": culture("RPMI8226").add("LLZ1640-2", "3 uM")})
SETS = [{"MM.tak1_turnover": 0.07}, {"MM.tak1_turnover": 0.1}]


@pytest.fixture(scope="module")
def compared():
    measures = (Measure("blot", ("PIM2",), at="24 h"), Measure("viability", cell="MM", at="0 12 24 h"))
    return compare([ARMS.experiment(*measures)], parameter_sets=SETS)


def test_every_arm_is_a_fold_of_the_reference(compared) -> None:
    assert compared.reference == "none"
    for row in compared.rows:
        if row.arm == "none":
            assert (row.ratio.value, row.ratio.low, row.ratio.high) == (1.0, 1.0, 1.0)
    (pim2,) = [row for row in compared.rows if row.arm == "LLZ" and row.readout.startswith("PIM2")]
    assert pim2.ratio.low < pim2.ratio.value < 1.0
    assert pim2.ratio.low <= pim2.ratio.high
    assert pim2.rising == 0.0


def test_without_sets_there_is_no_interval() -> None:
    (row, *_) = compare([ARMS.experiment(Measure("blot", ("PIM2",), at="24 h"))]).rows
    assert row.level.low != row.level.low
    assert row.rising != row.rising


def test_an_unknown_reference_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="nothing"):
        compare([ARMS.experiment(Measure("blot", ("PIM2",)))], reference="nothing")


def test_tables_and_figures_show_every_readout(compared, tmp_path: Path) -> None:
    assert len(comparison_tables(compared)) == 2
    names = {path.name for path in write_comparison(compared, tmp_path)}
    assert names == {"comparison.csv", "PIM2-in-MM.png", "viability-in-MM.png"}
    (axes,) = draw_comparison(compared, "viability in MM").axes
    assert axes.get_xlabel() == "time [h]"
    assert len((tmp_path / "comparison.csv").read_text().splitlines()) == 1 + len(compared.rows)
