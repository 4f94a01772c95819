"""Virtual patients: what is known of each, how they are drawn, refused and weighted."""

from myeloniche.trials.patients.population import Population
from myeloniche.trials.patients.population_file import populations, read_population
from myeloniche.trials.patients.weights import Target, balance, effective_size

__all__ = [
    "Population",
    "Target",
    "balance",
    "effective_size",
    "populations",
    "read_population",
]
