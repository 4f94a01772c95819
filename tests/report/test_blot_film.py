"""Virtual film: dark where there is protein, saturating, silent where a simulation failed."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from matplotlib.image import imread

from myeloniche.report.blot import Annotation, BlotBlock, BlotGroup, BlotRow, draw_blots, film_strip


def lane_darkness(relative: list[float]) -> np.ndarray:
    strip = film_strip(relative)
    return np.array([1 - lane.min() for lane in np.split(strip, len(relative), axis=1)])


def test_more_protein_is_darker() -> None:
    darkness = lane_darkness([0.0, 0.25, 0.5, 1.0])

    assert np.all(np.diff(darkness) > 0.05)


def test_the_darkest_lane_is_black_and_an_empty_one_is_paper() -> None:
    empty, full = lane_darkness([0.0, 1.0])

    assert empty < 0.1
    assert full > 0.9


def test_film_saturates() -> None:
    half, full = lane_darkness([0.5, 1.0])

    assert half > full / 2


def test_bands_have_soft_edges_and_do_not_touch() -> None:
    strip = film_strip([1.0, 1.0])
    middle = strip[strip.shape[0] // 2]

    assert middle[0] > 0.8
    assert middle[len(middle) // 2] > 0.8
    assert np.abs(np.diff(middle)).max() < 0.4


def test_a_failed_lane_has_no_band() -> None:
    assert lane_darkness([math.nan, 1.0])[0] < 0.1


def test_grain_is_the_callers_and_repeats() -> None:
    one, other = (film_strip([0.5], rng=np.random.default_rng(3)) for _ in range(2))

    assert np.array_equal(one, other)
    assert not np.array_equal(one, film_strip([0.5]))


def rendered(amounts: tuple[float, ...]) -> np.ndarray:
    marks = Annotation("LLZ1640-2 (µM)", tuple(str(lane) for lane in range(len(amounts))))
    group = BlotGroup("RPMI8226", (marks,), (BlotRow("MYC", amounts, max(amounts)),))
    buffer = io.BytesIO()
    draw_blots([BlotBlock((group,))]).savefig(buffer, format="png", dpi=100)
    buffer.seek(0)
    return np.asarray(imread(buffer))[..., :3].mean(axis=2)


def test_the_drawn_blot_is_dark_where_the_band_is_strong() -> None:
    strong_left, strong_right = rendered((1.0, 0.05)), rendered((0.05, 1.0))

    # both pictures are the same but for the bands, so the brighter lane of each shows in the difference
    difference = strong_left - strong_right
    lanes = np.flatnonzero(np.abs(difference).max(axis=0) > 0.3)
    middle = (lanes[0] + lanes[-1]) / 2
    assert difference[:, lanes[lanes < middle]].min() < -0.5
    assert difference[:, lanes[lanes > middle]].max() > 0.5


def test_the_loading_control_is_alike_in_every_lane() -> None:
    picture = rendered((1.0, 0.5, 0.1))
    bottom = picture[-int(0.35 * 100) :]

    dark = bottom.min(axis=0) < 0.3
    edges = np.flatnonzero(np.diff(dark.astype(int)) == 1)
    assert len(edges) >= 3


@pytest.mark.parametrize("lanes", [1, 5, 12])
def test_a_block_grows_by_its_lanes(lanes: int) -> None:
    def block(count: int) -> BlotBlock:
        row = BlotRow("MYC", (1.0,) * count, 1.0)
        return BlotBlock((BlotGroup("", (), (row,)),))

    assert block(lanes + 1).width > block(lanes).width
