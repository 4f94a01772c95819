"""Models made of models: what they flatten to, and what is refused before libSBML goes through it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myeloniche.engine.reference import simulate_reference
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.timeline import Member
from myeloniche.errors import ModelError, UnsupportedError

DECAY = """<listOfCompartments>
    <compartment id="C" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>
  <listOfSpecies><species id="S" compartment="C" initialConcentration="2" hasOnlySubstanceUnits="false"
    boundaryCondition="false" constant="false"/></listOfSpecies>
  <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
  <listOfReactions><reaction id="J" reversible="false" fast="false">
    <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants>
    <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
      <apply><times/><ci>k</ci><ci>S</ci></apply></math></kineticLaw></reaction></listOfReactions>"""
K_IS_REPLACED = """<listOfParameters><parameter id="rate" value="0.25" constant="true">
  <comp:listOfReplacedElements>
    <comp:replacedElement comp:submodelRef="slow" comp:idRef="k"/></comp:listOfReplacedElements>
  </parameter></listOfParameters>"""
PARAMETER = '<listOfParameters><parameter id="p" value="1" constant="true"/></listOfParameters>'


def submodels(**models: str) -> str:
    """Return a list of submodels: names, and what they are instances of."""
    parts = (f'<comp:submodel comp:id="{name}" comp:modelRef="{model}"/>' for name, model in models.items())
    return f"<comp:listOfSubmodels>{''.join(parts)}</comp:listOfSubmodels>"


def hierarchy(main: str, *, required: str = "true", external: str = "", **definitions: str) -> str:
    """Return SBML of a model and the models that it may be made of."""
    models = "".join(
        f'<comp:modelDefinition id="{name}">{body}</comp:modelDefinition>'
        for name, body in definitions.items()
    )
    listed = f"<comp:listOfModelDefinitions>{models}</comp:listOfModelDefinitions>" if models else ""
    if external:
        external = f"""<comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="other"
            comp:source="{external}"/></comp:listOfExternalModelDefinitions>"""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
        <sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"
            xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="{required}">
        <model id="main">{main}</model>{listed}{external}</sbml>"""


def test_submodels_run_side_by_side_with_values_of_their_own() -> None:
    model = read_sbml(hierarchy(K_IS_REPLACED + submodels(fast="decay", slow="decay"), decay=DECAY))
    assert set(model.states) == {"fast__S", "slow__S"}
    found = simulate_reference(model, [Member({"fast__k": 1.0}, times=np.array([2.0]))])[0]
    np.testing.assert_allclose(found["fast__S"], 2.0 * np.exp(-2.0), rtol=1e-8)
    np.testing.assert_allclose(found["slow__S"], 2.0 * np.exp(-0.5), rtol=1e-8)


def test_submodels_may_hold_submodels() -> None:
    model = read_sbml(hierarchy(submodels(a="pair"), pair=submodels(b="decay", c="decay"), decay=DECAY))
    assert set(model.states) == {"a__b__S", "a__c__S"}


def test_what_is_not_honoured_is_named_as_it_is_flattened() -> None:
    body = DECAY.replace('fast="false"', 'fast="true"')
    with pytest.raises(UnsupportedError, match="fast reaction 'a__J'"):
        read_sbml(hierarchy(submodels(a="decay"), decay=body))


@pytest.mark.parametrize(
    ("required", "message"),
    [
        ("true", "external model definition 'other' leads to '.*other.xml'"),
        ("false", "'comp:required' on the SBML object must be set to 'true'"),
    ],
)
def test_another_file_is_never_read(required: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "other.xml"
    file.write_text(hierarchy(PARAMETER), "utf-8")
    with pytest.raises(ModelError, match=message):
        read_sbml(hierarchy(submodels(a="other"), external=str(file), required=required))


FAULTS = {
    "unknown model": submodels(a="none"),
    "unknown element": K_IS_REPLACED.replace('"k"', '"none"') + submodels(slow="decay"),
    "unknown submodel": K_IS_REPLACED + submodels(other="decay"),
    "another kind of element": K_IS_REPLACED.replace('"k"', '"S"') + submodels(slow="decay"),
}


@pytest.mark.parametrize("main", FAULTS.values(), ids=FAULTS.keys())
def test_a_hierarchy_that_is_not_valid_is_refused(main: str) -> None:
    with pytest.raises(ModelError, match="SBML text:"):
        read_sbml(hierarchy(main, decay=DECAY))


def test_another_prefix_is_refused() -> None:
    text = hierarchy(submodels(a="decay"), decay=DECAY).replace("comp:", "z:").replace(":comp=", ":z=")
    with pytest.raises(UnsupportedError, match="the package 'comp' has the prefix 'z'"):
        read_sbml(text)


def test_models_that_contain_each_other_are_refused() -> None:
    with pytest.raises(ModelError, match="these models contain each other in a circle: 'a' -> 'b' -> 'a'"):
        read_sbml(hierarchy(submodels(x="a"), a=submodels(x="b"), b=submodels(x="a")))


def test_two_models_of_one_id_are_refused() -> None:
    with pytest.raises(ModelError, match="two models have the same id"):
        read_sbml(hierarchy(submodels(x="a"), a=PARAMETER).replace('model id="main"', 'model id="a"'))


def nested(depth: int, *names: str) -> str:
    """Return models each of which holds several of the next."""
    parts = {f"m{i}": submodels(**dict.fromkeys(names, f"m{i + 1}")) for i in range(depth)}
    return hierarchy(submodels(x="m0"), **parts, **{f"m{depth}": PARAMETER})


MANY = "".join(f'<parameter id="p{i}" value="1" constant="true"/>' for i in range(20_000))
TOO_LARGE = {
    "deep": (nested(100, "x"), "101 levels of submodels, expected at most 20"),
    "doubled again and again": (nested(18, "x", "y"), "5.243e[+]05 submodels, expected at most 5000"),
    "fat": (
        hierarchy(submodels(x="a"), a=f"<listOfParameters>{MANY}</listOfParameters>"),
        "elements to rename times characters to look through",
    ),
    "many definitions": (
        hierarchy(PARAMETER, **{f"m{i}": PARAMETER for i in range(1200)}),
        "model definitions times elements to check",
    ),
}


@pytest.mark.parametrize(("text", "message"), TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_hierarchy_that_would_grow_too_large_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        read_sbml(text)
