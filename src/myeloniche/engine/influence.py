"""Which states push which, between two courses of one model, and the strongest path from one to another.

A state is pushed by every state in its rate: the partial derivative of its rate by the other state at the
mean of both courses, times the difference between them. An edge's share is its push over all pushes in the
direction in which the state itself differs.

References
----------
.. [1] B. N. Kholodenko et al., Untangling the wires: a strategy to trace functional interactions in signaling
   and gene networks, PNAS 99 (2002) 12841, doi:10.1073/pnas.192442699. Local responses along edges.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.expression import TIME
from myeloniche.engine.jacobian import symbolic_jacobian
from myeloniche.engine.ode_model import OdeModel, Process

__all__ = ["Influence"]

Floats = NDArray[np.float64]

_FAINT = 1e-9  # a state that differs by less of its size does not differ


class Influence:
    """The pushes between the states of a model.

    Parameters
    ----------
    model
        The equations.
    parameters
        Values that differ from the model's nominal ones.
    before, after
        Each state in the two courses, as averages over the time of interest, shape (state,).
    """

    def __init__(
        self, model: OdeModel, parameters: Mapping[str, float], before: Floats, after: Floats
    ) -> None:
        self.model = model
        self.before, self.after = before, after
        middle = dict(zip(model.states, (0.5 * (before + after)).tolist(), strict=True))
        self._values = {**model.nominal, **parameters, **middle, TIME: 0.0}
        change = after - before
        size = np.maximum(np.abs(before), np.abs(after))
        self.change = np.where(np.abs(change) > _FAINT * size, change, 0.0)

    @cached_property
    def shares(self) -> dict[tuple[int, int], float]:
        """Share of each edge (source, target) with a push in the direction of the target's difference."""
        jacobian = symbolic_jacobian(self.model)
        slopes = np.array(self.model.graph.evaluate(jacobian.nodes, self._values))
        rows, columns = np.array(jacobian.rows), np.array(jacobian.columns)
        pushes = slopes * self.change[columns]
        helps = (rows != columns) & (pushes * self.change[rows] > 0.0) & np.isfinite(pushes)
        total = np.zeros(len(self.model.states))
        np.add.at(total, rows[helps], np.abs(pushes[helps]))
        return {
            (int(source), int(target)): float(abs(push) / total[target])
            for source, target, push in zip(columns[helps], rows[helps], pushes[helps], strict=True)
        }

    def fold(self, state: int) -> float:
        """Return a state's mean in the second course over that in the first."""
        if self.before[state] == 0.0:
            return math.inf if self.after[state] else 1.0
        return float(self.after[state] / self.before[state])

    def path(self, starts: Iterable[int], ends: Mapping[int, float]) -> list[tuple[int, int, float]]:
        """Return the edges (source, target, share) from one of the starts to one of the ends.

        Parameters
        ----------
        starts
            Numbers of states.
        ends
            Share of each state that ends a path in what it ends in, which is written as target -1.

        Returns
        -------
        The path with the largest product of shares, found by Dijkstra's algorithm; empty if there is none.
        """
        first = set(starts)
        incoming: dict[int, list[tuple[int, float]]] = {}
        for (source, target), share in self.shares.items():
            incoming.setdefault(target, []).append((source, share))
        incoming[-1] = list(ends.items())
        cost = {-1: 0.0}
        after: dict[int, tuple[int, float]] = {}
        queue: list[tuple[float, int]] = [(0.0, -1)]
        while queue:
            so_far, state = heapq.heappop(queue)
            if state in first:
                return _edges(state, after)
            if so_far > cost[state]:
                continue
            for source, share in incoming.get(state, ()):
                longer = so_far - math.log(share)
                if longer < cost.get(source, math.inf):
                    cost[source], after[source] = longer, (state, share)
                    heapq.heappush(queue, (longer, source))
        return []

    def carrier(self, source: int, target: int) -> Process | None:
        """Return the process with the largest part in the push of one state on another."""
        graph, name = self.model.graph, self.model.states[source]
        carriers: dict[str, tuple[Process, int]] = {}
        for process in self.model.processes:
            for (state, _), factor in zip(process.stoichiometry, process.factors, strict=True):
                if state == self.model.states[target] and graph.depends_on(process.rate, name):
                    node = graph.call("mul", factor, graph.derivative(process.rate, name))
                    carriers[process.id] = (process, node)
        if not carriers:
            return None
        slopes = graph.evaluate([node for _, node in carriers.values()], self._values)
        sign = math.copysign(1.0, self.change[source] * self.change[target])
        parts = dict(zip(carriers, (sign * float(slope) for slope in slopes), strict=True))
        return carriers[max(parts, key=lambda one: parts[one])][0]


def _edges(state: int, after: Mapping[int, tuple[int, float]]) -> list[tuple[int, int, float]]:
    edges = []
    while state != -1:
        target, share = after[state]
        edges.append((state, target, share))
        state = target
    return edges
