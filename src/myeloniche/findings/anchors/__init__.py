"""Anchors: quantitative checks against the numbers of data and of other models."""

from myeloniche.findings.anchors.anchor import Anchor, load_anchors
from myeloniche.findings.anchors.result import AnchorResult, AnchorRow
from myeloniche.findings.anchors.run import judge_anchor, run_anchors
from myeloniche.findings.anchors.target import Target
from myeloniche.findings.anchors.tolerance import Tolerance

__all__ = [
    "Anchor",
    "AnchorResult",
    "AnchorRow",
    "Target",
    "Tolerance",
    "judge_anchor",
    "load_anchors",
    "run_anchors",
]
