"""Files that no honest program writes end in a clear error."""

from __future__ import annotations

import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.engine.sbml import read_sbml
from myeloniche.engine.sbml_guard import demand_harmless
from myeloniche.errors import ModelError


def test_a_formula_nested_without_end_is_refused() -> None:
    deep = "<apply><abs/>" * 20_000 + "<cn>1</cn>" + "</apply>" * 20_000
    sbml = antimony_to_sbml("p := 1").replace('<cn type="integer"> 1 </cn>', deep)
    assert deep in sbml
    with pytest.raises(ModelError, match="nested more than 1000 deep"):
        read_sbml(sbml)


def test_an_entity_bomb_is_refused() -> None:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))
    with pytest.raises(ModelError, match="SBML text:1: a document type is declared"):
        read_sbml(f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a0 "a">{entities}]><sbml>&a9;</sbml>')


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(ModelError, match="got 64000001 characters of XML"):
        demand_harmless("<" + " " * 64_000_000, "model.xml")
