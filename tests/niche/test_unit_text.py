import pytest

from myeloniche.errors import UnitError
from myeloniche.niche.unit_text import UnitPart, amount_parts, conversion, parse_unit, unit_id


def test_a_product_below_the_line_inverts_all_its_factors() -> None:
    assert parse_unit("1/(nM h)") == (
        UnitPart("mole", -1, -9),
        UnitPart("litre", 1),
        UnitPart("second", -1, 0, 3600),
    )


def test_a_plain_quotient_divides_by_one_factor_only() -> None:
    assert unit_id("nM/h") == "nM_per_h"
    assert unit_id("nM mL/(kcell h)") == "nM_mL_per_kcell_h"


def test_powers_multiply_the_exponents() -> None:
    assert [part.exponent for part in parse_unit("nM^2")] == [2, -2]
    assert unit_id("nM^2") == "nM2"


@pytest.mark.parametrize("text", ["1", "relative"])
def test_dimensionless_units_have_no_factors(text: str) -> None:
    assert parse_unit(text) == ()
    assert unit_id(text) == "dimensionless"


def test_an_unknown_unit_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnitError, match=r"unknown unit 'kcells' in '1/kcells'; did you mean kcell"):
        parse_unit("1/kcells")


@pytest.mark.parametrize("text", ["", "/h", "nM/", "1/(nM h", "nM/h/h)", "3 nM", "nM)"])
def test_a_malformed_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError, match="cannot read unit"):
        parse_unit(text)


def test_micromolar_converts_to_nanomolar() -> None:
    assert conversion("uM", "nM") == 1000
    assert conversion("1/min", "1/h") == 60


def test_a_concentration_does_not_convert_to_a_rate() -> None:
    with pytest.raises(UnitError, match=r"got a value in 'nM', expected one that converts to '1/h'"):
        conversion("nM", "1/h")


def test_the_amount_behind_a_cell_density_is_counted_per_litre() -> None:
    assert amount_parts("kcell/mL") == (UnitPart("item", 1, 6),)
    assert amount_parts("nM") == (UnitPart("mole", 1, -9),)


def test_a_species_cannot_be_a_rate() -> None:
    with pytest.raises(UnitError, match="a species cannot be in '1/h'"):
        amount_parts("1/h")
