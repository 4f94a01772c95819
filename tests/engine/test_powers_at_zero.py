"""Powers below 1 of something that is zero: a vertical slope that no Jacobian may show."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import model_of

from myeloniche.engine.expression import ExpressionGraph
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Change, Member, Period

BLOCKED = """function pos(x)
  piecewise(x, x > 0, 0)
end
model blocked()
  loss: Drug -> ; k*Drug
  making: -> P; v/(1 + pos(Drug/IC50)^n)
  use: P -> ; k*P
  Drug = 0; P = 1; k = 0.3; v = 2; IC50 = 0.5; n = 0.8
end"""


@pytest.mark.parametrize("exponent", [0.3, 0.999, 1.0, 1.7, 2.0])
def test_the_slope_of_a_power_is_finite_at_zero(exponent) -> None:
    graph = ExpressionGraph()
    power = graph.call("pow", graph.symbol("x"), graph.symbol("n"))
    slope = graph.derivative(power, "x")
    (at_zero,) = graph.evaluate([slope], {"x": 0.0, "n": exponent})
    (beside,) = graph.evaluate([slope], {"x": 0.04, "n": exponent})
    assert at_zero == (1.0 if exponent == 1.0 else 0.0)
    assert beside == pytest.approx(exponent * 0.04 ** (exponent - 1.0))


def test_a_shallow_hill_curve_integrates_without_its_drug_and_with_it() -> None:
    model = model_of(BLOCKED)
    timeline = (Period(5.0), Period(20.0, (Change("Drug", "set", 1.0),)))
    member = Member(timeline=timeline, times=np.linspace(0.0, 25.0, 26))
    found = simulate(model, [member], rtol=1e-8, atol=1e-11, throw=True).of(0)[1]
    (expected,) = simulate_reference(model, [member])
    np.testing.assert_allclose(found["P"], expected["P"], rtol=1e-6)


def test_a_state_leaves_zero_by_a_root_of_itself() -> None:
    # y' = y^n + e has a vertical slope where it starts
    model = model_of("model leaving()\n y' = y^n + e\n y = 0; n = 0.5; e = 1e-3\nend")
    member = Member(times=np.linspace(0.0, 2.0, 21))
    found = simulate(model, [member], rtol=1e-8, atol=1e-11, throw=True).of(0)[1]
    (expected,) = simulate_reference(model, [member])
    np.testing.assert_allclose(found["y"], expected["y"], rtol=1e-5, atol=1e-9)
