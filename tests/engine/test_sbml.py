"""Reading SBML: against libRoadRunner on small models, and what is refused."""

from __future__ import annotations

from pathlib import Path

import libsbml
import numpy as np
import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.timeline import Change, Member, Period
from myeloniche.errors import ModelError, MyelonicheError, UnsupportedError

TIMES = np.linspace(0.0, 4.0, 9)

MODELS = {
    "two compartments": """
        compartment cell = 2, medium = 5; species A in medium, B in cell
        uptake: A -> B; medium*k*A; loss: B -> ; cell*d*B
        A = 3; B = 0.5; k = 0.7; d = 0.3""",
    "amounts": """
        compartment cell = 2.5; substanceOnly species A in cell; species B in cell
        J: A -> 2 B; k*A; K: 2 B -> A; cell*d*B^2
        A = 3; B = 0.5; k = 0.7; d = 0.3""",
    "boundary species": """
        compartment cell = 2; species A in cell, $B in cell, $C in cell; const species D in cell
        J: B -> A; k*B*D; K: A -> C; d*A/(1 + C)
        A = 1; B = 4; C = 2; D = 3; k = 0.7; d = 0.3""",
    "functions that call functions": """
        function share(x, K, n)
          x^n/(K^n + x^n)
        end
        function both(x, y, K)
          share(x, K, 2)*(1 - share(y, K, 3.5))
        end
        model m()
          J: A -> B; k*both(A, B, half)
          A = 3; B = 0.5; k = 0.7; half = 1.1
        end""",
    "a pulse": """
        J: -> A; piecewise(k, time < 1.5 && time >= 0.5, k/10); L: A -> ; d*A
        A = 1; k = 2; d = 0.6""",
    "rules that use rules": """
        c := b + A; b := 2*a; a := A/(1 + A) + time
        J: A -> ; k*c*A
        A = 2; k = 0.1""",
    "rate rules": """
        compartment cell = 3; species A in cell, $B in cell
        B' = -k*B; p' = B - p; J: A -> ; p*A*cell
        A = 2; B = 1.5; p = 0.2; k = 0.5""",
    "initial assignments": """
        compartment cell = half; species A in cell, B in cell
        A = k + b; B = 2*A; b := 3*q + A0; q = k^2; A0 = 0.4; half = 0.5
        J: A -> B; q*A*cell
        k = 0.3""",
    "a rate used elsewhere": """
        J: A -> B; k*A; p := 2*J + 1; K: B -> ; p*B
        A = 1; B = 0.5; k = 0.7""",
    "special functions": """
        J: A -> ; k*abs(sin(A) - log10(A + 2))*max(A, 0.5)*min(A, time + 1, 2)/(1 + tanh(A)); A = 2; k = 0.9
        p := floor(10*A) + ceil(3*A) + sqrt(A) + exp(-A) + ln(A + 1) + root(3, A) + factorial(4) + sec(A)""",
}


def against_roadrunner(sbml: str) -> None:
    roadrunner = pytest.importorskip("roadrunner")
    model = read_sbml(sbml)
    judge = roadrunner.RoadRunner(sbml)
    judge.integrator.relative_tolerance, judge.integrator.absolute_tolerance = 1e-11, 1e-13
    names = (*model.states, *(name for name in model.observables if "." not in name))
    document = libsbml.readSBMLFromString(sbml)
    expected = np.array(judge.simulate(times=list(TIMES), selections=[selection(document, n) for n in names]))
    found = simulate_reference(model, [Member(times=TIMES)], names)[0]
    for column, name in enumerate(names):
        np.testing.assert_allclose(found[name], expected[:, column], rtol=1e-6, atol=1e-8, err_msg=name)


def selection(document: libsbml.SBMLDocument, name: str) -> str:
    species = document.getModel().getSpecies(name)
    return f"[{name}]" if species is not None and not species.getHasOnlySubstanceUnits() else name


@pytest.mark.parametrize("text", MODELS.values(), ids=MODELS.keys())
def test_a_model_runs_as_in_roadrunner(text: str) -> None:
    against_roadrunner(antimony_to_sbml(text))


@pytest.mark.parametrize("level", [(2, 4), (3, 1), (3, 2)], ids=str)
def test_every_level_reads_the_same(level: tuple[int, int]) -> None:
    document = libsbml.readSBMLFromString(antimony_to_sbml(MODELS["two compartments"]))
    assert document.setLevelAndVersion(*level, False)
    against_roadrunner(libsbml.writeSBMLToString(document))


def test_local_parameters_carry_the_name_of_their_reaction() -> None:
    sbml = with_local_parameter(antimony_to_sbml("J: A -> ; k*A; L: B -> ; k*B; k = 2; A = 1; B = 3"))
    against_roadrunner(sbml)
    assert read_sbml(sbml).nominal == {"default_compartment": 1.0, "k": 2.0, "J.k": 0.25}


def with_local_parameter(sbml: str) -> str:
    document = libsbml.readSBMLFromString(sbml)
    parameter = document.getModel().getReaction("J").getKineticLaw().createLocalParameter()
    parameter.setId("k")
    parameter.setValue(0.25)
    return str(libsbml.writeSBMLToString(document))


def test_conversion_factors_turn_extent_into_substance() -> None:
    document = libsbml.readSBMLFromString(
        antimony_to_sbml(MODELS["two compartments"] + "; own = 3; all = 0.5")
    )
    model = document.getModel()
    model.setConversionFactor("all")
    model.getSpecies("B").setConversionFactor("own")
    for name in ("own", "all"):
        model.getParameter(name).setConstant(True)
    against_roadrunner(libsbml.writeSBMLToString(document))


def test_a_stoichiometry_may_come_from_an_initial_assignment() -> None:
    document = libsbml.readSBMLFromString(antimony_to_sbml("J: A -> 2 B; k*A; k = 1; n0 = 1.5; A = 1; B = 0"))
    model = document.getModel()
    model.getReaction("J").getProduct(0).setId("n")
    assignment = model.createInitialAssignment()
    assignment.setSymbol("n")
    assignment.setMath(libsbml.parseL3Formula("2*n0"))
    found = read_sbml(libsbml.writeSBMLToString(document))
    assert found.processes[0].stoichiometry == (("A", -1.0), ("B", 3.0))
    changed = simulate_reference(found, [Member({"n0": 2.0}, times=TIMES)])[0]
    np.testing.assert_allclose(changed["B"], 4.0 * (1.0 - changed["A"]), rtol=1e-8)


def test_a_parameter_changes_what_follows_from_it_by_initial_assignment() -> None:
    model = read_antimony("J: A -> ; k*A; k = 2*base; A = 3*k; base = 0.5")
    found = simulate_reference(model, [Member({"base": 1.0}, times=TIMES)], ["A", "k"])[0]
    np.testing.assert_allclose(found["A"], 6.0 * np.exp(-2.0 * TIMES), rtol=1e-7)
    assert "k" in model.observables
    assert model.parameters == ("default_compartment", "base")


def test_a_change_of_the_base_reaches_the_derived_parameter_in_mid_course() -> None:
    model = read_antimony("J: A -> ; k*A; k = 2*base; A = 1; base = 0.5")
    timeline = (Period(1.0), Period(1.0, (Change("base", "set", 0.0),)))
    found = simulate_reference(model, [Member(timeline=timeline, times=np.array([1.0, 2.0]))])[0]
    np.testing.assert_allclose(found["A"], np.exp(-1.0), rtol=1e-7)


def test_a_modifier_is_found_through_expanded_rules() -> None:
    model = read_antimony("""
        active := 2*E; J: A + X -> B + X; k*A*active*X*P; K: E -> ; k*E; L: P -> ; k*P
        k = 1; A = 1; B = 1; E = 1; X = 1; P = 1""")
    assert model.processes[0].modifiers == ("E", "P")
    assert dict(model.processes[0].stoichiometry) == {"A": -1.0, "B": 1.0}


def test_units_are_those_the_model_names() -> None:
    model = read_antimony("""
        unit nM = 1e-9 mole/litre; unit per_h = 1/(3600 second); unit nmol = 1e-9 mole
        unit substance = nmol; unit volume = litre; unit hour = 3600 second; unit time_unit = hour
        compartment cell = 1; species A in cell; J: A -> ; k*A; A = 1; k = 1; k has per_h
        T := 2*A; T has nM""")
    assert model.time_unit == "hour"
    assert model.units["k"] == "per_h"
    assert model.units["T"] == "nM"
    assert model.units["A"] == "nmol/litre"


def test_a_path_and_its_text_read_the_same(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    path.write_text(antimony_to_sbml(MODELS["amounts"]), encoding="utf-8")
    assert read_sbml(path).fingerprint() == read_antimony(MODELS["amounts"]).fingerprint()


REFUSED = {
    "delay": ("p := delay(A, 1)", "assignment rule of 'p' uses 'delay'"),
    "delay in a trigger": ("E1: at delay(A, 1) > 1: A = 2", "trigger of event 'E1' uses 'delay'"),
}


@pytest.mark.parametrize(("addition", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_honoured_is_refused_by_name(addition: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read_antimony(f"J: A -> ; k*A; A = 1; k = 1; {addition}")


def edited(change: str) -> str:
    document = libsbml.readSBMLFromString(antimony_to_sbml("J: A -> ; k*A; A = 1; k = 1"))
    assert document.setLevelAndVersion(3, 1, False)
    model = document.getModel()
    if change == "fast":
        model.getReaction("J").setFast(True)
    else:
        model.createAlgebraicRule().setMath(libsbml.parseL3Formula("A - 2"))
        model.getSpecies("A").setBoundaryCondition(True)
    return str(libsbml.writeSBMLToString(document))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("fast", "fast reaction 'J' is not honoured"),
        ("algebraic", "algebraic rule 'number 1' is not honoured"),
    ],
)
def test_what_antimony_cannot_say_is_refused_too(change: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read_sbml(edited(change))


def test_everything_that_is_not_honoured_is_named_at_once() -> None:
    rules = "p := delay(A, 1); q := delay(A, 2)"
    with pytest.raises(UnsupportedError, match=r"(?s)2 problems.*'p'.*'q'"):
        read_antimony(f"J: A -> ; k*A; A = 1; k = 1; {rules}")


def with_package(name: str, *, required: str, use: str = "") -> str:
    """Return Level 3 Version 1 SBML that declares a package, and maybe uses it in its model."""
    uri = f"http://www.sbml.org/sbml/level3/version1/{name}/version1"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"
            xmlns:{name}="{uri}" {name}:required="{required}">
        <model id="m">{use}<listOfParameters><parameter id="p" value="3" constant="true"/></listOfParameters>
        </model></sbml>"""


@pytest.mark.parametrize("name", ["qual", "multi", "tomorrow"])
def test_a_required_package_is_refused(name: str) -> None:
    use = f"<{name}:listOfThings/>"
    with pytest.raises(UnsupportedError, match=f"package '{name}'"):
        read_sbml(with_package(name, required="true", use=use))


@pytest.mark.parametrize("name", ["comp", "qual", "multi", "tomorrow"])
def test_a_package_that_is_declared_but_not_used_changes_nothing(name: str) -> None:
    assert read_sbml(with_package(name, required="true")).nominal == {"p": 3.0}


BROKEN = {
    "no initial value": ("J: A -> ; k*A; k = 1", "species 'A' has no initial value"),
    "no parameter value": ("J: A -> ; k*A; A = 1", "parameter 'k' is used but has no value"),
    "circle": (
        "p := q + 1; q := 2*p; J: A -> ; p*A; A = 1",
        "Antimony text:1: Loop detected",
    ),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN.keys())
def test_a_model_that_leaves_something_open_is_refused(text: str, message: str) -> None:
    with pytest.raises(MyelonicheError, match=message):
        read_antimony(text)


def test_broken_xml_is_refused_with_its_line() -> None:
    sbml = antimony_to_sbml("A = 1").replace("</model>", "")
    with pytest.raises(ModelError, match=r"SBML text:\d+: "):
        read_sbml(sbml)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.xml: cannot read the SBML file"):
        read_sbml(tmp_path / "none.xml")


def test_an_unused_parameter_needs_no_value() -> None:
    model: OdeModel = read_antimony("J: A -> ; k*A; A = 1; k = 1; var unused")
    assert "k" in model.parameters


def test_what_has_the_name_of_the_clock_is_renamed_everywhere() -> None:
    document = libsbml.readSBMLFromString(antimony_to_sbml("J: A -> ; k*A; A = 1; k = 1"))
    model = document.getModel()
    parameter = model.createParameter()
    parameter.setId("time")
    parameter.setValue(0.5)
    parameter.setConstant(True)
    law = model.getReaction("J").getKineticLaw().getMath()
    factor = libsbml.ASTNode(libsbml.AST_NAME)
    factor.setName("time")
    product = libsbml.ASTNode(libsbml.AST_TIMES)
    product.addChild(law.deepCopy())
    product.addChild(factor)
    model.getReaction("J").getKineticLaw().setMath(product)
    found = read_sbml(libsbml.writeSBMLToString(document))
    assert found.nominal["time_"] == 0.5
    assert found.graph.symbols(found.rates[0]) == {"A", "k", "time_", "default_compartment"}
