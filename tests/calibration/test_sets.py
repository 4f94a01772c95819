"""Files of plausible sets: written, read, refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from myeloniche.calibration.prior import prior_of
from myeloniche.calibration.sets import PlausibleSets, read_sets, rounded, write_sets
from myeloniche.errors import MyelonicheError, TableError
from myeloniche.niche.tables import ParameterRow

PRIOR = prior_of(
    [ParameterRow(name, 2.0, "1", low=1.0, high=4.0, where=name) for name in ("MM.a", "MM.b", "MM.c")]
)
SETS = PlausibleSets(("MM.c", "MM.a"), rounded(np.array([[0.9, 1.23456], [1.1, 0.8]])), {"seed": "1"})


def test_a_file_gives_back_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "sets.tsv"
    write_sets(path, SETS)
    again = read_sets(path)
    assert again.names == SETS.names
    assert again.provenance == SETS.provenance
    np.testing.assert_array_equal(again.factors, SETS.factors)


def test_sets_become_values_by_name() -> None:
    assert SETS.mappings(PRIOR)[1] == {"MM.a": 1.6, "MM.c": 2.2}
    assert len(SETS.mappings(PRIOR, 1)) == 1


def test_more_sets_than_there_are_is_refused() -> None:
    with pytest.raises(TableError, match="got 3 sets to use, expected at most the 2"):
        SETS.mappings(PRIOR, 3)


def test_a_parameter_that_the_niche_lost_is_named() -> None:
    with pytest.raises(MyelonicheError, match=r"MM\.gone"):
        PlausibleSets(("MM.gone",), np.ones((1, 1)), {}).mappings(PRIOR)


@pytest.mark.parametrize(("text", "words"), [("MM.a\n", "no parameter sets"), ("a\tb\n1\n", "got 1 numbers"),
                                             ("a\nx\n", "expected numbers")])  # fmt: skip
def test_a_broken_file_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "sets.tsv").write_text(text)
    with pytest.raises(TableError, match=words):
        read_sets(tmp_path / "sets.tsv")
