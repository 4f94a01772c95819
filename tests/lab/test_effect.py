"""The path by which a drug moves a readout."""

from __future__ import annotations

import pytest

from myeloniche.errors import ExperimentError
from myeloniche.lab.effect import trace_effect


def test_llz_lowers_mcl1_through_tak1_and_ikk(laboratory) -> None:
    effect = trace_effect("LLZ1640-2", "3 uM", "MCL1", cells=["RPMI8226"], laboratory=laboratory)
    sources = [edge.source for edge in effect.edges]
    assert effect.fold < 0.8
    assert sources[0] == "LLZ"
    assert {"MM.MAP3K7", "MM.MAP3K7_p"} & set(sources)
    assert effect.edges[-1].target == "MCL1"
    assert all(edge.evidence for edge in effect.edges[:-1])
    assert "of the push" in str(effect)


def test_an_sirna_has_no_path(laboratory) -> None:
    with pytest.raises(ExperimentError):
        trace_effect("TAK1 siRNA", "1 uM", "MCL1", cells=["RPMI8226"], laboratory=laboratory)
