"""Numbers of the clinic that stand in data files, each with its unit, kind and source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from myeloniche.errors import MyelonicheError, TableError, raise_all
from myeloniche.yaml_file import YamlFile, parse_yaml

__all__ = ["KINDS", "numbers", "shipped_yaml"]

KINDS = ("measured", "fitted", "derived", "assumed", "definition")
"""What a number can rest on."""

_WORDS = ("value", "unit", "kind", "source")


def shipped_yaml(name: str) -> YamlFile:
    """Return one of the data files of this floor."""
    return parse_yaml(files("myeloniche.trials.clinic").joinpath("data", name).read_text("utf-8"), name)


def numbers(file: YamlFile, *path: str) -> dict[str, float]:
    """Return the numbers under a key of a file, by name.

    Raises
    ------
    TableError
        With every entry that lacks value, unit, kind or source.
    """
    rows: Any = file.data
    for key in path:
        rows = rows[key]
    raise_all(list(_problems(file, path, rows)), title=file.name)
    return {name: float(row["value"]) for name, row in rows.items()}


def _problems(file: YamlFile, path: tuple[str, ...], rows: Mapping[str, Any]) -> Iterator[MyelonicheError]:
    for name, row in rows.items():
        where = file.where((*path, name))
        lacking = [word for word in _WORDS if not isinstance(row, dict) or word not in row]
        if lacking:
            yield TableError(f"{where}: {name} lacks {', '.join(lacking)}. Write {{{', '.join(_WORDS)}}}.")
        elif row["kind"] not in KINDS:
            yield TableError(f"{where}: got kind {row['kind']!r}, expected one of {', '.join(KINDS)}.")
