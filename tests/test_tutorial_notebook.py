"""The tutorial runs from top to bottom, and what is kept of it is what its cells give."""

from __future__ import annotations

import ast
import json
import math
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from rich.table import Table

from myeloniche.trials import response_table
from myeloniche.trials.analysis.response import Share

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


def healed_by(visits: list[dict[str, Any]]) -> float:
    """Return the first day after grade 2 with less than grade 2."""
    grades = [visit["neuropathy_grade"] for visit in visits]
    first = grades.index(2)
    return next(visit["day"] for visit in visits[first:] if visit["neuropathy_grade"] < 2)


def difference(one: Share, other: Share) -> tuple[float, float]:
    """Return Newcombe's interval of the difference of two shares [percentage points]."""
    between = one.value - other.value
    below = math.hypot(one.value - one.low, other.high - other.value)
    above = math.hypot(one.high - one.value, other.value - other.low)
    return 100 * (between - below), 100 * (between + above)


@pytest.fixture(scope="module")
def ran() -> tuple[list[Any], dict[str, Any]]:
    """Return what each cell shows, and the names at the end."""
    names: dict[str, Any] = {}
    return [run("".join(cell["source"]), names) for cell in CODE], names


def test_every_cell_runs_and_shows_what_is_kept(ran) -> None:
    values, _ = ran
    assert [kind(value) for value in values] == [kept(cell) for cell in CODE]


def test_patient_27_goes_the_way_that_the_text_tells(ran) -> None:
    _, names = ran
    (patient,), visits = names["one"].patients.to_pylist(), names["one"].visits.to_pylist()
    day = {visit["day"]: visit for visit in visits}
    first, second, last = visits[0], visits[1], visits[-1]
    progression = day[patient["progression_day"]]
    lowest = min(visits, key=lambda visit: visit["m_protein_g_L"])

    assert (patient["arm"], patient["immunoglobulin"]) == ("bortezomib", "IgA")
    assert (patient["status"], patient["plausible_set"]) == ("ok", 233)
    assert (patient["best_response"], patient["relapse_cause"]) == ("VGPR", "resistant clone")
    assert [round(visit["marrow_burden"]) for visit in (first, second)] == [26, 6]
    assert lowest["m_protein_g_L"] < first["m_protein_g_L"] / 10
    assert lowest["m_protein_g_L"] < day[8 * 21]["m_protein_g_L"] < progression["m_protein_g_L"]
    assert day[105]["ctx"] < first["ctx"] < progression["ctx"]
    assert day[105]["p1np"] > first["p1np"] > last["p1np"]
    assert last["bone_density"] < day[105]["bone_density"] < day[42]["bone_density"] < first["bone_density"]
    assert (
        day[42]["bone_density"] - day[105]["bone_density"] < first["bone_density"] - day[42]["bone_density"]
    )
    assert progression["m_protein_g_L"] < first["m_protein_g_L"] / 2
    assert progression["marrow_burden"] > first["marrow_burden"]
    assert (lowest["day"], progression["day"]) == (84, 252)


def test_patient_27_gets_less_from_grade_2_on_and_relapses_all_the_same(ran) -> None:
    _, names = ran
    (less,), (full,) = names["one"].patients.to_pylist(), names["same"].patients.to_pylist()
    visits = names["one"].visits.to_pylist()
    doses = [visit["dose_mg_m2"] for visit in visits if 0 < visit["day"] <= 8 * 21]
    undiminished = names["same"].visits.to_pylist()
    later = [pair for pair in zip(visits, undiminished, strict=True) if pair[0]["day"] > 84]

    assert next(visit["day"] for visit in visits if visit["neuropathy_grade"] == 2) == 84
    assert doses == pytest.approx([5.2] * 4 + [4.0] * 4)
    assert less["progression_day"] == full["progression_day"]
    assert less["neuropathy_grade"] == full["neuropathy_grade"] == 2
    assert healed_by(visits) == less["progression_day"] == healed_by(undiminished) - 21
    assert all(full_dose["m_protein_g_L"] < reduced["m_protein_g_L"] for reduced, full_dose in later)


def test_arms_differ_as_far_as_the_text_tells(ran) -> None:
    _, names = ran
    (comparison,) = names["view"].survival("pfs").comparisons
    alone, both = response_table(names["found"].patients)
    unjudged = [row for row in names["found"].patients.to_pylist() if row["best_response"] is None]

    assert alone.arm == comparison.reference == "bortezomib"
    assert difference(both.very_good, alone.very_good)[0] > 0 > difference(both.complete, alone.complete)[0]
    assert comparison.hazard.high < 1
    assert difference(both.overall, alone.overall) == pytest.approx((7, 32), abs=1.5)
    assert difference(both.very_good, alone.very_good) == pytest.approx((1, 23), abs=1.5)
    assert difference(both.complete, alone.complete) == pytest.approx((-1, 15), abs=1.5)
    assert (comparison.hazard.low, comparison.hazard.high) == pytest.approx((0.57, 0.97), abs=0.02)
    assert (alone.failed, both.failed) == (1, 0)
    assert [(row["arm"], int(row["death_day"])) for row in unjudged] == [("bortezomib", 34)]
    assert {*names["found"].patients["status"].to_pylist()} == {"ok"}
    assert {*alone.relapses, *both.relapses} <= {"resistant clone", "growth", "off therapy"}


def test_markers_differ_as_far_as_the_text_tells(ran) -> None:
    _, names = ran
    markers = names["markers"]
    areas = {curve.label: curve for curve in markers.curves}
    atf3, atf4 = areas["ATF3"], areas["ATF4"]

    assert all(test.median_early < test.median_late for test in markers.tests if "ATF" in test.marker)
    assert markers.judged.comparison.hazard.high < 1
    assert max(atf3.low, atf4.low) < min(atf3.area, atf4.area)  # which of them is best is chance
    assert markers.gain.low < 0 < markers.gain.high
    assert 0.04 < next(test.p for test in markers.tests if test.marker == "XBP1") < 0.06


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
