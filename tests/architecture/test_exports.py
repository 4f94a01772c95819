"""One public door per sub-package: names brought together and sorted, no code behind it."""

from __future__ import annotations

import ast
from importlib import import_module

import pytest
from house import DOORS, Source

LAZY = {"myeloniche", "myeloniche.engine"}
LONGEST_DOOR = 60
doors = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.module)


def listed(door: Source) -> list[str]:
    """Return ``__all__`` as it is written."""
    for node in door.tree.body:
        if isinstance(node, ast.Assign) and _target(node) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def imported(nodes: list[ast.stmt]) -> list[str]:
    """Return the names that some statements import from this package."""
    froms = (node for node in nodes if isinstance(node, ast.ImportFrom))
    return [
        alias.asname or alias.name
        for node in froms
        if (node.module or "").startswith("myeloniche")
        for alias in node.names
    ]


def sorting(name: str) -> tuple[int, str]:
    """Return the place of a name: constants, then classes, then functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def _target(node: ast.Assign) -> str:
    return node.targets[0].id if isinstance(node.targets[0], ast.Name) else ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_plain(node: ast.stmt) -> bool:
    names_all = isinstance(node, ast.Assign) and _target(node) == "__all__"
    return _is_text(node) or isinstance(node, ast.ImportFrom) or names_all


def _is_lazy(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return _target(node) == "_MODULES"
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING" and all(map(_is_plain, node.body))
    return isinstance(node, ast.FunctionDef) and node.name in ("__getattr__", "__dir__")


@doors
def test_a_door_lists_its_names_sorted_and_once(door) -> None:
    names = listed(door)
    assert names == sorted(set(names), key=sorting)
    assert names


@doors
def test_every_name_of_a_door_can_be_imported(door) -> None:
    module = import_module(door.module)
    assert [name for name in listed(door) if not hasattr(module, name)] == []


@doors
def test_a_door_holds_no_code(door) -> None:
    lazy = door.module in LAZY
    strange = [node for node in door.tree.body if not (_is_plain(node) or (lazy and _is_lazy(node)))]
    assert [ast.unparse(node) for node in strange] == []
    assert lazy or len(door.lines) <= LONGEST_DOOR


@doors
def test_a_door_exports_what_it_imports(door) -> None:
    nodes = door.tree.body
    if door.module in LAZY:
        nodes = [inner for node in nodes if isinstance(node, ast.If) for inner in node.body]
        assert sorted(import_module(door.module)._MODULES) == sorted(listed(door))
    assert sorted(imported(nodes)) == sorted(listed(door))
