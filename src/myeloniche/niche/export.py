"""The niche as an SBML file for other tools."""

from __future__ import annotations

from pathlib import Path

import libsbml

from myeloniche.errors import ModelError, raise_all
from myeloniche.niche.consistency import sbml_messages
from myeloniche.niche.niche import Niche

__all__ = ["sbml_of", "write_sbml"]


def sbml_of(niche: Niche, cell: str | None = None) -> str:
    """Return the niche as SBML Level 3 Version 2, with the values of a cell if one is named.

    Raises
    ------
    UnknownNameError
        If there is no such cell.
    """
    if cell is None:
        return niche.sbml
    document = libsbml.readSBMLFromString(niche.sbml)
    model = document.getModel()
    for name, value in niche.values_of(cell).items():
        model.getParameter(name).setValue(value)
    model.setName(f"myeloma bone niche, {cell} in place of {niche.cells[cell].instance}")
    return str(libsbml.writeSBMLToString(document))


def write_sbml(niche: Niche, path: str | Path, cell: str | None = None) -> Path:
    """Write the niche as an SBML file, after libSBML found no error in it.

    Parameters
    ----------
    niche
        The assembled niche, with its attachments.
    path
        File to write; its folder must exist.
    cell
        Cell whose parameter values are written; the instances' own values if not given.

    Returns
    -------
    The path written.

    Raises
    ------
    UnknownNameError
        If there is no such cell.
    ModelError
        If the document would not be valid SBML; nothing is written then.
    """
    text = sbml_of(niche, cell)
    errors = [
        ModelError(f"{niche.where(message.element)}: {message.element!r}: {message.text}")
        for message in sbml_messages(text)
        if message.is_error
    ]
    raise_all(errors, title="the exported SBML")
    target = Path(path)
    target.write_text(text, encoding="utf-8")
    return target
