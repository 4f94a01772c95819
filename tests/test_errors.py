"""Several problems travel together, once each and flat."""

from __future__ import annotations

import pytest

from myeloniche.errors import (
    ExperimentError,
    MyelonicheError,
    UnitError,
    UnknownNameError,
    nearest_names,
    raise_all,
)


def combined(*problems: MyelonicheError, title: str) -> MyelonicheError:
    with pytest.raises(MyelonicheError) as caught:
        raise_all(problems, title=title)
    return caught.value


def test_nothing_wrong_raises_nothing() -> None:
    assert raise_all([], title="file") is None


def test_a_single_problem_is_raised_as_it_is() -> None:
    problem = UnitError("no unit")

    assert combined(problem, title="file") is problem


def test_problems_of_problems_are_listed_once_and_flat() -> None:
    inner = combined(UnitError("a"), UnitError("b"), title="arm")

    outer = combined(inner, UnitError("c"), title="file.yaml")

    assert str(outer) == "file.yaml: 3 problems\n  - a\n  - b\n  - c"
    assert isinstance(outer, UnitError)


def test_problems_of_several_kinds_share_the_base_class() -> None:
    assert type(combined(UnitError("a"), ExperimentError("b"), title="file")) is MyelonicheError


def test_an_unknown_name_offers_the_nearest() -> None:
    assert "Did you mean 'RPMI8226'" in str(UnknownNameError("cell", "rpmi8225", ["RPMI8226", "U266"]))


def test_an_unknown_name_with_nothing_near_says_where_to_look() -> None:
    assert "myeloniche list cells" in str(UnknownNameError("cell", "???", ["RPMI8226"]))
    assert "Known ones: add, wait" in str(UnknownNameError("step", "???", ["wait", "add"]))


def test_nearest_names_ignore_case() -> None:
    assert nearest_names("PIM2", ["pim2", "MYC"]) == ("pim2",)
