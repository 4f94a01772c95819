"""The rows that keep a healthy site at rest follow from the rows that were chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hosts import BONES

from myeloniche.errors import ModelError
from myeloniche.lab.balance import balanced_rows, load_balances


@pytest.mark.parametrize("host", BONES)
def test_the_written_rows_are_those_that_are_found(laboratory, host) -> None:
    niche = laboratory.niche
    written = niche.values_by_site[BONES[host]]
    found = balanced_rows(host, laboratory)
    assert set(found) == set(load_balances().values())
    assert found == pytest.approx({row: written[niche.sbml_id(row)] for row in found}, rel=0.01)


@pytest.mark.parametrize("host", BONES)
def test_every_row_that_is_found_is_marked_as_derived(laboratory, host) -> None:
    kinds = {row.id: row.kind for row in laboratory.niche.site_values if row.site == BONES[host]}
    assert {kinds[row] for row in load_balances().values()} == {"derived"}


def test_more_osteoclasts_need_more_precursors(laboratory) -> None:
    before = balanced_rows("patient", laboratory)
    after = balanced_rows("patient", with_rows(laboratory, OC=50.0))
    assert after["OCP"] == pytest.approx(2 * before["OCP"])
    assert after["formation_rate"] > 1.9 * before["formation_rate"]


def test_rows_that_nothing_balances_are_refused(laboratory) -> None:
    with pytest.raises(ModelError, match="got no positive OCM"):
        balanced_rows("patient", with_rows(laboratory, TNFSF11=1e-4))


def with_rows(laboratory, **values: float):
    """Return a laboratory in which the marrow of a patient has other rows."""
    niche = laboratory.niche
    rows = {**niche.values_by_site["patient marrow"], **values}
    sites = {**niche.values_by_site, "patient marrow": rows}
    return replace(laboratory, niche=replace(niche, values_by_site=sites))
