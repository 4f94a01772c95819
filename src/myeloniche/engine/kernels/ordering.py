"""The order of elimination of a sparse matrix and its factorisation written down as a list of operations.

A model's Jacobian has the same nonzeros at every time and in every trajectory, so what to multiply with
what is decided once. Pivots stay on the diagonal and are never exchanged: the matrix J - I/(gamma h) is
dominated by its diagonal when the step h is small, and a step whose factorisation fails is made smaller.

References
----------
.. [1] H. M. Markowitz, The elimination form of the inverse and its application to linear programming,
   Management Science 3 (1957) 255-269, doi:10.1287/mnsc.3.3.255.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["FactorEntry", "Factorisation", "elimination_order", "plan_factorisation"]


@dataclass(frozen=True)
class FactorEntry:
    """One number of the factors: source - sum(lower * upper), then times an inverse pivot or inverted.

    Parameters
    ----------
    row, column
        Position in the matrix, as indices of states.
    slot
        Where the result is stored.
    source
        Slot of the Jacobian's entry, or -1 where elimination fills in a zero.
    terms
        Pairs of slots whose products are subtracted, in the order of the pivots.
    pivot
        Slot of the inverse pivot to multiply with (entries below the diagonal), or -1.
    """

    row: int
    column: int
    slot: int
    source: int
    terms: tuple[tuple[int, int], ...]
    pivot: int = -1

    @property
    def on_diagonal(self) -> bool:
        """Whether this is a pivot, stored as its inverse after 1/(gamma h) was subtracted."""
        return self.row == self.column


@dataclass(frozen=True)
class Factorisation:
    """The factors L and U of M = J - I/(gamma h) as operations on numbered slots.

    Parameters
    ----------
    order
        States in the order of elimination.
    entries
        What to compute, in an order in which everything is known when it is needed. Entries above the
        diagonal that elimination does not change are left where the Jacobian has them.
    slots
        Number of slots; the first ones are the Jacobian's nonzeros.
    lower, upper
        For each state, in the order of elimination, the (slot, state) pairs of its row.
    pivots
        Slot of each state's inverse pivot, indexed by state.
    """

    order: tuple[int, ...]
    entries: tuple[FactorEntry, ...]
    slots: int
    lower: tuple[tuple[tuple[int, int], ...], ...]
    upper: tuple[tuple[tuple[int, int], ...], ...]
    pivots: tuple[int, ...]

    @property
    def operations(self) -> int:
        """Number of multiply-subtracts of one factorisation."""
        return sum(len(entry.terms) for entry in self.entries)


def elimination_order(size: int, nonzeros: Iterable[tuple[int, int]]) -> tuple[list[int], list[set[int]]]:
    """Choose diagonal pivots that create few new nonzeros.

    Parameters
    ----------
    size
        Number of rows.
    nonzeros
        (row, column) of the entries that may differ from zero; the diagonal always counts as one.

    Returns
    -------
    The pivots in order, and for each row the columns that are nonzero after elimination. The pivot of
    least (row entries - 1) * (column entries - 1) [1]_ comes first, the lower index where they tie.
    """
    rows: list[set[int]] = [{index} for index in range(size)]
    columns: list[set[int]] = [{index} for index in range(size)]
    for row, column in nonzeros:
        rows[row].add(column)
        columns[column].add(row)
    filled = [set(row) for row in rows]
    remaining = set(range(size))
    order = []
    while remaining:
        pivot = min(remaining, key=lambda k: ((len(rows[k]) - 1) * (len(columns[k]) - 1), k))
        remaining.discard(pivot)
        order.append(pivot)
        _eliminate(pivot, rows, columns, filled)
    return order, filled


def _eliminate(pivot: int, rows: list[set[int]], columns: list[set[int]], filled: list[set[int]]) -> None:
    below = columns[pivot] - {pivot}
    right = rows[pivot] - {pivot}
    for row in below:
        for column in right - rows[row]:
            rows[row].add(column)
            columns[column].add(row)
            filled[row].add(column)
        rows[row].discard(pivot)
    for column in right:
        columns[column].discard(pivot)


def plan_factorisation(size: int, nonzeros: Iterable[tuple[int, int]]) -> Factorisation:
    """Write down the factorisation of J - I/(gamma h) without exchange of rows.

    Parameters
    ----------
    size
        Number of states.
    nonzeros
        (row, column) of the Jacobian's nonzeros; the n-th has slot n.

    Returns
    -------
    The operations, each number of the factors computed once and stored once.
    """
    source = {position: slot for slot, position in enumerate(nonzeros)}
    order, filled = elimination_order(size, source)
    return _FactorisationWriter(order, filled, source).write()


class _FactorisationWriter:
    """Numbers the entries of the factors while it walks through the pivots."""

    def __init__(self, order: list[int], filled: list[set[int]], source: dict[tuple[int, int], int]) -> None:
        self.order = order
        self.source = source
        self.place = {state: place for place, state in enumerate(order)}
        self.slot: dict[tuple[int, int], int] = {}
        self.entries: list[FactorEntry] = []
        self.count = len(source)
        place = self.place
        self.lower_columns = [
            sorted((j for j in row if place[j] < place[i]), key=place.__getitem__)
            for i, row in enumerate(filled)
        ]
        self.upper_columns = [
            sorted((j for j in row if place[j] > place[i]), key=place.__getitem__)
            for i, row in enumerate(filled)
        ]
        self.upper_sets = [set(columns) for columns in self.upper_columns]
        self.lower_rows: list[list[int]] = [[] for _ in filled]
        for row in order:
            for column in self.lower_columns[row]:
                self.lower_rows[column].append(row)

    def write(self) -> Factorisation:
        for pivot in self.order:
            self._add(pivot, pivot)
            for column in self.upper_columns[pivot]:
                self._add(pivot, column)
            for row in self.lower_rows[pivot]:
                self._add(row, pivot)
        slot = self.slot
        return Factorisation(
            order=tuple(self.order),
            entries=tuple(self.entries),
            slots=self.count,
            lower=tuple(tuple((slot[i, j], j) for j in self.lower_columns[i]) for i in self.order),
            upper=tuple(tuple((slot[i, j], j) for j in self.upper_columns[i]) for i in self.order),
            pivots=tuple(slot[i, i] for i in range(len(self.order))),
        )

    def _add(self, row: int, column: int) -> None:
        limit = min(self.place[row], self.place[column])
        terms = tuple(
            (self.slot[row, k], self.slot[k, column])
            for k in self.lower_columns[row]
            if self.place[k] < limit and column in self.upper_sets[k]
        )
        source = self.source.get((row, column), -1)
        below = self.place[row] > self.place[column]
        if not terms and not below and row != column:
            self.slot[row, column] = source
            return
        slot = self.count
        self.count += 1
        self.slot[row, column] = slot
        pivot = self.slot[column, column] if below else -1
        self.entries.append(FactorEntry(row, column, slot, source, terms, pivot))
