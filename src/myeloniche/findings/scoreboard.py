"""The results of a scoring, counted per paper with intervals and beside the baselines."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from myeloniche.findings.catalogue import Finding
from myeloniche.findings.verdict import ReadoutVerdict
from myeloniche.findings.wilson import wilson_interval
