"""Ablations: what rests on an edge breaks with it, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from generated_page import assert_same_page

from myeloniche.engine.handles import HANDLES
from myeloniche.errors import MyelonicheError, TableError, UnknownNameError
from myeloniche.findings.ablation import AblationResult, ablate
from myeloniche.findings.ablation_file import Ablation, load_ablations, read_ablations
from myeloniche.findings.ablation_page import ablations_page
from myeloniche.niche.niche import load
from myeloniche.yaml_file import parse_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "ablations.md").read_text("utf-8")
COMMAND = "python -m myeloniche.findings.ablation_page > docs/ablations.md"
ABLATIONS = load_ablations()
by_name = pytest.mark.parametrize("name", [ablation.name for ablation in ABLATIONS])


@pytest.fixture(scope="module")
def results() -> dict[str, AblationResult]:
    return {result.ablation.name: result for result in ablate()}


@by_name
def test_what_rests_on_the_edge_breaks(results: dict[str, AblationResult], name: str) -> None:
    result = results[name]

    assert set(result.ablation.broken) <= set(result.breaks)


@by_name
def test_nothing_else_breaks(results: dict[str, AblationResult], name: str) -> None:
    result = results[name]

    assert not set(result.leaves) & set(result.breaks)


@by_name
def test_no_simulation_fails(results: dict[str, AblationResult], name: str) -> None:
    assert results[name].ablated.status_counts.keys() == {"ok"}


@by_name
def test_no_finding_agrees_only_without_the_edge(results: dict[str, AblationResult], name: str) -> None:
    assert results[name].heals == ()


def test_what_is_said_to_stay_agrees_without_ablation(results: dict[str, AblationResult]) -> None:
    for result in results.values():
        assert {finding for reason in result.ablation.stays for finding in reason.findings} <= set(
            result.leaves
        )


def test_an_edge_that_no_finding_tests_shows_in_a_number(results: dict[str, AblationResult]) -> None:
    untested = [result for result in results.values() if not result.breaks]

    for result in untested:
        changes = [
            abs(then.value / first.value - 1) for first, then in zip(result.before, result.after, strict=True)
        ]
        assert max(changes) > 0.1, result.ablation.name


def test_constant_xiap_is_that_of_the_resting_cell(results: dict[str, AblationResult]) -> None:
    result = results["XIAP by NF-kB"]

    assert result.before[0].name.startswith("XIAP at rest")
    assert result.after[0].value == pytest.approx(result.before[0].value, rel=0.02)


def test_the_page_records_what_breaks(results: dict[str, AblationResult]) -> None:
    assert_same_page(PAGE, ablations_page(list(results.values())), COMMAND)


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_an_ablation_sets_parameters_that_exist_and_no_cell_row_has(ablation: Ablation) -> None:
    niche = load()
    own = {name for cell in niche.cells for name in niche.values_of(cell)}

    for name in ablation.sets:
        handle, _, target = name.partition(".")
        assert name in niche.parameters or (
            handle in HANDLES and target in {*niche.species, *niche.processes}
        )
        assert name.replace(".", "__") not in own  # the value of a cell row would win


def test_an_unknown_ablation_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'stromal IL-6'"):
        ablate(["stromal IL6"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{name: n, removed: r, sets: {a: 0}, breaks: [{findings: [T99], because: b}]}", "finding 'T99'"),
        ("{name: n, removed: r, sets: {}, breaks: [{findings: [T1, T1], because: b}]}", "T1 is named"),
        ("{name: n, removed: r, breaks: []}", "lacks sets"),
        ("{name: n, removed: r, sets: {}, breaks: [], brakes: []}", "unknown key 'brakes'"),
    ],
)  # fmt: skip
def test_a_row_that_is_wrong_is_refused(row: str, message: str) -> None:
    with pytest.raises((MyelonicheError, TableError), match=message):
        read_ablations(parse_yaml(f"ablations:\n  - {row}\n", "a.yaml"), {"T1"})
