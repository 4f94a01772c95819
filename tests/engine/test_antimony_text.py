"""Reading Antimony: what it becomes and what a mistake says."""

from __future__ import annotations

from pathlib import Path

import pytest

from myeloniche.engine.antimony_text import antimony_to_sbml, read_antimony
from myeloniche.errors import ModelError


def test_a_mistake_is_placed_in_file_and_line() -> None:
    text = "model m()\n  J: A -> B; k*A\n  k = = 2\nend\n"
    with pytest.raises(ModelError, match=r"cell\.ant:3: syntax error"):
        antimony_to_sbml(text, filename="cell.ant")


def test_an_unknown_function_is_placed_too() -> None:
    with pytest.raises(ModelError, match=r"Antimony text:2: 'hill' was used as a function"):
        antimony_to_sbml("A = 1\nJ: A -> B; hill(A)\n")


def test_a_mistake_does_not_haunt_the_next_text() -> None:
    with pytest.raises(ModelError, match="syntax error"):
        antimony_to_sbml("J: A ->> B")
    assert read_antimony("J: A -> B; k*A; A = 1; B = 0; k = 1").states == ("A", "B")


def test_the_next_text_knows_nothing_of_the_last_one() -> None:
    antimony_to_sbml("function twice(x)\n2*x\nend\nmodel first()\nend")
    with pytest.raises(ModelError, match="'twice' was used as a function"):
        antimony_to_sbml("J: A -> ; twice(A); A = 1")


def test_a_file_and_its_text_read_the_same(tmp_path: Path) -> None:
    text = "model m()\nJ: A -> B; k*A; A = 1; B = 0; k = 1\nend\n"
    path = tmp_path / "m.ant"
    path.write_text(text, encoding="utf-8")
    assert read_antimony(path).fingerprint() == read_antimony(text).fingerprint()


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.ant"
    path.write_text("k = 1\nJ: A -> B; k*\n", encoding="utf-8")
    with pytest.raises(ModelError, match=r"broken\.ant:\d: "):
        read_antimony(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none\.ant: cannot read the Antimony file"):
        read_antimony(tmp_path / "none.ant")


def test_an_empty_text_is_refused() -> None:
    with pytest.raises(ModelError, match=r"empty\.ant: got an empty text"):
        antimony_to_sbml(" \n", filename="empty.ant")
