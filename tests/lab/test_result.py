"""What a result shows: tables, datasets, figures, references."""

import numpy as np
import pytest

import myeloniche
from myeloniche.errors import UnknownNameError
from myeloniche.lab import Measure, culture, run, side_by_side


@pytest.fixture(scope="module")
def result(laboratory):
    base = culture("RPMI8226")
    dishes = {"no drug": base.wait("24 h"), "LLZ": base.add("LLZ", "3 uM").wait("24 h")}
    experiment = side_by_side(dishes, title="two dishes").experiment(
        Measure("blot", ("PIM2", "MYC"), at="0 24 h"), Measure("viability"), Measure("annexin V")
    )
    return run([experiment], laboratory=laboratory)[0]


def test_blots_show_the_reference_lane_as_one(result):
    assert result.shown("no drug", "PIM2 in MM")[0] == 1
    assert result.shown("LLZ", "PIM2 in MM")[-1] < 0.8


def test_viability_is_a_percentage_of_the_first_arm(result):
    assert result.shown("no drug", "viability in MM").tolist() == pytest.approx([100])
    assert 0 < result.shown("LLZ", "viability in MM")[0] < 100


def test_the_table_has_a_row_per_arm_and_time(result):
    lines = result.table().splitlines()
    assert lines[0].split("  ")[0] == "arm"
    assert len(lines) == 1 + 4
    assert str(result).startswith("two dishes\n")


def test_records_carry_raw_values_and_units(result):
    record = next(entry for entry in result.records() if entry["readout"] == "viability")
    assert record["unit"] == "kcell/mL"
    assert record["shown_unit"] == "% of control"


def test_the_dataset_is_labelled(result):
    dataset = result.to_xarray()
    assert dataset["PIM2 in MM"].dims == ("arm", "replicate", "time")
    assert dataset["PIM2 in MM"].sel(arm="LLZ", time=24.0).item() == result.series("LLZ", "PIM2").values[-1]
    assert dataset["viability in MM"].attrs["units"] == "kcell/mL"


def test_references_name_the_drug_only_when_it_was_given(laboratory, result):
    assert any("7-oxozeaenol" in citation for citation in result.references())
    plain = run([culture("RPMI8226").experiment(Measure("viability"))], laboratory=laboratory)[0]
    assert not any("7-oxozeaenol" in citation for citation in plain.references())
    assert any("Teramachi" in citation for citation in plain.references())


def test_a_figure_has_a_panel_per_readout(result):
    titles = [axes.get_title() for axes in result.plot().axes if axes.axison]
    assert titles == ["PIM2 in MM", "MYC in MM", "viability in MM", "annexin V in MM"]


def test_values_between_measurements_are_interpolated(result):
    series = result.series("LLZ", "PIM2")
    assert series.at(12) == pytest.approx(np.mean(series.values))


def test_an_unknown_arm_or_readout_names_the_nearest(result):
    with pytest.raises(UnknownNameError, match="Did you mean 'no drug'"):
        result.series("no drugs", "PIM2")
    with pytest.raises(UnknownNameError, match="Did you mean 'PIM2'"):
        result.series("LLZ", "PIM3")


def test_the_root_opens_the_same_door():
    assert myeloniche.culture is culture
    assert set(myeloniche.__all__) <= set(dir(myeloniche))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = myeloniche.nonsense
