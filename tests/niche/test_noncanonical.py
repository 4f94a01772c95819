"""NIK and p52 follow genotype and cIAP1/2, and what complex I and p52 do to survival follows them."""

import pytest

from myeloniche.lab.culture import Culture, culture, side_by_side
from myeloniche.niche.niche import load

MYELOMA = tuple(cell.id for cell in load().cells.values() if cell.instance == "MM")


def annexin(dishes: dict[str, Culture]) -> dict[str, float]:
    """Return the annexin-positive share at the end of each dish [%]."""
    result = side_by_side(dishes).annexin_v(in_="MM")
    return {name: float(result.series(name, "annexin V").values[-1]) for name in dishes}


def test_p52_of_each_row_rests_where_its_survival_was_set() -> None:
    niche = load()
    result = side_by_side({cell: culture(cell) for cell in MYELOMA}).amount(
        "NFKB2_p52_RELB_n", "p52_support", in_="MM", at="0 h"
    )
    rows = {cell for cell in MYELOMA if cell != "primary MM, resistant"}
    for cell in rows:
        written = niche.values_of(cell).get("MM__p52_relb_rest", niche.parameters["MM.p52_relb_rest"].value)
        found = float(result.series(cell, "MM.NFKB2_p52_RELB_n").values[0])
        assert found == pytest.approx(written, abs=0.2)
        assert float(result.series(cell, "MM.p52_support").values[0]) == pytest.approx(1, abs=0.01)


def test_rows_without_traf3_hold_much_nik() -> None:
    niche = load()
    result = side_by_side({cell: culture(cell) for cell in MYELOMA}).blot("NIK", in_="MM", at="0 h")
    nik = {cell: float(result.series(cell, "NIK").values[0]) for cell in MYELOMA}
    lost = {cell for cell in MYELOMA if niche.values_of(cell).get("MM__traf3_activity", 1) < 1}
    assert {"RPMI8226", "KMS-11"} <= lost
    assert min(nik[cell] for cell in lost) > 5 * max(nik[cell] for cell in set(MYELOMA) - lost)


def test_an_iap_antagonist_takes_ciap_within_the_hour_and_nik_rises() -> None:
    dish = culture("primary bone marrow cells").add("IAP antagonist", "100 nM").wait("24 h")
    result = dish.blot("cIAP1", "NIK", "p52", at="0 1 4 24 h")
    ciap, nik, p52 = (result.series("dish", name).values.ravel() for name in ("cIAP1", "NIK", "p52"))
    assert ciap[1] < 0.1 * ciap[0]
    assert nik[1] > 2 * nik[0]
    assert list(p52) == sorted(p52)


def test_tnf_kills_where_complex_ii_forms_and_ciap_is_gone() -> None:
    share = annexin(
        {
            f"{cell}, {drug}": dish.add("TNF", "10 ng/mL").wait("48 h")
            for cell in ("RPMI8226", "KMS-11")
            for drug, dish in {
                "none": culture(cell),
                "IAP": culture(cell).add("IAP antagonist", "30 nM"),
            }.items()
        }
    )
    assert share["RPMI8226, IAP"] > 3 * share["RPMI8226, none"]
    assert share["KMS-11, IAP"] == pytest.approx(share["KMS-11, none"], rel=0.1)


def test_patient_cells_without_traf3_resist_bortezomib() -> None:
    cells = ("primary MM", "primary MM, resistant")
    # at high doses both die alike
    share = annexin({cell: culture(cell).add("bortezomib", "1.5 nM").wait("48 h") for cell in cells})
    assert share[cells[1]] < 0.9 * share[cells[0]]
