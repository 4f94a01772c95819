"""Small files, small functions, few arguments. The tails are printed: ``pytest -s tests/architecture``."""

from __future__ import annotations

import numpy as np
from house import SOURCES

LONGEST_FILE = 600
MEDIAN_FILE = 200
LONGEST_FUNCTION = 80
MEDIAN_FUNCTION, NINTH_TENTH = 10, 35
# functions that spell out a kernel, by name, with the reason
KERNELS: dict[str, str] = {}
MOST_ARGUMENTS = 8
# the public simulation takes its settings by name
# what a user chooses by keyword, and two inner loops
MANY_ARGUMENTS = {
    "cli.py:ensemble",
    "engine/endpoint_reduction.py:_gather",
    "engine/rosenbrock.py:advance",
    "engine/simulation.py:ensemble",
    "engine/simulation.py:simulate",
}
SHOWN = 5


def tail(sizes: dict[str, int], what: str) -> None:
    """Print the largest."""
    for name, size in sorted(sizes.items(), key=lambda item: -item[1])[:SHOWN]:
        print(f"{size:5d} {what} {name}")  # noqa: T201  for the reader of the report


def function_sizes() -> dict[str, int]:
    """Return the code lines of every function by file and name."""
    return {
        f"{source.name}:{function.name}:{function.lineno}": source.code_lines(function)
        for source in SOURCES
        for function in source.functions()
    }


def named(place: str) -> str:
    """Return a function's file and name without its line."""
    return place.rpartition(":")[0]


def test_no_file_is_long() -> None:
    sizes = {source.name: len(source.lines) for source in SOURCES}
    tail(sizes, "lines")
    assert [name for name, size in sizes.items() if size > LONGEST_FILE] == []
    assert np.median(list(sizes.values())) <= MEDIAN_FILE


def test_no_function_is_long_but_listed_kernels() -> None:
    sizes = function_sizes()
    tail(sizes, "code lines")
    long = {named(place) for place, size in sizes.items() if size > LONGEST_FUNCTION}
    assert long == set(KERNELS)


def test_most_functions_are_short() -> None:
    sizes = list(function_sizes().values())
    assert np.median(sizes) <= MEDIAN_FUNCTION
    assert np.quantile(sizes, 0.9) <= NINTH_TENTH


def test_functions_take_few_arguments() -> None:
    counts = {
        f"{source.name}:{function.name}": _arguments(function)
        for source in SOURCES
        for function in source.functions()
    }
    tail(counts, "arguments")
    assert {name for name, count in counts.items() if count > MOST_ARGUMENTS} == MANY_ARGUMENTS


def _arguments(function) -> int:
    taken = function.args
    names = [argument.arg for argument in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
    return sum(name not in ("self", "cls") for name in names)
