"""A batch of members as the one struct that the CUDA kernel is given, in the coalesced layout.

Numbers that differ between members lie as [column][member] and outputs as [time][column][member], so that
neighbouring threads, which have neighbouring members, read and write neighbouring words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloniche.engine.batch import Batch, Columns
from myeloniche.engine.integration import Settings

__all__ = ["batch_struct", "member_columns", "pack_struct", "shared_tables"]

Array = Any
"""An array of NumPy, or of a library for GPUs with the same functions."""

_DOUBLES, _WHOLES = "const double *", "const long long *"

# every field takes eight bytes, so that the struct is an array of words
_FIELDS: Mapping[str, str] = {
    "tolerance": _DOUBLES,
    "wanted": _WHOLES,
    "parameter_common": _DOUBLES,
    "parameter_varied": _WHOLES,
    "parameter_values": _DOUBLES,
    "initial_common": _DOUBLES,
    "initial_varied": _WHOLES,
    "initial_values": _DOUBLES,
    "plan_of": _WHOLES,
    "first_segment": _WHOLES,
    "first_time": _WHOLES,
    "times": _DOUBLES,
    "start": _DOUBLES,
    "duration": _DOUBLES,
    "until_rest": _WHOLES,
    "outputs_until": _WHOLES,
    "anew": _WHOLES,
    "first_change": _WHOLES,
    "change_action": _WHOLES,
    "change_state": _WHOLES,
    "change_index": _WHOLES,
    "change_value": _DOUBLES,
    "outputs": "double *",
    "status": "long long *",
    "steps": "long long *",
    "rejected": "long long *",
    "failed_at": "double *",
    "worst": "long long *",
    "counter": "long long *",
    "work": "double *",
    "members": "long long ",
    "threads": "long long ",
    "columns": "long long ",
    "parameter_columns": "long long ",
    "initial_columns": "long long ",
    "max_steps": "long long ",
    "relative_tolerance": "double ",
    "rest_tolerance": "double ",
}


def batch_struct() -> str:
    """Return C of the struct ``Batch``."""
    fields = "\n".join(f"    {kind}{name};" for name, kind in _FIELDS.items())
    return f"struct Batch {{\n{fields}\n}};\n"


def pack_struct(values: Mapping[str, float], address: Callable[[Array], int]) -> NDArray[np.uint64]:
    """Return the struct as words.

    Parameters
    ----------
    values
        An array or a number for each field.
    address
        Gives an array's address where the kernel runs.
    """
    words = np.zeros(len(_FIELDS), np.uint64)
    for place, (name, kind) in enumerate(_FIELDS.items()):
        value = values[name]
        if kind.endswith("*"):
            words[place] = address(value)
        elif kind == "double ":
            words[place : place + 1].view(np.float64)[0] = value
        else:
            words[place] = int(value)
    return words


def shared_tables(batch: Batch, wanted: Array, tolerances: Array, settings: Settings) -> dict[str, Any]:
    """Return the fields that all members share, as NumPy arrays and numbers."""
    plans = batch.plans._asdict()
    named = {name: plans[name] for name in _FIELDS if name in plans}
    return {
        **named,
        "tolerance": tolerances,
        "wanted": wanted,
        "parameter_common": batch.parameters.common,
        "parameter_varied": batch.parameters.varied,
        "parameter_columns": batch.parameters.varied.size,
        "initial_common": batch.initial.common,
        "initial_varied": batch.initial.varied,
        "initial_columns": batch.initial.varied.size,
        "columns": wanted.size,
        "max_steps": settings.max_steps,
        "relative_tolerance": settings.rtol,
        "rest_tolerance": settings.rest_tolerance,
    }


def member_columns(columns: Columns, members: slice, arrays: Any) -> Array:
    """Return what differs between some members, shape (column, member), where the kernel runs."""
    return arrays.ascontiguousarray(arrays.asarray(columns.values[members]).T)
