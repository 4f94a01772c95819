"""Quantities at the door."""

import pytest

from myeloniche.errors import UnitError
from myeloniche.units import (
    cell_density,
    concentration,
    fold,
    fraction,
    hours,
    read_quantity,
    serum_level,
    times,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12 h", 12.0), ("15 min", 0.25), ("2 d", 48.0), ("1 week", 168.0), ("90s", 0.025), ("1.5 hours", 1.5)],
)
def test_times_become_hours(text, expected):
    assert hours(text) == expected


@pytest.mark.parametrize("text", ["3 uM", "3 µM", "3 μM", "3000 nM", "3 umol/L", "0.003 mM", "3 nmol/mL"])
def test_spellings_of_a_concentration_agree(text):
    assert concentration(text, "uM") == 3.0
    assert concentration(text, "nM") == 3000.0


def test_decimal_text_converts_to_the_nearest_float():
    assert concentration("0.1 uM", "nM") == 100.0
    assert concentration("0.3 nM", "uM") == 0.0003


def test_a_mass_concentration_needs_a_molar_mass():
    assert concentration("10 ng/mL", "nM", molar_mass_g_per_mol=52000) == pytest.approx(0.1923077, rel=1e-6)
    with pytest.raises(UnitError, match=r"got '10 ng/mL', expected a molar concentration"):
        concentration("10 ng/mL", "nM")


def test_serum_is_relative_to_ten_percent():
    assert serum_level("1% FBS") == 0.1
    assert serum_level("10 %") == 1.0


def test_percentages_and_folds():
    assert fraction("90%") == 0.9
    assert fold("3 x") == fold(3) == fold("3-fold") == 3.0
    with pytest.raises(UnitError, match="at most 100%"):
        fraction("120%")


def test_cell_density_is_in_thousands_per_ml():
    assert cell_density("2e5 cells/mL") == 200.0
    assert cell_density("200 cells/uL") == 200.0


def test_a_list_of_times_shares_its_unit():
    assert times("0 5 15 30 60 min").hours == (0.0, 5 / 60, 0.25, 0.5, 1.0)
    assert times("0, 15 min, 1 h").hours == (0.0, 0.25, 1.0)
    assert times("1 h 5 min").hours == (5 / 60, 1.0)


def test_a_window_keeps_its_ends():
    window = times("5-60 min")
    assert window.window
    assert window.hours == (5 / 60, 1.0)


@pytest.mark.parametrize("text", ["3", 3, 3.5, "10 20 30"])
def test_a_number_without_a_unit_is_refused(text):
    with pytest.raises(UnitError, match=r"expected a unit behind the (last )?number"):
        times(text)


@pytest.mark.parametrize(("text", "message"), [
    ("3", "expected a unit"),
    ("uM", "expected a number with a unit"),
    ("3 furlongs", "known unit instead of 'furlongs'"),
    ("-3 uM", "not negative"),
    ("nan uM", "finite number"),
    ("1e999 uM", "finite number"),
    ("inf uM", "finite number"),
    ("3 h", "expected a concentration"),
    (float("nan"), "expected a unit"),
    (None, "expected a number with a unit"),
])  # fmt: skip
def test_a_bad_dose_is_refused(text, message):
    with pytest.raises(UnitError, match=message):
        concentration(text, "uM")


@pytest.mark.parametrize("text", ["3 uM", "-3 h", "nan h", "60-5 min", "min", "3 h min"])
def test_a_bad_time_is_refused(text):
    with pytest.raises(UnitError, match="got"):
        times(text)


def test_a_tiny_exponent_does_not_stall():
    assert concentration("1e-999999999 uM", "uM") == 0.0


def test_an_error_says_where():
    with pytest.raises(UnitError, match=r"^fig1\.yaml:7: dose: got '3'"):
        read_quantity("3", what="dose", where="fig1.yaml:7")
