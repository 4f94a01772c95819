"""What no integrator may depend on: the units of amounts and time, and where the clock starts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloniche.engine.antimony_text import read_antimony
from myeloniche.engine.simulation import Trajectories, simulate
from myeloniche.engine.timeline import Change, Member, Period

TIMES = np.linspace(0.0, 4.0, 9)
DIMER = """
    model dimer
      A = 2; B = 0.1; k = 0.7; r = 0.3; feed = 0.2
      bind: 2 A -> B; k*A*A; split: B -> 2 A; r*B; supply: -> A; feed; loss: B -> ; r*B
    end
"""
FORCED = """
    model forced
      x = 1; k = 0.8; w = 3; start = 0; on = 1
      pulse: -> x; on*(2 + sin(w*(time - start))); loss: x -> ; on*k*x
    end
"""


def dimer(amount: float, clock: float) -> Trajectories:
    """Run the dimer with amounts and times counted in other units."""
    member = Member(
        parameters={"k": 0.7 / (amount * clock), "r": 0.3 / clock, "feed": 0.2 * amount / clock},
        initial={"A": 2.0 * amount, "B": 0.1 * amount},
        times=TIMES * clock,
    )
    return simulate(read_antimony(DIMER), [member], rtol=1e-7, atol=1e-10 * amount)


@settings(max_examples=10, deadline=None)
@given(power=st.integers(-20, 20))
def test_the_unit_of_amounts_changes_no_bit(power: int) -> None:
    """Powers of two scale without rounding."""
    plain, scaled = dimer(1.0, 1.0), dimer(2.0**power, 1.0)
    np.testing.assert_array_equal(scaled.values, plain.values * 2.0**power)
    assert scaled.statistics.steps.tolist() == plain.statistics.steps.tolist()


@settings(max_examples=10, deadline=None)
@given(amount=st.floats(1e-9, 1e9), clock=st.floats(1e-4, 1e4))
def test_units_of_amount_and_time_commute_with_integration(amount: float, clock: float) -> None:
    plain, scaled = dimer(1.0, 1.0), dimer(amount, clock)
    np.testing.assert_allclose(scaled.values, plain.values * amount, rtol=1e-6)


@pytest.mark.parametrize("shift", [0.5, 17.0, 300.0])
def test_a_clock_that_starts_later_shows_the_same_later(shift: float) -> None:
    model = read_antimony(FORCED)
    plain = simulate(model, [Member(times=TIMES)], rtol=1e-9, atol=1e-12)
    waiting = (Period(shift, (Change("on", "set", 0.0),)), Period(4.0, (Change("on", "set", 1.0),)))
    late = Member(parameters={"start": shift}, timeline=waiting, times=TIMES + shift)
    shifted = simulate(model, [late], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(shifted.values, plain.values, rtol=3e-8)
