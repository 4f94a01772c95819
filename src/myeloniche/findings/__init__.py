"""The published findings, the experiments that re-do them, and the verdict on each."""

from myeloniche.findings.ablation import AblationResult, ablate
from myeloniche.findings.ablation_file import Ablation, load_ablations
from myeloniche.findings.anchors.anchor import Anchor, load_anchors
from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.anchors.run import run_anchors
from myeloniche.findings.catalogue import Finding, load_findings
from myeloniche.findings.comparison import Comparison
from myeloniche.findings.panel import Panel, load_panels
from myeloniche.findings.rulebook import Rule, Rulebook, load_rulebook
from myeloniche.findings.rules import Judgement
from myeloniche.findings.score import judge_runs, score
from myeloniche.findings.scoreboard import FindingResult, PaperScore, Run, Scoreboard
from myeloniche.findings.verdict import Course, ReadoutVerdict
from myeloniche.findings.wilson import wilson_interval

__all__ = [
    "Ablation",
    "AblationResult",
    "Anchor",
    "AnchorResult",
    "AnchorRow",
    "Comparison",
    "Course",
    "Finding",
    "FindingResult",
    "Judgement",
    "Panel",
    "PaperScore",
    "ReadoutVerdict",
    "Rule",
    "Rulebook",
    "Run",
    "Scoreboard",
    "ablate",
    "judge_runs",
    "load_ablations",
    "load_anchors",
    "load_findings",
    "load_panels",
    "load_rulebook",
    "run_anchors",
    "score",
    "wilson_interval",
]
