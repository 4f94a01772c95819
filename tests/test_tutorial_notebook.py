"""The tutorial runs from top to bottom, and what is kept of it is what its cells give."""

from __future__ import annotations

import ast
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from rich.table import Table

from myeloniche.trials import response_table

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tutorial" / "patients-and-trials.ipynb"
CONTENT = json.loads(NOTEBOOK.read_text("utf-8"))
CODE = [cell for cell in CONTENT["cells"] if cell["cell_type"] == "code"]
MOST_BYTES = 400_000


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does, and return what its last line is worth."""
    lines = ast.parse(re.sub(r"^%.*$", "", source, flags=re.M)).body
    last = lines.pop() if lines and isinstance(lines[-1], ast.Expr) else None
    exec(compile(ast.Module(lines, []), NOTEBOOK.name, "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


def kind(value: Any) -> list[str]:
    """Return how a notebook shows a value."""
    if value is None:
        return []
    if isinstance(value, Figure):
        value.savefig(BytesIO())  # whatever cannot be drawn fails here
        return ["image/png"]
    return ["text/html"] if isinstance(value, Table) or hasattr(value, "to_html") else ["text/plain"]


def kept(cell: dict[str, Any]) -> list[str]:
    """Return how the output of a cell was kept."""
    kinds = ("image/png", "text/html", "text/plain")
    return [next(kind for kind in kinds if kind in output["data"]) for output in cell["outputs"]]


@pytest.fixture(scope="module")
def ran() -> tuple[list[Any], dict[str, Any]]:
    """Return what each cell shows, and the names at the end."""
    names: dict[str, Any] = {}
    return [run("".join(cell["source"]), names) for cell in CODE], names


def test_every_cell_runs_and_shows_what_is_kept(ran) -> None:
    values, _ = ran
    assert [kind(value) for value in values] == [kept(cell) for cell in CODE]


def test_patient_36_goes_the_way_that_the_text_tells(ran) -> None:
    _, names = ran
    (patient,), visits = names["one"].patients.to_pylist(), names["one"].visits.to_pylist()
    progression = next(visit for visit in visits if visit["day"] == patient["progression_day"])
    doses_end, lowest = 8 * 21, min(visits, key=lambda visit: visit["m_protein_g_L"])

    assert (patient["arm"], patient["immunoglobulin"]) == ("bortezomib", "IgG")
    assert (patient["best_response"], patient["relapse_cause"]) == ("VGPR", "resistant clone")
    assert visits[1]["marrow_burden"] < visits[0]["marrow_burden"] / 4
    assert visits[3]["ctx"] < visits[0]["ctx"]
    assert visits[3]["p1np"] > visits[0]["p1np"] > visits[-1]["p1np"]
    assert visits[-1]["bone_density"] < visits[0]["bone_density"]
    assert [visit["day"] for visit in visits if visit["neuropathy_grade"] == 2] == [doses_end]
    assert lowest["day"] <= doses_end < progression["day"]
    assert progression["m_protein_g_L"] < visits[0]["m_protein_g_L"]
    assert progression["marrow_burden"] > visits[0]["marrow_burden"]


def test_arms_and_markers_differ_as_the_text_tells(ran) -> None:
    _, names = ran
    ((comparison,), markers) = names["view"].survival("pfs").comparisons, names["markers"]
    alone, both = response_table(names["found"].patients)

    assert both.overall.low > alone.overall.value
    assert both.complete.low > alone.complete.value
    assert comparison.hazard.ratio < 1
    assert all(test.median_early < test.median_late for test in markers.tests if "ATF" in test.marker)
    assert markers.judged.comparison.hazard.high < 1
    assert markers.gain.single == "ATF4"
    assert markers.gain.low < 0 < markers.gain.high


def test_the_notebook_is_kept_as_it_runs() -> None:
    assert [cell["execution_count"] for cell in CODE] == list(range(1, len(CODE) + 1))
    assert {output["output_type"] for cell in CODE for output in cell["outputs"]} == {"execute_result"}
    assert CONTENT["metadata"]["kernelspec"]["name"] == "python3"
    assert NOTEBOOK.stat().st_size < MOST_BYTES


def test_the_links_of_the_notebook_lead_somewhere() -> None:
    text = "\n".join("".join(cell["source"]) for cell in CONTENT["cells"] if cell["cell_type"] == "markdown")
    targets = re.findall(r"\]\(([^)#:]+)[^)]*\)", text)

    assert targets
    assert [target for target in targets if not (NOTEBOOK.parent / target).exists()] == []
