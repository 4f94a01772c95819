"""What a trial is: arms, regimens, rules, visits and who gets what."""

from myeloniche.trials.protocol.allocation import allocate
from myeloniche.trials.protocol.design import Trial, TrialArm
from myeloniche.trials.protocol.rules import Rule, read_rule
from myeloniche.trials.protocol.trial import read_trial

__all__ = [
    "Rule",
    "Trial",
    "TrialArm",
    "allocate",
    "read_rule",
    "read_trial",
]
