"""The tree of errors; every one says what was got, what was expected, where, and what to do.

::

    MyelonicheError
    ├── ModelError (ValueError)             a model file that cannot be read or is inconsistent
    │   └── UnsupportedError                a construct that is refused rather than dropped (exit code 3)
    ├── TableError (ValueError)             a data table of the package or of a user with a bad row
    ├── UnitError (ValueError)              a quantity without a unit, or with one that does not fit
    ├── UnknownNameError (LookupError)      a cell line, drug, species or readout nobody has heard of
    ├── ExperimentError (ValueError)        an experiment that cannot be done as written
    └── IntegrationError (ArithmeticError)  members that failed to integrate, raised only on request

Several problems of one file travel together: see :func:`raise_all`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "ExperimentError",
    "IntegrationError",
    "ModelError",
    "MyelonicheError",
    "TableError",
    "UnitError",
    "UnknownNameError",
    "UnsupportedError",
    "raise_all",
]


# What `myeloniche list` knows, by the word an error uses for one of it.
LISTED = {
    "cell": "cells",
    "cell line": "cells",
    "drug": "drugs",
    "species": "species",
    "readout": "readouts",
    "finding": "findings",
}
SHOWN = 8


class MyelonicheError(Exception):
    """Anything that is wrong with what the user or a data file asked for.

    ``problems`` holds the single ones where several travel together.
    """

    exit_code = 2
    problems: tuple[MyelonicheError, ...] = ()


class ModelError(MyelonicheError, ValueError):
    """A model that cannot be read or contradicts itself."""


class UnsupportedError(ModelError):
    """A construct that would change the numbers if it were ignored, and so is refused."""

    exit_code = 3


class TableError(MyelonicheError, ValueError):
    """A row of a data table that cannot be used."""


class UnitError(MyelonicheError, ValueError):
    """A quantity whose unit is missing or has the wrong dimension."""


class ExperimentError(MyelonicheError, ValueError):
    """An experiment that cannot be carried out as written."""


class IntegrationError(MyelonicheError, ArithmeticError):
    """Members of an ensemble that failed to integrate."""


class UnknownNameError(MyelonicheError, LookupError):
    """A name that does not exist, with the nearest ones that do.

    Parameters
    ----------
    kind
        What was looked for, for example ``"drug"``.
    name
        What was asked.
    known
        The names that exist.
    where
        File and line, if there is one.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, where: str = "") -> None:
        known = tuple(known)
        self.kind = kind
        self.name = name
        self.nearest = nearest_names(name, known)
        place = f"{where}: " if where else ""
        if self.nearest:
            hint = f"Did you mean {', '.join(repr(n) for n in self.nearest)}?"
        elif kind in LISTED:
            hint = f"List the known ones with 'myeloniche list {LISTED[kind]}'."
        else:
            hint = f"Known ones: {', '.join(sorted(known)[:SHOWN])}."
        super().__init__(f"{place}unknown {kind} {name!r}. {hint}")


def nearest_names(name: str, known: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """Return the known names closest to a misspelt one, ignoring case."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=limit, cutoff=0.5)
    return tuple(by_folded[folded] for folded in close)


def raise_all(problems: Sequence[MyelonicheError], *, title: str) -> None:
    """Raise every problem of a file as one error, or return if there is none.

    Parameters
    ----------
    problems
        Errors in the order found. A single one is raised as it is.
    title
        First line of the combined message, for example the file's name.

    Raises
    ------
    MyelonicheError
        Of the common class of the problems where they agree, else the base class.
    """
    single = tuple(one for problem in problems for one in (problem.problems or (problem,)))
    if not single:
        return
    if len(single) == 1:
        raise single[0]
    kinds = {type(problem) for problem in single} - {UnknownNameError}
    kind = kinds.pop() if len(kinds) == 1 and not _has_unknown(single) else MyelonicheError
    error = kind("\n".join([f"{title}: {len(single)} problems", *(f"  - {problem}" for problem in single)]))
    error.problems = single
    raise error


def _has_unknown(problems: Sequence[MyelonicheError]) -> bool:
    return any(isinstance(problem, UnknownNameError) for problem in problems)
