"""Every operator of MathML that SBML allows, and stoichiometries as formulas: against plain Python."""

from __future__ import annotations

import math

import libsbml
import numpy as np
import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml, read_sbml_model
from myeloniche.engine.timeline import Member

T, F = 1.0, 0.0
FORMULAS = {
    "quotient(7, 2)": 3.0,
    "quotient(-7, 2)": -3.0,
    "rem(7, 2)": 1.0,
    "rem(-7, 2)": -1.0,
    "rem(7.5, -2)": 1.5,
    "min(x, 1, 2)": 1.0,
    "max(x, 1, 2)": 3.0,
    "min(x)": 3.0,
    "factorial(x)": 6.0,
    "factorial(x - 3)": 1.0,
    "factorial(x + 2)": 120.0,
    "factorial(x + 167)": float(math.factorial(170)),
    "factorial(x + 168)": math.inf,
    "factorial(x + 0.5)": math.nan,
    "factorial(-x)": math.nan,
    "xor(x > 1, x > 2)": F,
    "xor(x > 1, x > 5, x > 6)": T,
    "xor(x > 1, x > 2, x > 0)": T,
    "implies(x > 1, x > 5)": F,
    "implies(x > 5, x > 6)": T,
    "not(x > 1)": F,
    "and(x > 1, x > 2, x > 5)": F,
    "or(x > 5, x > 6, x > 1)": T,
    "and()": T,
    "or()": F,
    "xor()": F,
    "plus()": 0.0,
    "times()": 1.0,
    "lt(1, x, 5)": T,
    "lt(1, x, 2)": F,
    "eq(3, x, 3)": T,
    "neq(3, x)": F,
    "piecewise(1, x < 2, 2, x < 4, 3)": 2.0,
    "piecewise(1, x < 2, 5)": 5.0,
    "piecewise(1, x < 2)": math.nan,
    "piecewise(x)": 3.0,
    "root(3, x*9)": 3.0,
    "sqrt(x*3)": 3.0,
    "log(2, x + 5)": 3.0,
    "log10(x*1000/3)": 3.0,
    "ln(exp(x))": 3.0,
    "floor(-x/2)": -2.0,
    "ceil(x/2)": 2.0,
    "abs(-x)": 3.0,
    "sec(x)": 1.0 / math.cos(3.0),
    "csc(x)": 1.0 / math.sin(3.0),
    "cot(x)": 1.0 / math.tan(3.0),
    "sech(x)": 1.0 / math.cosh(3.0),
    "csch(x)": 1.0 / math.sinh(3.0),
    "coth(x)": 1.0 / math.tanh(3.0),
    "arcsec(x)": math.acos(1.0 / 3.0),
    "arccsc(x)": math.asin(1.0 / 3.0),
    "arccot(x)": math.atan(1.0 / 3.0),
    "arcsech(1/x)": math.acosh(3.0),
    "arccsch(x)": math.asinh(1.0 / 3.0),
    "arccoth(x)": math.atanh(1.0 / 3.0),
    "arcsinh(x) + arccosh(x) + arctanh(1/x)": math.asinh(3.0) + math.acosh(3.0) + math.atanh(1.0 / 3.0),
    "(x > 1) + 2": 3.0,
    "avogadro": 6.02214179e23,
    "infinity - x": math.inf,
    "-infinity": -math.inf,
    "notanumber": math.nan,
    "pi + exponentiale": math.pi + math.e,
    "time + x": 3.0,
}


def with_rule(formula: str) -> str:
    document = libsbml.readSBMLFromString(antimony_to_sbml("x = 3; var p"))
    model = document.getModel()
    rule = model.createAssignmentRule()
    rule.setVariable("p")
    math_of_rule = libsbml.parseL3Formula(formula)
    assert math_of_rule is not None, libsbml.getLastParseL3Error()
    assert rule.setMath(math_of_rule) == libsbml.LIBSBML_OPERATION_SUCCESS
    return str(libsbml.writeSBMLToString(document))


@pytest.mark.parametrize(("formula", "expected"), FORMULAS.items(), ids=FORMULAS.keys())
def test_a_formula_has_the_value_that_sbml_gives_it(formula: str, expected: float) -> None:
    model = read_sbml(with_rule(formula))
    found = model.graph.evaluate([model.observables["p"]], {**model.nominal, "time": 0.0})[0]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def course(text: str, name: str, times: list[float]) -> np.ndarray:
    model = read_antimony(text)
    return simulate_reference(model, [Member(times=np.array(times))], [name])[0][name]


def test_the_rate_of_a_state_is_its_derivative() -> None:
    found = course("J: A -> ; k*A; A = 4; k = 0.5; p := 3*rateOf(A)", "p", [0, 1])
    np.testing.assert_allclose(found, [-6.0, -6.0 * np.exp(-0.5)], rtol=1e-8)


def test_the_rate_of_what_never_changes_is_none() -> None:
    assert course("k = 3; p := rateOf(k) + 1", "p", [0, 1]).tolist() == [1, 1]


def test_a_rate_may_start_an_initial_value_and_end_a_trigger() -> None:
    text = "A' = -A; A = 2; k = rateOf(A); E: at rateOf(A) > -1: n = time; n = 0"
    assert course(text, "k", [0, 1]).tolist() == [-2, -2]
    assert course(text, "n", [3]) == pytest.approx(np.log(2.0), rel=1e-8)


def test_the_clock_may_start_elsewhere() -> None:
    sbml = antimony_to_sbml("A' = time; A = 1; E: at time >= 12: A = 0; k = time")
    read = read_sbml_model(sbml, clock_start=10.0)
    found = simulate_reference(read.equations, [Member(times=np.array([1.0, 2.0]))], ["A", "k"])[0]
    np.testing.assert_allclose(found["A"], [1.0 + 10.5, 0.0], rtol=1e-9)
    assert found["k"].tolist() == [10, 10]


def test_a_stoichiometry_may_be_a_rule_or_move_or_jump() -> None:
    ruled = "J: A -> n B; 1; A = 9; B = 0; n := 1 + time"
    np.testing.assert_allclose(course(ruled, "B", [2]), 4.0, rtol=1e-9)
    moved = "J: A -> n B; 1; A = 9; B = 0; n = 1; n' = 0.5"
    np.testing.assert_allclose(course(moved, "B", [2]), 3.0, rtol=1e-9)
    jumped = "J: A -> n B; 1; A = 9; B = 0; n = 1; E: at time >= 1: n = 3"
    np.testing.assert_allclose(course(jumped, "B", [2]), 4.0, rtol=1e-9)
    np.testing.assert_allclose(course(jumped, "n", [0, 2]), [1.0, 3.0])


def test_a_stoichiometry_may_follow_from_an_initial_assignment() -> None:
    found = course("J: A -> n B; 1; A = 9; B = 0; n = 2*k; k = 1.5", "B", [2])
    np.testing.assert_allclose(found, 6.0, rtol=1e-9)


def test_level_two_stoichiometry_math_is_followed() -> None:
    document = libsbml.readSBMLFromString(antimony_to_sbml("J: A -> B; 1; A = 9; B = 0; k = 2"))
    assert document.setLevelAndVersion(2, 4, False)
    product = document.getModel().getReaction("J").getProduct(0)
    product.createStoichiometryMath().setMath(libsbml.parseL3Formula("k + time"))
    model = read_sbml(libsbml.writeSBMLToString(document))
    found = simulate_reference(model, [Member(times=np.array([2.0]))], ["B"])[0]["B"]
    np.testing.assert_allclose(found, 6.0, rtol=1e-9)
