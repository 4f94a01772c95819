"""The order in which things that need each other can be worked out."""

from __future__ import annotations

from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter

from myeloniche.errors import ModelError

__all__ = ["in_order"]

_SHOWN = 10


def in_order(needs: Mapping[str, Set[str]], what: str) -> list[str]:
    """Return names such that each comes after all that it needs.

    Parameters
    ----------
    needs
        What each name needs.
    what
        What goes in a circle if they have no order, for the message: ``"these define each other"``.

    Raises
    ------
    ModelError
        If there is a circle, with the first ten names in it.
    """
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = [repr(name) for name in error.args[1]]
        shown = circle if len(circle) <= _SHOWN else [*circle[:_SHOWN], f"... ({len(circle) - 1} in all)"]
        raise ModelError(f"{what} in a circle: {' -> '.join(shown)}; break it") from error
