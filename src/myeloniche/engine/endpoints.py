"""Endpoints: numbers that sum up a trajectory, gathered while it is integrated, so that nothing is stored."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from myeloniche.engine.ode_model import OdeModel
from myeloniche.errors import ModelError

__all__ = ["DIRECTIONS", "KINDS", "Direction", "Endpoint", "Kind"]

Kind = Literal["last", "maximum", "minimum", "area", "time above", "first crossing"]
Direction = Literal["up", "down", "either"]

KINDS: tuple[Kind, ...] = ("last", "maximum", "minimum", "area", "time above", "first crossing")
"""What may be gathered; the compiled loop knows them by their positions here."""

DIRECTIONS: tuple[Direction, ...] = ("up", "down", "either")
"""Ways in which a threshold may be crossed."""


@dataclass(frozen=True)
class Endpoint:
    """One number per member, gathered over the whole timed part of its timeline.

    Attributes
    ----------
    kind
        ``"last"``: the value when the timeline ends. ``"maximum"``, ``"minimum"``: the extremes. ``"area"``:
        the integral over time. ``"time above"``: how long the value is at or above ``threshold``.
        ``"first crossing"``: the clock when the value first crosses ``threshold``, NaN if it never does; a
        jump across it counts when it happens.
    of
        A state, parameter or observable, or a node of the model's expression graph.
    threshold
        Level for the last two kinds, in the quantity's unit.
    direction
        For ``"first crossing"``: ``"up"``, ``"down"`` or ``"either"``.
    name
        Name of the result; by default the kind and the quantity.

    Notes
    -----
    Within each step the quantity is taken as the polynomial of degree four through its values at five equally
    spaced points, which is exactly the integrator's dense output for states and of the same order for
    expressions of them. Periods until rest do not count: the clock stands still.
    """

    kind: Kind
    of: str | int
    threshold: float = 0.0
    direction: Direction = "up"
    name: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ModelError(f"got endpoint {self.kind!r}, expected one of {', '.join(KINDS)}")
        if self.direction not in DIRECTIONS:
            raise ModelError(f"got direction {self.direction!r}, expected one of {', '.join(DIRECTIONS)}")
        if not math.isfinite(self.threshold):
            raise ModelError(f"got threshold {self.threshold}, expected a finite number")

    @property
    def label(self) -> str:
        """The endpoint's name, made from kind, quantity and threshold if none was given."""
        if self.name:
            return self.name
        text = f"{self.kind} of {self.of}"
        return f"{text} at {self.threshold:g}" if self.kind in ("time above", "first crossing") else text

    def node(self, model: OdeModel) -> int:
        """Return the node of the quantity.

        Raises
        ------
        UnknownNameError
            If the model has nothing of that name.
        ModelError
            If the graph has no such node.
        """
        if isinstance(self.of, str):
            return model.node(self.of)
        if not 0 <= self.of < len(model.graph):
            raise ModelError(f"got node {self.of} for an endpoint, expected one of {len(model.graph)} nodes")
        return self.of

    def unit(self, model: OdeModel) -> str:
        """Return the unit of the result as text, empty where it is not known."""
        if self.kind in ("time above", "first crossing"):
            return model.time_unit
        own = model.units.get(self.of, "") if isinstance(self.of, str) else ""
        if self.kind != "area" or not own or not model.time_unit:
            return own if self.kind != "area" else ""
        return f"({own}) * ({model.time_unit})"
