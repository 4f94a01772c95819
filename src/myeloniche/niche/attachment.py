"""What a drug or any other addition brings to the niche, as data the assembler can apply."""

from __future__ import annotations

from dataclasses import dataclass

from myeloniche.niche.tables import ParameterRow, SpeciesRow

__all__ = ["AttachedProcess", "AttachedRule", "Attachment", "Factor"]


@dataclass(frozen=True)
class AttachedProcess:
    """A process that an attachment adds.

    Attributes
    ----------
    id
        User name of the process, ``MM.tak1_block`` or, if shared, ``llz_decay``.
    reaction
        Antimony reaction without its name, in user names: ``MM.MAP3K7 -> MM.X; k*LLZ*MM.MAP3K7``.
        The law is in concentration per hour, like those of the data folders.
    role, meaning, evidence
        As in ``processes.tsv``.
    where
        File and line it was read from, for messages.
    """

    id: str
    reaction: str
    role: str
    meaning: str = ""
    evidence: str = ""
    where: str = ""


@dataclass(frozen=True)
class AttachedRule:
    """The expression of an observable that an attachment adds, over user names.

    Its row stands among the attachment's species and starts at ``-``.
    """

    id: str
    expression: str
    where: str = ""


@dataclass(frozen=True)
class Factor:
    """A dimensionless expression that multiplies a process, or a species wherever it acts.

    Attributes
    ----------
    target
        ``process:MM.<id>``: the rate of that process; ``activity:MM.<species>``: the species wherever a
        rate law depends on it without consuming or making it. Shared ids have no prefix.
    expression
        Over user names, for example ``1/(1 + (SMI/SMI_IC50)^SMI_n)``.
    where
        File and line it was read from, for messages.
    """

    target: str
    expression: str
    where: str = ""


@dataclass(frozen=True)
class Attachment:
    """Species, parameters, processes, observables and factors that are added under one name.

    Ids are user names: ``LLZ`` lives in the medium, ``MM.MAP3K7_blocked`` in the myeloma cell. A species or
    parameter that the niche already declares is not declared again.
    """

    name: str
    species: tuple[SpeciesRow, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    processes: tuple[AttachedProcess, ...] = ()
    factors: tuple[Factor, ...] = ()
    rules: tuple[AttachedRule, ...] = ()
