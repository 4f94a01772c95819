"""Do two tables hold the same bits? NaN equals NaN of the same bits, and 0 is not -0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow

__all__ = ["differing_rows"]


def differing_rows(one: pyarrow.Table, other: pyarrow.Table) -> list[str]:
    """Return a sentence for what differs first in each column, none if every bit is the same.

    Parameters
    ----------
    one, other
        Tables with rows in the same order; metadata are not looked at.
    """
    if one.schema.remove_metadata() != other.schema.remove_metadata():
        return [f"columns are {_columns(one)}, not {_columns(other)}"]
    if one.num_rows != other.num_rows:
        return [f"there are {one.num_rows} rows, not {other.num_rows}"]
    found = []
    for name in one.column_names:
        differ = _bits_differ(one.column(name), other.column(name))
        if differ.any():
            row = int(np.flatnonzero(differ)[0])
            values = one.column(name)[row].as_py(), other.column(name)[row].as_py()
            found.append(f"{name} of row {row} is {values[0]!r}, not {values[1]!r}")
    return found


def _columns(table: pyarrow.Table) -> str:
    return ", ".join(f"{field.name} ({field.type})" for field in table.schema)


def _bits_differ(one: pyarrow.ChunkedArray, other: pyarrow.ChunkedArray) -> NDArray[np.bool_]:
    import pyarrow.types

    if not pyarrow.types.is_float64(one.type):
        return np.array(
            [mine != yours for mine, yours in zip(one.to_pylist(), other.to_pylist(), strict=True)]
        )
    bits = [column.to_numpy().view(np.int64) for column in (one, other)]
    nulls = [column.is_null().to_numpy() for column in (one, other)]
    return np.asarray((bits[0] != bits[1]) | (nulls[0] != nulls[1]), dtype=bool)
