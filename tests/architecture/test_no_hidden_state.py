"""No hidden state: no ``global``, no containers waiting to be filled, caches keyed by content only."""

from __future__ import annotations

import ast

from house import SOURCES

# caches whose key is the whole content of what they remember
CACHES = {
    "engine/cuda/device_run.py:_printed",
    "engine/kernels/cache.py:_host",
    "engine/kernels/cache.py:_linked",
    "engine/kernels/cache.py:_printer_key",
    "engine/kernels/cache.py:_watching",
    "lab/laboratory.py:_model_without",
    "lab/laboratory.py:_niche",
    "pharmacology/names.py:folded",
}


def test_nothing_is_declared_global() -> None:
    found = [
        f"{source.name}:{node.lineno}"
        for source in SOURCES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_no_module_keeps_an_empty_container_to_be_filled() -> None:
    found = [
        f"{source.name}: {ast.unparse(node)}"
        for source in SOURCES
        for node in source.tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_empty(node.value)
    ]
    assert found == []


def test_only_listed_functions_remember_their_results() -> None:
    found = {
        f"{source.name}:{function.name}"
        for source in SOURCES
        for function in source.functions()
        if any(_is_cache(decorator) for decorator in function.decorator_list)
    }
    assert found == CACHES


def test_arguments_have_no_mutable_defaults() -> None:
    found = [
        f"{source.name}:{function.name}: {ast.unparse(default)}"
        for source in SOURCES
        for function in source.functions()
        for default in (*function.args.defaults, *function.args.kw_defaults)
        if isinstance(default, ast.List | ast.Dict | ast.Set)
    ]
    assert found == []


def _is_empty(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in ("list", "dict", "set", "defaultdict") and not value.args
    return (isinstance(value, ast.List) and not value.elts) or (
        isinstance(value, ast.Dict) and not value.keys
    )


def _is_cache(decorator: ast.expr) -> bool:
    name = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(name).rpartition(".")[2] in ("cache", "lru_cache")
