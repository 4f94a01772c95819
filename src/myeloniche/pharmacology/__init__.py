"""Drugs, cytokines and siRNAs as data files, and what they add to the niche."""

from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import attach, find_drug, load_drugs, read_drug

__all__ = ["Drug", "attach", "find_drug", "load_drugs", "read_drug"]
