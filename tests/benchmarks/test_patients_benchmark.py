"""Patients beside libRoadRunner: both get the same equations, and what each patient goes through is kept."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("roadrunner")

from benchmarks.patients_vs_roadrunner import RoadRunner, error, recorded, sbml_of
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.trials.evidence.judge import shipped_trial

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m">
<listOfParameters>
  <parameter id="x" value="1" constant="false"/><parameter id="k" value="0.3" constant="true"/>
</listOfParameters>
<listOfRules><rateRule variable="x"><math xmlns="http://www.w3.org/1998/Math/MathML"><piecewise>
  <piece><apply><minus/><apply><times/><ci>k</ci><ci>x</ci></apply></apply>
    <apply><and/><apply><gt/><ci>x</ci><cn>0.4</cn></apply><apply><lt/>
      <csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol><cn>2</cn>
    </apply></apply></piece>
  <otherwise><apply><power/><ci>x</ci><cn>2</cn></apply></otherwise>
</piecewise></math></rateRule></listOfRules></model></sbml>"""


def test_the_equations_come_back_as_they_were() -> None:
    model = read_sbml(MODEL)
    again = read_sbml(sbml_of(model))
    times = np.linspace(0.0, 3.0, 7)

    courses = [
        simulate(one, [Member(times=times)], outputs=("x",), rtol=1e-9).values for one in (model, again)
    ]
    np.testing.assert_array_equal(*courses)


@pytest.mark.long
def test_a_patient_goes_through_the_same_in_both() -> None:
    record = recorded(shipped_trial("narita", size=1), 1)
    assert record.model is not None
    assert record.members
    peer = RoadRunner(record.model)

    for member, end in list(zip(record.members, record.ends, strict=True))[:4]:
        found, _ = peer.run(member, 1e-8, 1e-11)
        assert error(end, found) < 1e-3
