"""What each instrument of the laboratory sees of the model."""

from myeloniche.lab.readouts.elisa import ng_per_ml
from myeloniche.lab.readouts.instrument import INSTRUMENTS, Instrument, find_instrument
from myeloniche.lab.readouts.qpcr import delta_delta_ct, fold_change
from myeloniche.lab.readouts.table import BoundReadout, Readout, find_readout, load_readouts
from myeloniche.lab.readouts.viability import percent_of_control
from myeloniche.lab.readouts.western_blot import film_density, relative_densities

__all__ = [
    "INSTRUMENTS",
    "BoundReadout",
    "Instrument",
    "Readout",
    "delta_delta_ct",
    "film_density",
    "find_instrument",
    "find_readout",
    "fold_change",
    "load_readouts",
    "ng_per_ml",
    "percent_of_control",
    "relative_densities",
]
