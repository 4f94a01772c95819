"""The anchors: their files, and which of them the model meets, as docs/anchors.md records it."""

from __future__ import annotations

from pathlib import Path

import pytest
from generated_page import assert_same_page

from myeloniche.errors import TableError
from myeloniche.findings.anchors.anchor import ANCHORS, Anchor, load_anchors
from myeloniche.findings.anchors.exposure_page import exposure_page
from myeloniche.findings.anchors.page import anchors_page
from myeloniche.findings.anchors.result import AnchorResult
from myeloniche.findings.anchors.run import run_anchors
from myeloniche.lab.run import check
from myeloniche.niche.niche import load

PAGE = (Path(__file__).parents[2] / "docs" / "anchors.md").read_text("utf-8")
BODIES = (Path(__file__).parents[2] / "docs" / "pharmacokinetics.md").read_text("utf-8")
COMMAND = "python -m myeloniche.findings.anchors.page > docs/anchors.md"


@pytest.fixture(scope="module")
def results() -> tuple[AnchorResult, ...]:
    return run_anchors()


def test_every_anchor_of_the_plan_has_a_file() -> None:
    planned = [
        "A1",
        "A2",
        "A3",
        "A4",
        "A5",
        "A6",
        "A7",
        "A8",
        "A9a",
        "A9b",
        "A10",
        "A11",
        "A12",
        "A13",
        "A14",
        "A15",
    ]
    planned += ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert [anchor.id for anchor in load_anchors()] == planned


@pytest.mark.parametrize("anchor", load_anchors(), ids=lambda anchor: anchor.id)
def test_an_anchor_is_well_formed(anchor: Anchor) -> None:
    assert anchor.statement.endswith(".")
    assert any(target.counts and target.tolerance.text for target in anchor.targets)
    assert len({target.name for target in anchor.targets}) == len(anchor.targets)
    cells = {experiment.cell for experiment in anchor.experiments}
    for target in anchor.targets:
        assert not isinstance(target.expected, dict) or target.expected.keys() <= cells


def test_every_source_of_an_anchor_is_known() -> None:
    known = load().references

    for anchor in load_anchors():
        keys = anchor.source.partition(":")[0].split("; ")
        assert set(keys) <= known.keys(), anchor.id


def test_every_anchor_can_be_done_as_written() -> None:
    check(experiment for anchor in load_anchors() for experiment in anchor.experiments)


def test_no_simulation_of_an_anchor_fails(results: tuple[AnchorResult, ...]) -> None:
    assert [result.failed for result in results] == [0] * len(results)


def test_the_page_records_what_is_within_and_what_is_not(results: tuple[AnchorResult, ...]) -> None:
    assert_same_page(PAGE, anchors_page(results), COMMAND)


def test_the_page_of_drugs_in_bodies_records_what_is_met(results: tuple[AnchorResult, ...]) -> None:
    assert_same_page(BODIES, exposure_page(results), "python -m myeloniche.findings.anchors.exposure_page")


def test_an_anchor_is_within_only_if_every_row_that_counts_is(results: tuple[AnchorResult, ...]) -> None:
    for result in results:
        assert result.counted
        assert result.within == all(row.within for row in result.rows if row.counts)


def test_a_number_without_tolerance_or_partner_is_only_reported(results: tuple[AnchorResult, ...]) -> None:
    potency = next(result for result in results if result.id == "A11")
    rows = {row.name: row for row in potency.rows}

    assert rows["IC50 of LLZ1640-2 in INA-6"].within is None
    assert rows["IC50 of LLZ1640-2 in OPM-2"].within is not None
    assert [row.name for row in potency.counted] == ["median IC50 of LLZ1640-2"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: data", "kind: guess", "got 'guess', expected data or other model"),
        ("arm: TNF, at: 0-60 min", "arm: TFN, at: 0-60 min", "reads arm 'TFN', expected one of TNF"),
        ("title:", "tittle:", "unknown key 'tittle'"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (ANCHORS / "a02_tnf_timing.yaml").read_text("utf-8")
    assert old in text
    (tmp_path / "a.yaml").write_text(text.replace(old, new), "utf-8")

    with pytest.raises(TableError, match=message):
        load_anchors(tmp_path)
