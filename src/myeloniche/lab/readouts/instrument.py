"""The instruments of the laboratory and how each shows what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from myeloniche.errors import UnknownNameError
from myeloniche.lab.readouts.qpcr import fold_change
from myeloniche.lab.readouts.viability import percent_of_control
from myeloniche.lab.readouts.western_blot import relative_densities
from myeloniche.pharmacology.names import folded

__all__ = ["INSTRUMENTS", "Instrument", "find_instrument"]


@dataclass(frozen=True)
class Instrument:
    """An instrument.

    Attributes
    ----------
    name
        Its word in an experiment file.
    synonyms
        Other words for it.
    chooses
        Whether it needs to be told what to look for; a viability assay does not.
    scale
        What it compares with: ``reference`` lane or sample (first arm, first time), ``control`` dish
        (first arm, same time) or nothing, ``absolute``.
    unit
        Unit of what it shows; empty for the readout's own.
    of_animals
        Whether it looks at an animal, and not at cells of a dish.
    """

    name: str
    synonyms: tuple[str, ...]
    chooses: bool
    scale: Literal["reference", "control", "absolute"]
    unit: str = ""
    of_animals: bool = False

    def show(self, values: NDArray[np.float64], reference: float) -> NDArray[np.float64]:
        """Return values as the instrument shows them, relative to the reference if it has one."""
        if self.name == "viability":
            return percent_of_control(values, reference)
        if self.name == "qPCR":
            return fold_change(values, reference)
        if self.scale == "reference":
            return relative_densities(values, reference)
        return values


INSTRUMENTS: Mapping[str, Instrument] = MappingProxyType(
    {
        instrument.name: instrument
        for instrument in (
            Instrument("blot", ("western blot",), True, "reference", "of reference lane"),
            Instrument("nuclear", ("nuclear extract",), True, "reference", "of reference lane"),
            Instrument("viability", ("WST-8",), False, "control", "% of control"),
            Instrument("annexin V", ("annexin", "apoptosis"), False, "absolute"),
            Instrument("qPCR", ("RT-PCR",), True, "reference", "fold"),
            Instrument("assay", ("activity assay", "probe"), True, "reference", "of reference sample"),
            Instrument("secreted", ("ELISA",), True, "absolute"),
            Instrument("adherent fraction", ("adhesion",), False, "absolute"),
            Instrument("TRAP", ("TRAP staining", "osteoclast count"), False, "absolute"),
            Instrument("alizarin red", ("mineralisation", "alizarin"), False, "absolute"),
            Instrument("amount", ("species",), True, "absolute"),
            Instrument("bioluminescence", ("BLI", "IVIS"), True, "absolute", of_animals=True),
            Instrument("serum", ("blood",), True, "absolute", of_animals=True),
            Instrument("micro-CT", ("uCT",), True, "absolute", of_animals=True),
            Instrument("histomorphometry", ("histology",), True, "absolute", of_animals=True),
        )
    }
)


def find_instrument(word: str, *, where: str = "") -> Instrument:
    """Return an instrument by its word or a synonym.

    Raises
    ------
    UnknownNameError
        With the nearest words, if there is none.
    """
    for instrument in INSTRUMENTS.values():
        if folded(word) in {folded(name) for name in (instrument.name, *instrument.synonyms)}:
            return instrument
    known = [name for entry in INSTRUMENTS.values() for name in (entry.name, *entry.synonyms)]
    raise UnknownNameError("instrument", word, known, where=where)
