"""Rows, statements and attachments become one Antimony text and one SBML document."""

from myeloniche.niche.assembly.assemble import Assembly, assemble
from myeloniche.niche.assembly.parts import Parts

__all__ = ["Assembly", "Parts", "assemble"]
