"""What every measuring process does first, and how one says why it gave up."""

from __future__ import annotations

import os
import sys

__all__ = ["NOT_INSTALLED", "Failure", "pin", "reason", "silence"]

NOT_INSTALLED = "not installed"


class Failure(Exception):
    """A simulator did not do what was asked; the message is for the table."""


def reason(error: BaseException) -> str:
    """Return one short line on an error."""
    if isinstance(error, ImportError):
        return NOT_INSTALLED
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:160]


def pin(core: int) -> None:
    """Keep this process and all its threads on one processor, where the platform can."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[core % len(allowed)]})


def silence() -> None:
    """Send what C libraries print nowhere."""
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)
