"""Operations on animals, as the package's file lists them."""

from __future__ import annotations

from importlib.resources import files

from myeloniche.errors import UnknownNameError
from myeloniche.yaml_file import parse_yaml

__all__ = ["surgery"]


def surgery(name: str, *, where: str = "") -> dict[str, float]:
    """Return what an operation sets: values by the user name of a parameter.

    Raises
    ------
    UnknownNameError
        With the nearest names, if there is no such operation.
    """
    text = files("myeloniche.lab").joinpath("surgeries.yaml").read_text("utf-8")
    known = parse_yaml(text, "surgeries.yaml").data
    if name not in known:
        raise UnknownNameError("operation", name, known, where=where)
    return {target: float(value) for target, value in known[name]["sets"].items()}
