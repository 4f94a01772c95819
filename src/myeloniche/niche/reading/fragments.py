"""Antimony statements of the data folders: one per line, with local names and their place in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from myeloniche.errors import ModelError, MyelonicheError, UnknownNameError

__all__ = [
    "BUILTINS",
    "Namespace",
    "Statement",
    "function_names",
    "names_of",
    "read_fragment",
    "statement_of",
]

_FUNCTIONS = "abs acos acosh arccos arcsin arctan asin asinh atan atanh ceil cos cosh exp floor ln log log10"
_MORE_FUNCTIONS = "max min piecewise pow root sin sinh sqrt sqr tan tanh"
_WORDS = "and or not xor true false e exponentiale pi time"
BUILTINS = frozenset(f"{_FUNCTIONS} {_MORE_FUNCTIONS} {_WORDS}".split())
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
_COMMENT = re.compile(r"(//|#).*$")
_REACTION = re.compile(r"^(?P<id>[\w.]+)\s*:\s*(?P<body>[^;:=]*(?:->|=>)[^;]*;[^;]+);?$")
_RULE = re.compile(r"^(?P<id>[\w.]+)\s*:=\s*(?P<body>[^;]+);?$")
_FUNCTION = re.compile(r"^\s*function\s+(\w+)\s*\(", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One line of a fragment.

    Attributes
    ----------
    scope
        Instance it belongs to, empty for the shared folders.
    kind
        ``reaction``, ``rule`` or ``other`` (which Antimony may accept but the niche does not).
    id
        Process or observable, as written; empty for ``other``.
    body
        What follows the id: ``A -> B; law`` or the rule's expression.
    text, where
        The line without its comment, and its file and line.
    """

    scope: str
    kind: str
    id: str
    body: str
    text: str
    where: str


def statement_of(text: str, *, scope: str, where: str) -> Statement:
    """Return the statement on one line of Antimony without a comment."""
    for kind, pattern in (("reaction", _REACTION), ("rule", _RULE)):
        match = pattern.match(text)
        if match:
            return Statement(scope, kind, match["id"], " ".join(match["body"].split()), text, where)
    return Statement(scope, "other", "", "", text, where)


def read_fragment(path: Path, label: str, scope: str) -> tuple[Statement, ...]:
    """Return the statements of one ``.ant`` file of a scope."""
    texts = path.read_text(encoding="utf-8").splitlines()
    bare = ((number, _COMMENT.sub("", text).strip()) for number, text in enumerate(texts, start=1))
    return tuple(statement_of(text, scope=scope, where=f"{label}:{number}") for number, text in bare if text)


def names_of(text: str) -> list[str]:
    """Return the names in an expression in the order they occur, functions and words of Antimony included."""
    return _NAME.findall(text)


def function_names(text: str) -> frozenset[str]:
    """Return the names of the functions that an Antimony text defines."""
    return frozenset(_FUNCTION.findall(text))


@dataclass(frozen=True)
class Namespace:
    """Which names exist where; translates local and user names to SBML ids.

    Attributes
    ----------
    local
        Ids of each instance.
    shared
        Ids without prefix.
    functions
        Functions that laws may call.
    """

    local: Mapping[str, frozenset[str]]
    shared: frozenset[str]
    functions: frozenset[str]

    def find(self, name: str, scope: str) -> str | None:
        """Return the SBML id of a name as used in a scope, or None if there is none.

        Inside an instance its own ids and the shared ones are known; in a shared scope (empty) the shared
        ids, and those of an instance as ``MM.PIM2``.
        """
        instance, dot, rest = name.partition(".")
        if dot:
            return f"{instance}__{rest}" if not scope and rest in self.local.get(instance, ()) else None
        if scope and name in self.local[scope]:
            return f"{scope}__{name}"
        if name in self.shared or name in self.functions or name in BUILTINS:
            return name
        return None

    def known(self, scope: str) -> list[str]:
        """Return the names that can be used in a scope."""
        if scope:
            return sorted(self.local[scope] | self.shared)
        dotted = [f"{instance}.{name}" for instance, names in self.local.items() for name in names]
        return sorted([*dotted, *self.shared])

    def translate(self, text: str, scope: str, where: str, problems: list[MyelonicheError]) -> str:
        """Return an Antimony text with every name replaced by its SBML id.

        Names nobody declares are left as they are and added to `problems`.
        """

        def replace(match: re.Match[str]) -> str:
            found = self.find(match[0], scope)
            if found is None:
                problems.append(self._unknown(match[0], scope, where))
            return found or match[0].replace(".", "__")

        return _NAME.sub(replace, text)

    def _unknown(self, name: str, scope: str, where: str) -> MyelonicheError:
        if scope and "." in name:
            return ModelError(
                f"{where}: {name!r} refers to another instance; only shared folders may do that"
            )
        return UnknownNameError("symbol", name, self.known(scope), where=where)
