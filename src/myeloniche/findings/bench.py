"""Where the findings meet the laboratory: panels go in, simulated readouts come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from myeloniche.findings.panel import Panel
from myeloniche.findings.scoreboard import Run

__all__ = ["do_panels", "is_lowering"]


def do_panels(
    jobs: Sequence[tuple[Panel, str]],
    *,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Run]:
    raise NotImplementedError


def is_lowering(agent: str) -> bool:
    raise NotImplementedError
