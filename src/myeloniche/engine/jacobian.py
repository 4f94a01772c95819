"""The Jacobian of a model as symbols, with only the entries that are not 0."""

from __future__ import annotations

from dataclasses import dataclass

from myeloniche.engine.expression import TIME
from myeloniche.engine.ode_model import OdeModel

__all__ = ["SymbolicJacobian", "symbolic_jacobian"]


@dataclass(frozen=True)
class SymbolicJacobian:
    """The entries of df/dy that are not identically 0, by row and then by column, and df/dtime.

    Attributes
    ----------
    rows, columns
        Indices of states, one pair per entry.
    nodes
        Node of each entry in the model's graph.
    time_derivatives
        Node of the partial derivative of each state's rate by time; the constant 0 where there is none.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    nodes: tuple[int, ...]
    time_derivatives: tuple[int, ...]

    def entries(self) -> dict[tuple[int, int], int]:
        """Return the node of every entry by (row, column)."""
        return dict(zip(zip(self.rows, self.columns, strict=True), self.nodes, strict=True))


def symbolic_jacobian(model: OdeModel) -> SymbolicJacobian:
    """Return the partial derivatives of a model's rates by its states and by time."""
    graph = model.graph
    position = {name: index for index, name in enumerate(model.states)}
    rows, columns, nodes = [], [], []
    for row, rate in enumerate(model.rates):
        for column in sorted(position[name] for name in graph.symbols(rate) & position.keys()):
            node = graph.derivative(rate, model.states[column])
            if graph.value(node) != 0.0:
                rows.append(row)
                columns.append(column)
                nodes.append(node)
    by_time = tuple(graph.derivative(rate, TIME) for rate in model.rates)
    return SymbolicJacobian(tuple(rows), tuple(columns), tuple(nodes), by_time)
