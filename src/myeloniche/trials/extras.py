"""Libraries of the optional extras, loaded when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from myeloniche.errors import MyelonicheError

__all__ = ["cluster_library", "parquet", "statistics"]


def statistics(module: str) -> Any:
    """Return a module of statsmodels."""
    return _load(module, "the statistics of a trial", "trials")


def parquet() -> Any:
    """Return ``pyarrow.parquet``."""
    return _load("pyarrow.parquet", "the tables of a trial", "trials")


def cluster_library() -> Any:
    """Return Dask's ``distributed``."""
    return _load("distributed", "clusters", "cluster")


def _load(module: str, what: str, extra: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        library = error.name or module.partition(".")[0]
        raise MyelonicheError(
            f"{what} need {library}, which is not installed: pip install 'myeloniche[{extra}]'"
        ) from error
