"""Maps over photographs: colours, places, shares, ranks."""

import numpy as np
import pytest

from cnnlab.course.figures import heatmaps

GREY = np.full((8, 10, 3), 128, np.uint8)


def test_for_is_blue_against_is_red_and_nothing_leaves_the_photograph():
    values = np.zeros((8, 10))
    values[1, 2], values[5, 6] = 3.0, -3.0
    picture = heatmaps.overlay(GREY, values).astype(int)
    assert picture[1, 2, 2] - picture[1, 2, 0] > 80
    assert picture[5, 6, 0] - picture[5, 6, 2] > 80
    assert np.ptp(picture[0, 0]) == 0
    assert picture[0, 0, 0] == round(128 * 0.75 + 40)


def test_a_map_of_zeros_shows_the_photograph_alone():
    picture = heatmaps.overlay(GREY, np.zeros((2, 2)))
    assert picture.shape == (8, 10, 3)
    assert np.ptp(picture) == 0


def test_scaling_keeps_signs_and_clips_outliers():
    values = np.ones((20, 20))
    values[0, 0], values[1, 1] = 1000, -1
    scaled = heatmaps.scaled(values)
    assert scaled[0, 0] == 1
    assert scaled[1, 1] == -1
    assert scaled.max() == 1


def test_a_lonely_number_is_not_lost_by_the_percentile():
    values = np.zeros((30, 30))
    values[3, 4] = 0.5
    assert heatmaps.scaled(values)[3, 4] == 1


@pytest.mark.parametrize(("size", "stride"), [(4, 2), (3, 3), (2, 3)])
def test_an_occlusion_map_lies_around_its_occluders_middles(size, stride):
    height, width = 20, 16
    rows, columns = ((n - size) // stride + 1 for n in (height, width))
    values = np.zeros((rows, columns))
    values[2, 1] = 1
    whole = heatmaps.placed(values, (height, width), size, stride)
    assert whole.shape == (height, width)
    middle = (np.indices(whole.shape) * whole).sum(axis=(1, 2)) / whole.sum()
    expected = np.array([2, 1]) * stride + (size - 1) / 2
    np.testing.assert_allclose(middle, expected, atol=1)


def test_ranks():
    rng = np.random.default_rng(0)
    one = rng.random((30, 30))
    assert heatmaps.rank_correlation(one, one**3) == pytest.approx(1)
    assert heatmaps.rank_correlation(one, -one) == pytest.approx(-1)
    assert abs(heatmaps.rank_correlation(one, rng.random((30, 30)))) < 0.15
    assert heatmaps.rank_correlation(one, np.zeros((30, 30))) == 0


def test_shares_count_what_speaks_for_the_class_alone():
    assert heatmaps.share([[1.0, -7.0, 3.0]], slice(0, 2)) == 0.25
    assert heatmaps.share([[-1.0, -2.0]], slice(0, 1)) == 0
