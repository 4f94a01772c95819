"""Files that no honest program writes end in a clear error, soon and in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from myeloniche.engine import expression
from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.sbml_guard import demand_harmless
from myeloniche.engine.simulation import simulate
from myeloniche.engine.timeline import Member
from myeloniche.errors import ModelError

TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'
ROOT = '<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="http://www.sbml.org/sbml/level3/version2/core"'


def sbml(body: str) -> str:
    return f'{ROOT} level="3" version="2"><model id="m">{body}</model></sbml>'


def apply(operation: str, *operands: str) -> str:
    return f"<apply>{operation}{''.join(operands)}</apply>"


def name(text: str) -> str:
    return f"<ci>{text}</ci>"


def math(formula: str) -> str:
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{formula}</math>'


def parameters(count: int, *, value: str = "1", constant: str = "false") -> str:
    parts = (f'<parameter id="p{i}" value="{value}" constant="{constant}"/>' for i in range(count))
    return f"<listOfParameters>{''.join(parts)}</listOfParameters>"


def rules(formulas: list[str]) -> str:
    """Return a model in which parameter i follows the formula i."""
    parts = (f'<assignmentRule variable="p{i}">{math(f)}</assignmentRule>' for i, f in enumerate(formulas))
    return sbml(f"{parameters(len(formulas) + 1)}<listOfRules>{''.join(parts)}</listOfRules>")


def functions(bodies: list[str], rest: str) -> str:
    """Return a model with a function ``f<i>(x)`` for each body."""
    variable = f"<bvar>{name('x')}</bvar>"
    parts = (
        f'<functionDefinition id="f{i}">{math(f"<lambda>{variable}{body}</lambda>")}</functionDefinition>'
        for i, body in enumerate(bodies)
    )
    return sbml(f"<listOfFunctionDefinitions>{''.join(parts)}</listOfFunctionDefinitions>{rest}")


def triggered_by(function: str) -> str:
    """Return a parameter and an event that a function of the clock fires."""
    trigger = math(apply(name(function), TIME))
    return f"""{parameters(1)}<listOfEvents><event id="E" useValuesFromTriggerTime="true">
        <trigger initialValue="true" persistent="true">{trigger}</trigger><listOfEventAssignments>
        <eventAssignment variable="p0">{math("<cn>4</cn>")}</eventAssignment></listOfEventAssignments>
        </event></listOfEvents>"""


def piecewise(count: int) -> str:
    condition = "<apply><gt/><ci>p1</ci><cn>{0}</cn></apply>"
    pieces = (f"<piece><cn>{{0}}</cn>{condition}</piece>".format(i) for i in range(count))
    return f"<piecewise>{''.join(pieces)}</piecewise>"


def numbered(attribute: str) -> str:
    """Return a root with an attribute two thousand times over."""
    return f"{ROOT}{''.join(map(attribute.format, range(2_000)))}/>"


# ---- one direction after the other -----------------------------------------------------------------------


def test_a_formula_nested_without_end_is_refused() -> None:
    deep = "<apply><abs/>" * 20_000 + "<cn>1</cn>" + "</apply>" * 20_000
    with pytest.raises(ModelError, match="SBML text:1: got more than 1000 elements inside each other"):
        read_sbml(rules([deep]))


def test_an_entity_bomb_is_refused() -> None:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    with pytest.raises(ModelError, match="SBML text:1: a document type is declared"):
        read_sbml(f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a0 "a">{entities}]><sbml>&a9;</sbml>')


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ModelError, match="got 64000001 characters of XML"):
        demand_harmless("<" + " " * 64_000_000, "model.xml")


LARGE = {
    "sum": (rules([apply("<plus/>", *[name("p1")] * 20_000)]), "10000 operands of one operation"),
    "cases": (rules([piecewise(4_000)]), "10000000000 squares of numbers of operands"),
    "attribute": (
        sbml(f'<listOfParameters><parameter id="p" name="{"x" * 2_000_000}"/></listOfParameters>'),
        "1000000 characters in one attribute",
    ),
    "attributes": (numbered(' a{}=""'), "1000 attributes of one element"),
    "namespaces": (numbered(' xmlns:a{}="u"'), "1000 attributes of one element"),
    "namespaces here and there": (sbml('<a xmlns="u"/>' * 120_000), "100000 declarations of namespaces"),
    "elements": (sbml("<parameter/>" * 150_000), "150000 elements of SBML"),
    "numbers": (sbml(math("<cn>1</cn>" * 500_001)), "500000 elements of MathML"),
    "remarks": (sbml('<a:b xmlns:a="u">' + "<a:b/>" * 1_000_000 + "</a:b>"), "1000000 elements of other"),
}


@pytest.mark.parametrize(("text", "message"), LARGE.values(), ids=LARGE.keys())
def test_what_is_too_large_in_one_direction_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=f"SBML text:1: got more than {message}"):
        read_sbml(text)


def test_what_libsbml_finds_wrong_is_told_up_to_a_limit() -> None:
    with pytest.raises(ModelError, match=r"(?s)51 problems.*'z0'.*and 1950 faults more"):
        read_sbml(rules([name(f"z{i}") for i in range(2_000)]))


# ---- circles and chains ----------------------------------------------------------------------------------


def test_thousands_of_rules_in_a_circle_are_refused() -> None:
    circle = [apply("<plus/>", name(f"p{(i + 1) % 3_000}"), "<cn>1</cn>") for i in range(3_000)]
    with pytest.raises(ModelError, match=r"these define each other in a circle: 'p0' -> .*3000 in all"):
        read_sbml(rules(circle))


def test_thousands_of_rules_in_a_chain_are_read() -> None:
    model = read_sbml(rules([apply("<plus/>", name(f"p{i + 1}"), "<cn>1</cn>") for i in range(2_000)]))
    assert model.graph.evaluate([model.observables["p0"]], {"p2000": 1.0})[0] == 2001.0


def test_functions_that_call_each_other_in_a_circle_are_refused() -> None:
    circle = functions([apply(name("f1"), name("x")), apply(name("f0"), name("x"))], triggered_by("f0"))
    with pytest.raises(ModelError, match="these functions call each other in a circle: 'f"):
        read_sbml(circle)


def test_functions_that_call_each_other_without_end_are_refused() -> None:
    chain = [name("x"), *(apply("<plus/>", apply(name(f"f{i}"), name("x"))) for i in range(200))]
    with pytest.raises(ModelError, match="function 'f100' calls others more than 100 deep"):
        read_sbml(functions(chain, parameters(1)))


def test_functions_a_hundred_deep_are_read() -> None:
    chain = [apply("<gt/>", name("x"), "<cn>2</cn>"), *(apply(name(f"f{i}"), name("x")) for i in range(99))]
    (event,) = read_sbml(functions(chain, triggered_by("f99"))).events
    assert event.id == "E"


def test_functions_that_multiply_formulas_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expression, "_MOST_MEMORY", 10_000_000)
    halved, lessened = (apply(f"<{word}/>", name("x"), "<cn>2</cn>") for word in ("divide", "minus"))
    bomb = [
        name("x"),
        *(apply("<plus/>", apply(name(f"f{i}"), halved), apply(name(f"f{i}"), lessened)) for i in range(40)),
    ]
    start = f'{parameters(2)}<listOfRules><assignmentRule variable="p0">'
    called = math(apply(name("f40"), name("p1")))
    with pytest.raises(ModelError, match=r"the formulas grow to more than 1e\+07 bytes"):
        read_sbml(functions(bomb, f"{start}{called}</assignmentRule></listOfRules>"))


# ---- what must still be found, in the copy that libSBML's general checks see -----------------------------


def test_a_trigger_that_is_no_condition_is_refused() -> None:
    text = functions([apply("<plus/>", name("x")), apply(name("f0"), name("x"))], triggered_by("f1"))
    with pytest.raises(ModelError, match="must evaluate to a value of type Boolean"):
        read_sbml(text.replace("version2", "version1").replace('version="2"', 'version="1"'))


def test_a_law_with_a_species_that_the_reaction_does_not_name_is_refused() -> None:
    text = antimony_to_sbml("J: A -> B; k*A*D; A = 1; B = 0; D = 1; k = 1; K: -> D; J")
    with pytest.raises(ModelError, match="not listed as a product, reactant, or modifier of reaction 'J'"):
        read_sbml(text.replace('<modifierSpeciesReference species="D"/>', ""))


# ---- what is large and honest ----------------------------------------------------------------------------


def test_numbers_that_are_none_end_in_a_status() -> None:
    formulas = [math("<notanumber/>"), math(name("p0"))] * 50
    rates = "".join(f'<rateRule variable="p{i}">{f}</rateRule>' for i, f in enumerate(formulas))
    model = read_sbml(sbml(f"{parameters(100, value='NaN')}<listOfRules>{rates}</listOfRules>"))
    found = simulate(model, [Member(times=np.array([1.0]))])
    assert found.status == ["non-finite"]


@pytest.mark.long
def test_a_hundred_thousand_parameters_are_read() -> None:
    model = read_sbml(sbml(parameters(100_000, constant="true")))
    assert len(model.parameters) == 100_000


@pytest.mark.long
def test_ten_thousand_reactions_are_read() -> None:
    text = "; ".join(f"J{i}: S{i} -> S{i + 1}; S{i}; S{i} = 1" for i in range(10_000))
    assert len(read_sbml(antimony_to_sbml(f"{text}; S10000 = 0")).states) == 10_001
