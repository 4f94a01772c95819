"""What no honest SBML file holds, found before a parser that trusts its input sees it.

The limits are far beyond published models, and such that reading what just meets them takes libSBML and us
about a minute and a few gigabytes at worst; beyond them libSBML ends in a crash or does not end.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from xml.parsers import expat

from myeloniche.errors import ModelError

__all__ = ["demand_harmless"]

_LONGEST = 64_000_000
# libSBML recurses into formulas, and a thousand levels are far from the end of its stack.
_DEEPEST = 1_000
# It also recurses over the operands of one operation, and crashes between 60,000 and 80,000 of them.
_WIDEST = 10_000
# Its time grows with the square of the number of operands, and faster for a piecewise formula.
_PIECES = 1_000
_SQUARES = 10_000_000_000
# Its time grows with the square of the length of an attribute.
_LONGEST_VALUE = 1_000_000
_MOST_ATTRIBUTES = 1_000
_MOST = {"SBML": 150_000, "MathML": 500_000, "other": 1_000_000, "xmlns": 100_000}
_BETWEEN = " "  # stands between namespace and name; no namespace that is a URI has one
_MATH = f"http://www.w3.org/1998/Math/MathML{_BETWEEN}"
_SBML = "http://www.sbml.org/sbml/"


class _Reading:
    """One pass over the XML: how large it is in every direction, and which names it uses below its root.

    Attributes
    ----------
    names
        Every element and attribute with its namespace, those of the root left out.
    """

    def __init__(self, where: str) -> None:
        self.names: set[str] = set()
        self._where = where
        self._counts: Counter[str] = Counter()
        self._children: list[int] = []
        self._squares = 0
        self._declared = 0
        self._parser = expat.ParserCreate(namespace_separator=_BETWEEN)
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartNamespaceDeclHandler = self._declare
        self._parser.StartDoctypeDeclHandler = self._refuse_type

    def parse(self, text: str) -> None:
        """Read all of it, or up to what is no XML."""
        with suppress(expat.ExpatError):
            self._parser.Parse(text, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._children:
            self._children[-1] += 1
            self.names.add(name)
            self.names.update(attributes)
        self._children.append(0)
        kind = "MathML" if name.startswith(_MATH) else "SBML" if name.startswith(_SBML) else "other"
        self._counts[kind] += 1
        longest = max(map(len, attributes.values()), default=0)
        self._demand(len(self._children), _DEEPEST, "elements inside each other")
        self._demand(self._counts[kind], _MOST[kind], f"elements of {kind}")
        self._demand(len(attributes) + self._declared, _MOST_ATTRIBUTES, "attributes of one element")
        self._demand(longest, _LONGEST_VALUE, "characters in one attribute")
        self._declared = 0

    def _end(self, name: str) -> None:
        count = self._children.pop()
        if name.startswith(_MATH):
            self._demand(count, _WIDEST, "operands of one operation")
            self._squares += (count * _PIECES if name == f"{_MATH}piecewise" else count) * count
            self._demand(self._squares, _SQUARES, "squares of numbers of operands, pieces thousandfold")

    def _declare(self, *_: str | None) -> None:
        self._declared += 1
        self._counts["xmlns"] += 1
        self._demand(self._counts["xmlns"], _MOST["xmlns"], "declarations of namespaces")

    def _demand(self, got: int, most: int, what: str) -> None:
        if got > most:
            self._refuse(f"got more than {most} {what}; split the model or its formulas")

    def _refuse_type(self, *_: object) -> None:
        self._refuse("a document type is declared; remove it")

    def _refuse(self, what: str) -> None:
        raise ModelError(f"{self._where}:{self._parser.CurrentLineNumber}: {what}")


def demand_harmless(text: str, where: str) -> frozenset[str]:
    """Refuse XML that is too large in some direction, or declares entities.

    Malformed XML passes, for libSBML to describe.

    Returns
    -------
    The namespaces of elements and attributes, those of the root element left out.

    Raises
    ------
    ModelError
        With the line of what is refused.
    """
    if len(text) > _LONGEST:
        raise ModelError(f"{where}: got {len(text)} characters of XML, expected at most {_LONGEST}")
    reading = _Reading(where)
    reading.parse(text)
    return frozenset(name.rpartition(_BETWEEN)[0] for name in reading.names)
