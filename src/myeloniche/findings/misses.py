"""What is understood of the findings that the model misses."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

import yaml

__all__ = ["load_misses"]


def load_misses() -> Mapping[str, str]:
    """Return, per id of a missed finding, why the model misses it as far as we understand."""
    text = files("myeloniche.findings").joinpath("misses.yaml").read_text("utf-8")
    return {str(name): str(words) for name, words in yaml.safe_load(text).items()}
