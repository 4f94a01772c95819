"""What a check finds: a sentence, how bad it is, and where it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from myeloniche.niche.niche import Niche

__all__ = ["AbstractCheck", "Issue", "Severity"]


class Severity(IntEnum):
    """How bad an issue is; an ERROR makes results wrong or untraceable."""

    INFO = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True)
class Issue:
    """One thing a check found.

    Attributes
    ----------
    severity
        How bad it is.
    check
        Name of the check.
    where
        File and line, or empty.
    message
        What was got, what was expected.
    """

    severity: Severity
    check: str
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{self.severity.name}: {place}{self.message} [{self.check}]"


class AbstractCheck(ABC):
    """One property that a niche should have."""

    @abstractmethod
    def run(self, niche: Niche) -> Iterator[Issue]:
        """Yield what is wrong."""

    def error(self, where: str, message: str) -> Issue:
        """Return an issue that makes results wrong or untraceable."""
        return Issue(Severity.ERROR, type(self).__name__, where, message)

    def warning(self, where: str, message: str) -> Issue:
        """Return an issue that should be looked at."""
        return Issue(Severity.WARNING, type(self).__name__, where, message)

    def info(self, where: str, message: str) -> Issue:
        """Return something worth knowing."""
        return Issue(Severity.INFO, type(self).__name__, where, message)
