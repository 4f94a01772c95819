"""The biological model: data folders per cell type, assembled into one SBML document."""

from myeloniche.niche.attachment import AttachedProcess, Attachment, Factor
from myeloniche.niche.checks.run import Issue, Severity, run_checks
from myeloniche.niche.explain import Explanation, explain
from myeloniche.niche.export import sbml_of, write_sbml
from myeloniche.niche.names import sbml_id, user_name
from myeloniche.niche.niche import Niche, load
from myeloniche.niche.tables import CellRow, CellValue, ParameterRow, ProcessRow, Reference, SpeciesRow

__all__ = [
    "AttachedProcess",
    "Attachment",
    "CellRow",
    "CellValue",
    "Explanation",
    "Factor",
    "Issue",
    "Niche",
    "ParameterRow",
    "ProcessRow",
    "Reference",
    "Severity",
    "SpeciesRow",
    "explain",
    "load",
    "run_checks",
    "sbml_id",
    "sbml_of",
    "user_name",
    "write_sbml",
]
