"""Members that share timeline and output times and differ by columns of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloniche.engine.batch import Batch, flatten_table
from myeloniche.engine.ode_model import OdeModel
from myeloniche.engine.timeline import Member, Period, check_members
from myeloniche.errors import ModelError

__all__ = ["Table", "table_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Table:
    """Members of an ensemble as columns.

    Attributes
    ----------
    parameters, initial
        Parameters and initial states that differ from the model's, each of shape (member,).
    plan
        A member with the timeline and the output times of all.
    """

    parameters: Mapping[str, Floats] = field(repr=False)
    initial: Mapping[str, Floats] = field(repr=False)
    plan: Member

    def __len__(self) -> int:
        return len(next(iter([*self.parameters.values(), *self.initial.values()])))

    def batch(
        self, model: OdeModel, watched: Sequence[int], members: slice | Integers = slice(None)
    ) -> Batch:
        """Return the flat form of all members or some, for a model and the nodes that endpoints look at."""
        parameters = {name: column[members] for name, column in self.parameters.items()}
        initial = {name: column[members] for name, column in self.initial.items()}
        return flatten_table(model, parameters, initial, self.plan, watched)


def table_of(
    model: OdeModel,
    parameters: Mapping[str, ArrayLike],
    initial: Mapping[str, ArrayLike],
    times: ArrayLike,
    timeline: Sequence[Period] = (),
) -> Table:
    """Return members as columns of one length.

    Parameters
    ----------
    model
        The equations.
    parameters, initial
        Columns of shape (member,), or one number for all; at least one column.
    times
        Output times, shape (time,).
    timeline
        Periods that all members go through.

    Raises
    ------
    UnknownNameError
        If a column or a change names what the model does not have.
    ModelError
        If columns differ in length.
    """
    arrays = _equal_columns(parameters, initial)
    full = {name: arrays[name] for name in parameters}, {name: arrays[name] for name in initial}
    plan = Member(
        parameters=dict.fromkeys(parameters, 0.0),
        initial=dict.fromkeys(initial, 0.0),
        timeline=tuple(timeline),
        times=np.asarray(times, np.float64),
    )
    check_members(model, [plan])
    return Table(*full, plan)


def _equal_columns(
    parameters: Mapping[str, ArrayLike], initial: Mapping[str, ArrayLike]
) -> dict[str, Floats]:
    arrays = {name: np.asarray(values, np.float64) for name, values in {**parameters, **initial}.items()}
    lengths = {name: array.size for name, array in arrays.items() if array.ndim}
    if len(set(lengths.values())) > 1 or any(array.ndim > 1 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ModelError(f"got columns of shapes {shapes}, expected one length for all")
    if not lengths:
        raise ModelError("got no column with one number per member; give at least one parameter as an array")
    count = next(iter(lengths.values()))
    return {name: np.broadcast_to(array, (count,)) for name, array in arrays.items()}
