"""Models written in Antimony, the text form of SBML that people write and review."""

from __future__ import annotations

import re
from pathlib import Path

import antimony

from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.sbml import read_sbml
from myeloniche.errors import ModelError

__all__ = ["antimony_to_sbml", "read_antimony"]

_PLACE = re.compile(r"^Error in model string, line (\d+):\s*")


def antimony_to_sbml(text: str, *, filename: str = "Antimony text") -> str:
    """Return the SBML of the last model in a text.

    Parameters
    ----------
    text
        Antimony statements.
    filename
        How messages call the text.

    Raises
    ------
    ModelError
        If the text is no Antimony, with file, line and what the Antimony library says about it.

    Notes
    -----
    The Antimony library keeps every model it has read; all of them are forgotten before and after.

    References
    ----------
    .. [1] Smith LP et al., Antimony: a modular model definition language, Bioinformatics 25, 2009,
       doi:10.1093/bioinformatics/btp401
    """
    if not text.strip():
        raise ModelError(f"{filename}: got an empty text, expected Antimony statements")
    antimony.clearPreviousLoads()
    try:
        if antimony.loadAntimonyString(text) < 0:
            raise ModelError(_placed(antimony.getLastError(), filename))
        sbml = antimony.getSBMLString(antimony.getMainModuleName())
        if not sbml:
            raise ModelError(_placed(antimony.getLastError(), filename))
        return str(sbml)
    finally:
        antimony.clearPreviousLoads()


def read_antimony(text_or_path: str | Path) -> OdeModel:
    """Return the equations of a model written in Antimony.

    Parameters
    ----------
    text_or_path
        A path, or the text itself, which is recognised by holding a line break, ``;`` or ``->``.

    Raises
    ------
    ModelError
        If the file is missing or the text is no valid model.
    UnsupportedError
        If the model holds what is not honoured.
    """
    if isinstance(text_or_path, str) and any(mark in text_or_path for mark in ("\n", ";", "->")):
        return read_sbml(antimony_to_sbml(text_or_path))
    path = Path(text_or_path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: cannot read the Antimony file: {error}") from error
    return read_sbml(antimony_to_sbml(text, filename=str(path)))


def _placed(message: str | None, filename: str) -> str:
    """Return the library's message behind file and line."""
    words = " ".join((message or "the Antimony library gave no reason").split())
    place = _PLACE.match(words)
    return f"{filename}:{place.group(1)}: {words[place.end() :]}" if place else f"{filename}: {words}"
