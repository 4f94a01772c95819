"""The search for plausible sets, on a model of two parameters whose answer is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from myeloniche.calibration.judged import Demand, Judged, together
from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Settings, search
from myeloniche.findings.anchors.support import AnchorSupport
from myeloniche.findings.support import Support
from myeloniche.niche.tables import ParameterRow

SETTINGS = Settings(members=24, generations=30, spread=0.1, seed=3)


def prior() -> Prior:
    rows = [
        ParameterRow("MM.rate", 1.0, "1/h", low=0.1, high=10.0, where="a:2"),
        ParameterRow("BMSC.rate", 1.0, "1/h", low=0.1, high=10.0, where="a:2"),
        ParameterRow("OCL.rate", 2.0, "1/h", low=0.1, high=10.0, where="a:2"),
        ParameterRow("MM.share", 0.3, "1", low=0.0, high=1.0, where="a:3"),
        ParameterRow("MM.known", 2.0, "1", kind="measured", low=1.0, high=3.0, where="a:4"),
        ParameterRow("MM.absent", 0.0, "1", low=0.0, high=1.0, where="a:5"),
    ]
    return prior_of(rows)


def short_of_four(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far the product of the first and the third number is from four, at least."""
    short: NDArray[np.float64] = np.maximum(0.0, np.log(4.0 / (values[:, 0] * (1.0 + values[:, 2]))))
    return short


def judged(agree: list[list[int]], within: list[list[int]], failed: list[int]) -> Judged:
    verdicts, near = np.array(agree, bool), np.array(within, bool)
    owner = np.arange(verdicts.shape[1])
    lost = np.array(failed, np.int64)
    names = tuple(f"F{number}" for number in owner)
    findings = Support(names, verdicts, (), owner, verdicts.astype(float), 1.0 - verdicts, lost)
    anchors = AnchorSupport(("A1",) * near.shape[1], near, 0.5 * (1.0 - near), lost)
    return Judged(findings, anchors)


def test_rows_that_cell_types_share_vary_together_and_fixed_ones_do_not() -> None:
    assert prior().rows == (("MM.rate", "BMSC.rate"), ("OCL.rate",), ("MM.share",))
    (row,) = prior().mappings(np.array([[2.0, 3.0, 0.5]]))
    assert row == {"MM.rate": 2.0, "BMSC.rate": 2.0, "OCL.rate": 3.0, "MM.share": 0.5}


@given(st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3))
def test_positions_and_values_are_inverse_and_in_range(positions: list[float]) -> None:
    one = prior()
    values = one.values(np.array(positions))
    assert np.all((values >= one.low * (1 - 1e-12)) & (values <= one.high * (1 + 1e-12)))
    np.testing.assert_allclose(one.positions(values), positions, atol=1e-9)


def test_the_pool_lies_around_the_tables() -> None:
    drawn = prior().around_nominal(400, 0.05, seed=1)
    centre = prior().positions(prior().nominal)
    np.testing.assert_allclose(np.median(drawn, axis=0), centre, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), 0.05, rtol=0.05)


def test_the_cloud_moves_to_where_nothing_is_violated_and_keeps_its_width() -> None:
    cloud = search(prior(), short_of_four, SETTINGS)
    drawn = cloud.draw(prior(), 200, seed=1)
    at_first = prior().values(prior().around_nominal(200, SETTINGS.spread, seed=1))
    assert (short_of_four(at_first) == 0).mean() < 0.1
    assert (short_of_four(drawn) == 0).mean() > 0.9
    np.testing.assert_allclose(cloud.width.mean(), SETTINGS.spread)
    assert np.all((drawn >= prior().low) & (drawn <= prior().high))


def test_the_same_seed_gives_the_same_bits() -> None:
    one, two = (search(prior(), short_of_four, SETTINGS) for _ in range(2))
    assert one.centre.tobytes() == two.centre.tobytes()
    assert one.width.tobytes() == two.width.tobytes()
    assert one.draw(prior(), 8, 1).tobytes() == two.draw(prior(), 8, 1).tobytes()


def test_a_plausible_set_agrees_with_enough_findings_and_anchors_and_fails_nowhere() -> None:
    found = judged([[1, 1], [1, 0], [1, 1], [1, 1]], [[1, 1], [1, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    assert found.plausible(Demand(1.0, 1.0)).tolist() == [True, False, False, False]
    assert found.plausible(Demand(0.5, 1.0)).tolist() == [True, True, False, False]
    assert found.plausible(Demand(1.0, 0.5)).tolist() == [True, False, True, False]


def test_every_number_that_is_missed_counts_alike() -> None:
    found = judged([[1, 1], [1, 0], [1, 1], [1, 1]], [[1, 1], [1, 1], [0, 0], [1, 1]], [0, 0, 0, 1])
    assert found.violation[:3].tolist() == [0.0, 1.0, 1.0]
    assert found.violation[3] >= 1000.0


def test_parts_put_together_keep_their_order() -> None:
    one = judged([[1, 1], [1, 0]], [[1, 0], [1, 1]], [0, 1])
    flags = np.array([True, False])
    again = together([one.among(flags), one.among(~flags)])
    assert again.violation.tolist() == one.violation.tolist()
    assert again.findings.share == one.findings.share
    assert again.anchors.share == one.anchors.share
