"""What no honest SBML file holds, found before a parser that trusts its input sees it."""

from __future__ import annotations

from xml.parsers import expat

from myeloniche.errors import ModelError

__all__ = ["demand_harmless"]

# libSBML recurses into formulas, and a thousand levels are far from the end of its stack.
_DEEPEST = 1000
_LONGEST = 64_000_000


def demand_harmless(text: str, where: str) -> None:
    """Refuse XML that is too long, nested too deeply, or declares entities.

    Malformed XML passes, for libSBML to describe.

    Raises
    ------
    ModelError
        With the line of what is refused.
    """
    if len(text) > _LONGEST:
        raise ModelError(f"{where}: got {len(text)} characters of XML, expected at most {_LONGEST}")
    parser, depth = expat.ParserCreate(), 0

    def refuse(what: str) -> None:
        raise ModelError(f"{where}:{parser.CurrentLineNumber}: {what}")

    def start(_: str, __: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            refuse(f"elements are nested more than {_DEEPEST} deep; split the formula by assignment rules")

    def end(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = lambda *_: refuse("a document type is declared; remove it")
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        return
