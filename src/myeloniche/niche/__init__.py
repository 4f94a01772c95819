"""The biological model: data folders per cell type, assembled into one SBML document."""

from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.niche import Niche, load
from myeloniche.niche.tables import CellRow, CellValue, ParameterRow, ProcessRow, Reference, SpeciesRow

__all__ = [
    "AttachedProcess",
    "Attachment",
    "CellRow",
    "CellValue",
    "Factor",
    "Niche",
    "ParameterRow",
    "ProcessRow",
    "Reference",
    "SpeciesRow",
    "load",
    "sbml_id",
    "user_name",
]
