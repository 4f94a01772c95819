"""Antimony text of which every line knows the file it came from, and its translation to SBML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from myeloniche.engine.antimony_text import antimony_to_sbml
from myeloniche.errors import ModelError

__all__ = ["Line", "sbml_of_lines"]

_ASSEMBLED = "<assembled niche>"
_NUMBER = re.compile(r"(?:\bline |" + re.escape(_ASSEMBLED) + r":)(\d+)[:,]?")


class Line(NamedTuple):
    """One line of the assembled text and the file and line it was made from."""

    text: str
    where: str


def sbml_of_lines(lines: Sequence[Line]) -> str:
    """Return the SBML that Antimony makes of the lines.

    Raises
    ------
    ModelError
        If Antimony cannot read a line; the message names the file that the line came from.
    """
    text = "\n".join(line.text for line in lines) + "\n"
    try:
        return antimony_to_sbml(text, filename=_ASSEMBLED)
    except ModelError as error:
        raise _at_its_file(error, lines) from error


def _at_its_file(error: ModelError, lines: Sequence[Line]) -> ModelError:
    matches = list(_NUMBER.finditer(str(error)))
    if not matches:
        return error
    line = lines[min(int(matches[0][1]), len(lines)) - 1]
    reason = str(error)[matches[-1].end() :].strip()
    return ModelError(f"{line.where}: Antimony cannot read {line.text.strip()!r}: {reason}")
