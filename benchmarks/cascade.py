"""A signalling cascade of 25 states with Hill terms, a model for benchmarks that every reader can rebuild.

A ligand that is cleared switches on the first of sixteen kinases, each kinase the next one; every fourth one
induces an mRNA whose protein holds back the four kinases before it. All constants are made up.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine import OdeModel, read_antimony

__all__ = ["SEED", "SPREAD", "cascade", "spread"]

KINASES = 16
PER_PROTEIN = 4
SEED = 20261121
SPREAD = 0.2

CONSTANTS = """
    clearance = 0.15; n = 2; h = 0.3; km = 0.3; ki = 0.5
    m = 3; q = 0.4; dm = 0.5; kt = 0.8; dp = 0.2"""
HILL = "function hill(x, k, n)\n x^n/(k^n + x^n)\nend"


def cascade() -> OdeModel:
    """Return the model: ligand, 16 kinases, 4 mRNAs and 4 proteins; time in hours."""
    kinases = (_kinase(number) for number in range(1, KINASES + 1))
    proteins = (_protein(number) for number in range(1, KINASES // PER_PROTEIN + 1))
    ligand = "clearing: Ligand -> ; clearance*Ligand; Ligand = 1"
    return read_antimony("\n".join([HILL, "model cascade()", ligand, *kinases, *proteins, CONSTANTS, "end"]))


def _kinase(i: int) -> str:
    before = f"K{i - 1}" if i > 1 else "Ligand"
    brake = f"(1 + P{(i - 1) // PER_PROTEIN + 1}/ki)"
    return f"""
        on{i}: -> K{i}; ka{i}*(0.02 + hill({before}, h, n))*(1 - K{i})/{brake}
        off{i}: K{i} -> ; kd{i}*K{i}/(km + K{i})
        K{i} = 0.01; ka{i} = {3 + 0.2 * i}; kd{i} = {0.4 + 0.02 * i}"""


def _protein(i: int) -> str:
    return f"""
        write{i}: -> M{i}; v{i}*(0.02 + hill(K{PER_PROTEIN * i}, q, m))
        spoil{i}: M{i} -> ; dm*M{i}
        make{i}: -> P{i}; kt*M{i}
        lose{i}: P{i} -> ; dp*P{i}
        M{i} = 0.02; P{i} = 0.1; v{i} = {0.6 + 0.1 * i}"""


def spread(
    model: OdeModel, members: int, names: Sequence[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return parameters, all if not named, times log-normal factors of median 1, each of shape (member,)."""
    rng = np.random.default_rng(SEED)
    chosen = names or model.parameters
    return {name: model.nominal[name] * rng.lognormal(0.0, SPREAD, members) for name in chosen}
