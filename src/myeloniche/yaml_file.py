"""YAML files whose every entry knows its line, so that an error can say where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from myeloniche.errors import TableError, nearest_names, raise_all

if TYPE_CHECKING:
    import yaml

__all__ = ["EntryPath", "YamlFile", "as_yaml_file", "parse_yaml", "unknown_key"]

EntryPath = tuple[str | int, ...]

_DEEPEST = 30  # an alias that contains itself would go on for ever


@dataclass(frozen=True)
class YamlFile:
    """The content of a YAML file with the line of every entry.

    Attributes
    ----------
    name
        Name of the file, shown in errors.
    data
        What the file says: dicts, lists and scalars.
    lines
        Line of every entry by its path of keys and positions, counted from 1.
    """

    name: str
    data: Any
    lines: Mapping[EntryPath, int] = field(default_factory=dict)

    def where(self, path: Sequence[str | int] = ()) -> str:
        """Return ``file.yaml:14`` for an entry, or for the nearest entry around it."""
        entry = tuple(path)
        while entry and entry not in self.lines:
            entry = entry[:-1]
        if entry in self.lines:
            return f"{self.name}:{self.lines[entry]}"
        return self.name


def parse_yaml(text: str, name: str) -> YamlFile:
    """Read YAML text.

    Raises
    ------
    TableError
        If the text is no YAML, or a key stands twice in one mapping; with file and line.
    """
    import yaml

    loader_class = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times faster
    loader = loader_class(text)
    try:
        node = loader.get_single_node()
        lines: dict[EntryPath, int] = {}
        problems: list[TableError] = []
        if node is not None:
            _walk(node, (), lines, problems, name)
        raise_all(problems, title=name)
        data = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, name) from error
    except yaml.YAMLError as error:
        raise TableError(f"{name}: no readable YAML: {error}. Check the file's encoding.") from error
    except ValueError as error:
        if isinstance(error, TableError):
            raise
        raise TableError(f"{name}: a value cannot be read: {error}. Put it in quotes.") from error
    finally:
        loader.dispose()
    return YamlFile(name, data, lines)


def as_yaml_file(content: Any, name: str) -> YamlFile:
    """Return content that was not read from a file in the same form; its entries have no lines."""
    return YamlFile(name, content)


def unknown_key(file: YamlFile, path: EntryPath, key: object, known: Iterable[str], what: str) -> TableError:
    """Return the error for a key that is not understood, with the nearest key that is."""
    words = sorted(known)
    nearest = nearest_names(str(key), words, limit=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    where = file.where((*path, str(key)))
    expected = ", ".join(words)
    return TableError(f"{where}: unknown key {str(key)!r} in {what}, expected one of {expected}.{hint}")


def _walk(
    node: yaml.Node, path: EntryPath, lines: dict[EntryPath, int], problems: list[TableError], name: str
) -> None:
    """Record the line of a node and of everything in it."""
    import yaml

    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > _DEEPEST:
        problems.append(TableError(f"{name}:{lines[path]}: entries are nested too deeply. Remove the alias."))
        return
    if isinstance(node, yaml.SequenceNode):
        for position, entry in enumerate(node.value):
            _walk(entry, (*path, position), lines, problems, name)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            if below in lines:
                line = key.start_mark.line + 1
                first = lines[below]
                problems.append(
                    TableError(f"{name}:{line}: key {key.value!r} stands twice (line {first}). Keep one.")
                )
            lines[below] = key.start_mark.line + 1
            _walk(value, below, lines, problems, name)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, name: str) -> TableError:
    """Return a syntax error with its line and a caret under the place."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return TableError(f"{name}: no readable YAML: {error.problem}.")
    line = (text.splitlines() or [""])[min(mark.line, max(len(text.splitlines()) - 1, 0))]
    caret = " " * mark.column + "^"
    return TableError(
        f"{name}:{mark.line + 1}: no readable YAML: {error.problem}. "
        f"Check indentation, brackets and quotes.\n    {line}\n    {caret}"
    )
