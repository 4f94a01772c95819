"""Drugs, cytokines and siRNAs as data files, what they add to the niche, and regimens as text."""

from myeloniche.pharmacology.body import Body
from myeloniche.pharmacology.drug import Drug
from myeloniche.pharmacology.drug_file import attach, find_drug, load_drugs, read_drug
from myeloniche.pharmacology.regimen import Regimen
from myeloniche.pharmacology.regimen_text import read_regimen, regimen_text

__all__ = [
    "Body",
    "Drug",
    "Regimen",
    "attach",
    "find_drug",
    "load_drugs",
    "read_drug",
    "read_regimen",
    "regimen_text",
]
