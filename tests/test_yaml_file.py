"""YAML files whose entries know their line."""

import pytest

from myeloniche.errors import TableError
from myeloniche.yaml_file import parse_yaml, unknown_key

TEXT = """\
title: a
arms:
  - name: first
    steps: [{wait: 3 h}]
"""


def test_every_entry_knows_its_line():
    file = parse_yaml(TEXT, "a.yaml")
    assert file.where(("arms", 0, "steps", 0, "wait")) == "a.yaml:4"
    assert file.where(("arms", 0, "missing")) == "a.yaml:3"
    assert file.data["arms"][0]["name"] == "first"


def test_a_syntax_error_shows_the_place():
    with pytest.raises(TableError, match=r"a\.yaml:2: no readable YAML(.|\n)*\^"):
        parse_yaml("a: 1\nb: [1, 2}\n", "a.yaml")


def test_a_key_that_stands_twice_is_refused():
    with pytest.raises(TableError, match=r"a\.yaml:2: key 'a' stands twice \(line 1\)"):
        parse_yaml("a: 1\na: 2\n", "a.yaml")


def test_an_alias_that_contains_itself_is_refused():
    with pytest.raises(TableError, match="nested too deeply"):
        parse_yaml("a: &x [*x]\n", "a.yaml")


def test_an_unknown_key_names_the_nearest():
    file = parse_yaml("titel: a\n", "a.yaml")
    error = unknown_key(file, (), "titel", ["title", "arms"], "an experiment")
    assert "a.yaml:1: unknown key 'titel'" in str(error)
    assert "Did you mean 'title'?" in str(error)


def test_an_impossible_date_is_refused():
    with pytest.raises(TableError, match="Put it in quotes"):
        parse_yaml("a: 2024-13-45\n", "a.yaml")
