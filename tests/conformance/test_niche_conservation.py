"""What treatments may not do: make or lose what is conserved, or drive anything below zero."""

from __future__ import annotations

import numpy as np
import pytest
from dishes import BLOCKED, STARVED_TNF, above, member, shown, total

from myeloniche.lab.culture import coculture, culture
from myeloniche.niche.checks.conservation import conserved_totals
from myeloniche.niche.names import sbml_id

IKK = ("IKBKB", "IKBKB_p", "IKBKB_i")
P65 = ("RELA", "RELA_n", "RELA_NFKBIA", "RELA_NFKBIA_n", "RELA_pNFKBIA")
STAT3 = ("STAT3", "STAT3_p", "STAT3_pn")
TOTALS = {
    f"{name} of {cell}": tuple(sbml_id(f"{cell}.{form}") for form in forms)
    for cell, name, forms in [
        ("MM", "IKK", IKK),
        ("MM", "p65", P65),
        ("MM", "STAT3", STAT3),
        ("BMSC", "IKK", IKK),
        ("BMSC", "p65", P65),
        ("OCL", "IKK", IKK),
        ("OCL", "p65", P65),
    ]
}
CROWDED = (
    coculture("RPMI8226", "BMSC").add("TNF", "10 ng/mL").add("IL-6", "10 ng/mL").add("LLZ1640-2", "1 uM")
)
TREATED = [
    pytest.param(STARVED_TNF, 16.0, id="starved, TNF"),
    pytest.param(BLOCKED, 48.0, id="LLZ1640-2"),
    pytest.param(CROWDED.wait("24 h"), 24.0, id="coculture, TNF, IL-6 and LLZ1640-2"),
    pytest.param(
        culture("RPMI8226").add("doxorubicin", "100 nM").add("SMI-16a", "50 uM").wait("72 h"),
        72.0,
        id="doxorubicin and SMI-16a",
    ),
    pytest.param(culture("RPMI8226").transfect("TAK1 siRNA").wait("96 h"), 96.0, id="TAK1 siRNA"),
    pytest.param(
        culture("RAW264.7").add("RANKL", "25 ng/mL").add("IAP antagonist", "100 nM").wait("96 h"),
        96.0,
        id="RANKL and an IAP antagonist",
    ),
    pytest.param(culture("INA-6").add("IL-6", "100 ng/mL").wait("48 h"), 48.0, id="INA-6, IL-6"),
]


@pytest.mark.parametrize(("dish", "end"), TREATED)
def test_conserved_totals_stay(laboratory, dish, end) -> None:
    states = shown(laboratory, member(laboratory, dish, np.linspace(0.0, end, 97)), rtol=1e-6, atol=1e-9)
    sums = {name: total(states, forms) for name, forms in TOTALS.items()}
    assert above({name: float(np.ptp(values) / values[0]) for name, values in sums.items()}, 1e-6) == {}


@pytest.mark.parametrize(("dish", "end"), TREATED)
def test_nothing_falls_below_zero(laboratory, dish, end) -> None:
    states = shown(laboratory, member(laboratory, dish, np.linspace(0.0, end, 97)), rtol=1e-6, atol=1e-9)
    below = {name: -float(np.min(values)) / max(np.max(values), 1e-9) for name, values in states.items()}
    assert above(below, 1e-6) == {}


def test_the_totals_follow_from_the_stoichiometry(laboratory) -> None:
    found = [set(weights) for weights in conserved_totals(laboratory.niche.model)]
    assert [name for name, forms in TOTALS.items() if set(forms) not in found] == []
