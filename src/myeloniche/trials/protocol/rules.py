"""Rules by which a dose is changed at a visit: ``reduce bortezomib to 1.0 mg/m2 at grade 2 neuropathy``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from myeloniche.errors import ExperimentError, MyelonicheError
from myeloniche.pharmacology.regimen import Amount, Regimen
from myeloniche.pharmacology.regimen_text import read_regimen

__all__ = ["MOST_SEVERE", "Rule", "read_rule"]

Action = Literal["reduce", "stop", "change"]

MOST_SEVERE = 4
"""The highest grade of neuropathy that anybody survives."""

_GRADE = r"at grade (?P<grade>\d+) neuropathy"
_FORMS = (
    re.compile(rf"(?P<action>reduce) (?P<drug>\S+) to (?P<what>[\d.]+ ?\S+) {_GRADE}"),
    re.compile(rf"(?P<action>change) (?P<drug>\S+) to (?P<what>.+) {_GRADE}"),
    re.compile(rf"(?P<action>stop) (?P<drug>\S+) {_GRADE}"),
)
_EXPECTED = (
    "expected 'reduce DRUG to 1.0 mg/m2 at grade 2 neuropathy', "
    "'change DRUG to REGIMEN at grade 2 neuropathy' or 'stop DRUG at grade 3 neuropathy'"
)


@dataclass(frozen=True)
class Rule:
    """What happens to a drug from the visit on at which neuropathy first reaches a grade.

    Attributes
    ----------
    action
        ``reduce`` the dose, ``change`` the regimen or ``stop`` the drug.
    drug
        Name of the drug.
    grade
        Grade of neuropathy from which it holds.
    amount
        The dose not to be exceeded any more, for ``reduce``.
    regimen
        What is given instead, from the visit on, for ``change``.
    text
        As written.
    """

    action: Action
    drug: str
    grade: int
    amount: Amount | None = None
    regimen: Regimen | None = None
    text: str = ""


def read_rule(text: str, *, where: str = "") -> Rule:
    """Read a rule.

    Raises
    ------
    ExperimentError
        If it is none.
    MyelonicheError
        If its regimen cannot be read.
    """
    plain = " ".join(str(text).split())
    found = next((match for form in _FORMS if (match := form.fullmatch(plain))), None)
    place = f"{where}: " if where else ""
    if found is None:
        raise ExperimentError(f"{place}got rule {plain!r}, {_EXPECTED}.")
    grade = int(found["grade"])
    if not 1 <= grade <= MOST_SEVERE:
        raise ExperimentError(f"{place}got grade {grade}, expected 1 to {MOST_SEVERE}. Correct {plain!r}.")
    if found["action"] == "stop":
        return Rule("stop", found["drug"], grade, text=plain)
    if found["action"] == "change":
        return Rule(
            "change", found["drug"], grade, regimen=read_regimen(found["what"], where=where), text=plain
        )
    try:
        (course,) = read_regimen(f"{found['what']} iv").courses
    except MyelonicheError as error:
        raise ExperimentError(f"{place}got dose {found['what']!r} in a rule, {_EXPECTED}.") from error
    return Rule("reduce", found["drug"], grade, amount=course.amount, text=plain)
