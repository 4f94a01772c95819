"""Comparing a committed page with what the model says now: the words exactly, the numbers nearly."""

from __future__ import annotations

import re

import pytest

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def assert_same_page(committed: str, generated: str, command: str) -> None:
    """Fail unless two pages say the same, numbers within 2 % (another machine rounds otherwise)."""
    stale = f"the page is not what the model says now; write it anew with: {command}"
    assert NUMBER.sub("#", committed) == NUMBER.sub("#", generated), stale
    numbers = [[float(text) for text in NUMBER.findall(page)] for page in (committed, generated)]
    assert numbers[0] == pytest.approx(numbers[1], rel=0.02, abs=0.002), stale
