"""Models with events for the tests, and their slow twin's answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from small_models import model_of

from myeloniche.engine.ode_model import Event, OdeModel

__all__ = ["BOUNCING_BALL", "with_events"]


def with_events(text: str, *events: dict[str, Any]) -> OdeModel:
    """Return a model with events whose expressions are given as names of the model's observables."""
    model = model_of(text)

    def event(index: int, given: dict[str, Any]) -> Event:
        nodes = {name: model.node(given[name]) for name in ("delay", "priority") if name in given}
        rest = {name: given[name] for name in given.keys() - {"trigger", "set", "delay", "priority"}}
        targets = tuple((state, model.node(value)) for state, value in given["set"].items())
        return Event(f"event{index}", model.node(given["trigger"]), targets, **nodes, **rest)

    return replace(model, events=tuple(event(index, given) for index, given in enumerate(events)))


BOUNCING_BALL = """model ball()
  h' = v; v' = -g
  hit := piecewise(1, (h <= 0) && (v < 0), 0)
  back := -e*v
  ground := 0*h
  h = h0; v = 0; h0 = 5; g = 9.81; e = 0.8
end"""
