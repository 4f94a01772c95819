"""What drugs do to cells: cereblon drugs, dexamethasone, melphalan, and antibodies against RANKL."""

import numpy as np
import pytest

from myeloniche.lab import Measure, culture, side_by_side
from myeloniche.lab.run import run


@pytest.fixture(scope="module")
def read(laboratory):
    """Return a function that gives a readout of a treated over an untreated dish of a line."""

    def ratio(cells, drug, amount, readout, at, instrument="blot"):
        arms = {"no": culture(cells).wait("72 h"), "drug": culture(cells).add(drug, amount).wait("72 h")}
        names = () if instrument == "viability" else (readout,)
        measure = Measure(instrument, names, "MM", at, "start")
        (result,) = run([side_by_side(arms).experiment(measure)], laboratory=laboratory)
        treated, untreated = (result.series(arm, readout, "MM").values[-1] for arm in ("drug", "no"))
        return treated / untreated

    return ratio


def test_the_gate_of_ikaros_is_open_at_rest(laboratory):
    (result,) = run([culture("U266").experiment(Measure("amount", ("ikaros_gate", "IKZF1"), "MM", "0 h"))],
                    laboratory=laboratory)  # fmt: skip
    for name in ("MM.ikaros_gate", "MM.IKZF1"):
        assert result.series("dish", name).values[0] == pytest.approx(1.0, abs=1e-4)


def test_ikaros_goes_before_myc_and_irf4(read):
    ikaros, myc, irf4 = (
        read("MM.1S", "pomalidomide", "1 uM", name, "3 h", instrument)
        for name, instrument in (("MM.IKZF1", "amount"), ("MYC", "blot"), ("IRF4", "blot"))
    )
    assert ikaros < 0.3
    assert ikaros < myc < irf4


def test_pomalidomide_is_stronger_than_lenalidomide(read):
    weak, strong = (read("MM.1S", drug, "100 nM", "MM.IKZF1", "6 h", "amount")
                    for drug in ("lenalidomide", "pomalidomide"))  # fmt: skip
    assert strong < weak < 0.8


def test_dexamethasone_needs_its_receptor(read):
    rich, poor = (read(cells, "dexamethasone", "100 nM", "viability", "72 h", "viability")
                  for cells in ("MM.1S", "U266"))  # fmt: skip
    assert rich < 0.5
    assert poor > 0.9
    assert read("MM.1S", "dexamethasone", "100 nM", "MM.BCL2L11", "24 h", "amount") > 1.25


def test_melphalan_acts_through_damage_and_is_gone_by_the_next_day(read):
    assert read("RPMI8226", "melphalan", "30 uM", "viability", "72 h", "viability") < 0.5
    early, late = (read("RPMI8226", "melphalan", "30 uM", "cleaved PARP", at) for at in ("1 h", "48 h"))
    assert late > 2 * early


@pytest.mark.parametrize("drug", ["denosumab", "OPG-Fc"])
def test_rankl_is_captured(laboratory, drug):
    dish = culture("BMSC")
    arms = {"no": dish.wait("24 h"), "drug": dish.add(drug, "10 ug/mL").wait("24 h")}
    (result,) = run(
        [side_by_side(arms).experiment(Measure("secreted", ("RANKL secreted",)))], laboratory=laboratory
    )
    free = [result.series(arm, "RANKL secreted").values[-1] for arm in ("no", "drug")]
    assert free[0] > 0
    assert free[1] < 0.01 * free[0]
    assert np.isfinite(free).all()
