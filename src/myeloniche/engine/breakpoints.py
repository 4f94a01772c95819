"""Times at which a model's equations jump because they compare the clock with something.

An adaptive integrator that takes long steps may step over a short pulse without ever seeing it, so such times
become boundaries between periods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.expression import TIME
from myeloniche.engine.ode_model import OdeModel

__all__ = ["break_times"]

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def break_times(
    model: OdeModel,
    parameters: Mapping[str, NDArray[np.float64] | float],
    *,
    resting: frozenset[str] = frozenset(),
    watched: Sequence[int] = (),
) -> NDArray[np.float64]:
    """Return the times at which conditions on the clock may change.

    Parameters
    ----------
    model
        The equations.
    parameters
        Value of every parameter, numbers or arrays of shape (member,).
    resting
        States that do not move for now, whose values are given too.
    watched
        Further nodes whose conditions count, beside the rates and the triggers of events.

    Returns
    -------
    Shape (member, condition), or (1, condition) if all members have the same; NaN or a negative number where
    a condition never changes. Only conditions linear in time whose coefficients are parameters are found: the
    others (of states, of periodic functions) are left to the control of the step size.
    """
    graph = model.graph
    nodes = (*model.rates, *(event.trigger for event in model.events), *watched)
    if not any(graph.depends_on(node, TIME) for node in nodes):
        return np.empty((1, 0))
    known = resting.union(model.parameters)
    start = {TIME: graph.number(0.0)}
    levels, slopes = [], []
    for node in graph.order(nodes):
        operation, operands = graph.nodes[node]
        if operation not in _COMPARISONS or not graph.depends_on(node, TIME):
            continue
        difference = graph.call("sub", *operands)
        slope = graph.derivative(difference, TIME)
        if graph.symbols(difference) - known == {TIME} and graph.symbols(slope) <= known:
            levels.append(graph.substitute(difference, start))
            slopes.append(slope)
    if not levels:
        return np.empty((1, 0))
    values = graph.evaluate([*levels, *slopes], parameters)
    with np.errstate(all="ignore"):
        times = [
            -level / slope for level, slope in zip(values[: len(levels)], values[len(levels) :], strict=True)
        ]
    return np.stack(np.broadcast_arrays(*map(np.atleast_1d, times)), axis=-1)
