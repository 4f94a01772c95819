"""The package's own sources, for tests of its shape."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import myeloniche

PACKAGE = Path(myeloniche.__file__).parent
REPOSITORY = Path(__file__).parents[2]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file of the package."""

    path: Path

    @property
    def name(self) -> str:
        """Path below the package, for example ``engine/simulation.py``."""
        return self.path.relative_to(PACKAGE).as_posix()

    @property
    def module(self) -> str:
        """Name to import it by."""
        parts = self.path.relative_to(PACKAGE.parent).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @cached_property
    def lines(self) -> list[str]:
        """Its lines."""
        return self.path.read_text("utf-8").splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return ast.parse("\n".join(self.lines))

    def functions(self) -> Iterator[FunctionNode]:
        """Yield every function and method, inner ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, FunctionNode))

    def code_lines(self, function: FunctionNode) -> int:
        """Return a function's lines without its docstring, comments and blanks."""
        span = set(range(function.lineno, (function.end_lineno or function.lineno) + 1))
        if ast.get_docstring(function) is not None:
            text = function.body[0]
            span -= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
        texts = (self.lines[number - 1].strip() for number in span)
        return sum(bool(text) and not text.startswith("#") for text in texts)


SOURCES = tuple(Source(path) for path in sorted(PACKAGE.rglob("*.py")))
DOORS = tuple(source for source in SOURCES if source.path.name == "__init__.py" and source.lines)
