"""The search for plausible sets, on a model of two parameters whose answer is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from myeloniche.calibration.prior import Prior, prior_of
from myeloniche.calibration.search import Settings, is_plausible, search, violation
from myeloniche.findings.support import Support
from myeloniche.niche.tables import ParameterRow

SETTINGS = Settings(members=24, generations=30, spread=0.2, share=1.0, seed=3)


def prior() -> Prior:
    rows = [
        ParameterRow("MM.rate", 1.0, "1/h", low=0.1, high=10.0, where="a:2"),
        ParameterRow("BMSC.rate", 1.0, "1/h", low=0.1, high=10.0, where="a:2"),
        ParameterRow("MM.share", 0.3, "1", low=0.0, high=1.0, where="a:3"),
        ParameterRow("MM.known", 2.0, "1", kind="measured", low=1.0, high=3.0, where="a:4"),
        ParameterRow("MM.absent", 0.0, "1", low=0.0, high=1.0, where="a:5"),
    ]
    return prior_of(rows)


def product_above_two(values: NDArray[np.float64]) -> Support:
    product = values[:, 0] * (1.0 + values[:, 1])
    short = np.maximum(0.0, np.log(2.0 / product))[:, None]
    count = len(values)
    zero = np.zeros(1, np.int64)
    return Support(("X",), short == 0.0, (), zero, product[:, None], short, np.zeros(count, np.int64))


def test_rows_that_cell_types_share_vary_together_and_fixed_ones_do_not() -> None:
    assert prior().rows == (("MM.rate", "BMSC.rate"), ("MM.share",))
    (row,) = prior().mappings(np.array([[2.0, 0.5]]))
    assert row == {"MM.rate": 2.0, "BMSC.rate": 2.0, "MM.share": 0.5}


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=2))
def test_positions_and_values_are_inverse_and_in_range(positions: list[float]) -> None:
    one = prior()
    values = one.values(np.array(positions))
    assert np.all((values >= one.low * (1 - 1e-12)) & (values <= one.high * (1 + 1e-12)))
    np.testing.assert_allclose(one.positions(values), positions, atol=1e-9)


def test_the_first_population_lies_around_the_tables() -> None:
    drawn = prior().around_nominal(400, 0.05, seed=1)
    centre = prior().positions(prior().nominal)
    np.testing.assert_allclose(np.median(drawn, axis=0), centre, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), 0.05, rtol=0.05)


def test_the_population_becomes_plausible_and_stays_diverse() -> None:
    last = search(prior(), product_above_two, SETTINGS)
    assert last.plausible.all()
    assert np.all(last.values[:, 0] * (1.0 + last.values[:, 1]) >= 2.0)
    assert np.log(last.values[:, 0]).std() > 0.1


def test_the_same_seed_gives_the_same_bits() -> None:
    one, two = (search(prior(), product_above_two, SETTINGS) for _ in range(2))
    assert one.values.tobytes() == two.values.tobytes()


def test_a_set_with_a_failed_arm_is_not_plausible() -> None:
    support = product_above_two(np.array([[5.0, 0.5], [5.0, 0.5]]))
    support.failed[1] = 1
    assert is_plausible(support, 1.0).tolist() == [True, False]
    assert violation(support, 1.0)[0] == 0.0 < violation(support, 1.0)[1]
