"""The thresholds of the rules, read from one data file, and the application of a rule to its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from types import MappingProxyType

from myeloniche.errors import UnknownNameError
from myeloniche.findings import rules
from myeloniche.findings.rules import Judgement

__all__ = ["ROLES", "Evidence", "Rule", "Rulebook", "load_rulebook"]

ROLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fold": ("treated", "comparator"),
        "within": ("treated", "comparator"),
        "doses": ("doses",),
        "transient": ("treated", "comparator"),
        "onset": ("treated", "comparator"),
        "remaining": ("treated", "induced", "rest"),
        "lost": ("treated", "induced", "rest"),
        "regained": ("treated", "lost", "rest"),
    }
)
"""The arms that each kind of rule compares."""


@dataclass(frozen=True)
class Rule:
    """A named rule: its kind, the direction it expects, and its thresholds.

    ``direction`` is that of the change which the rule looks at: of the readout itself, or, for
    rules on what an inhibitor takes away, of the induction before it.
    """

    name: str
    kind: str
    direction: str
    thresholds: Mapping[str, float] = field(default_factory=dict)
    induction: str = ""

    @property
    def sign(self) -> int:
        """Direction of treated against comparator when the rule is met: 1, -1, or 0 for no change."""
        if self.kind in ("remaining",):
            return -1 if self.direction == "up" else 1
        return {"up": 1, "down": -1}.get(self.direction, 0)


@dataclass(frozen=True)
class Evidence:
    """The numbers that a rule looks at, all of one readout in one unit.

    Parameters
    ----------
    levels
        Readout per role, for example ``{"treated": 1.3, "comparator": 1.0}``.
    doses
        Readout per dose, no drug first.
    times_h, course
        Time course after a stimulus [h], for a rule on courses.
    """

    levels: Mapping[str, float] = field(default_factory=dict)
    doses: tuple[float, ...] = ()
    times_h: tuple[float, ...] = ()
    course: tuple[float, ...] = ()


@dataclass(frozen=True)
class Rulebook:
    """All rules with thresholds, the fold change that baselines state, and the confidence of intervals."""

    rules: Mapping[str, Rule]
    baseline_fold: float
    confidence: float

    def rule(self, name: str, *, where: str = "") -> Rule:
        """Return a rule by name.

        Raises
        ------
        UnknownNameError
            If there is no rule of that name.
        """
        if name not in self.rules:
            raise UnknownNameError("rule", name, self.rules, where=where)
        return self.rules[name]

    def judge(self, name: str, evidence: Evidence) -> Judgement:
        """Apply a rule to its evidence.

        Raises
        ------
        UnknownNameError
            If there is no rule of that name.
        """
        rule = self.rule(name)
        limits, level = rule.thresholds, evidence.levels
        match rule.kind:
            case "fold":
                return rules.fold_change(level["treated"], level["comparator"], **limits)
            case "within":
                return rules.within(level["treated"], level["comparator"], **limits)
            case "doses":
                return rules.dose_order(evidence.doses, **limits)
            case "transient":
                course = list(zip(evidence.times_h, evidence.course, strict=True))
                return rules.transient_loss(course, level["comparator"], **limits)
            case "onset":
                course = list(zip(evidence.times_h, evidence.course, strict=True))
                return rules.onset(course, level["comparator"], **limits)
            case "regained":
                return rules.regained_share(level["treated"], level["lost"], level["rest"], **limits)
            case "lost":
                return rules.lost_share(level["treated"], level["induced"], level["rest"], **limits)
        return self._judge_remaining(rule, level)

    def _judge_remaining(self, rule: Rule, level: Mapping[str, float]) -> Judgement:
        induction = {"treated": level["induced"], "comparator": level["rest"]}
        premise = self.judge(rule.induction, Evidence(induction))
        left = rules.remaining_share(level["treated"], level["induced"], level["rest"], **rule.thresholds)
        if premise.agree:
            return left
        nothing = f"there is too little to take away: without the drug the change is {premise.why}"
        gap = min(left.shortfall + premise.shortfall, rules.LARGEST_SHORTFALL)
        return Judgement(left.number, False, nothing, gap)


def load_rulebook() -> Rulebook:
    """Read the rules that ship with the package."""
    import yaml

    content = yaml.safe_load(files("myeloniche.findings").joinpath("rules.yaml").read_text("utf-8"))
    book = {name: _rule(name, dict(row)) for name, row in content["rules"].items()}
    return Rulebook(book, float(content["baselines"]["fold"]), float(content["interval"]["confidence"]))


def _rule(name: str, row: dict[str, str | float]) -> Rule:
    kind, direction = str(row.pop("kind")), str(row.pop("direction"))
    induction = str(row.pop("induction", ""))
    return Rule(name, kind, direction, {key: float(value) for key, value in row.items()}, induction)
