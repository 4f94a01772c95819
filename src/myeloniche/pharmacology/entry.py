"""What the parts of a drug file share: closed to unknown keys; numbers with kind, range and source."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["DrugParameter", "Entry", "Number"]

Kind = Literal["measured", "published model", "bound", "fitted", "assumed", "derived"]


class Entry(BaseModel):
    """Any part of a drug file: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True, allow_inf_nan=False
    )


class Number(Entry):
    """A number with its kind, plausible range and source."""

    kind: Kind
    low: float | None = None
    high: float | None = None
    source: str = Field(min_length=1)
    note: str = ""

    def _check_range(self, value: float) -> None:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if not low <= value <= high:
            raise ValueError(f"{value:g} lies outside its range {low:g} to {high:g}; correct one of them")


class DrugParameter(Number):
    """A constant of the drug."""

    id: str
    value: float
    unit: str

    @model_validator(mode="after")
    def _range(self) -> Self:
        self._check_range(self.value)
        return self
