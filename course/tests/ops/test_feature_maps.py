"""Feature maps as pictures, their sparsity, the strongest channels: against hand-made cases."""

import numpy as np
import pytest

from cnnlab.course.ops import feature_maps


def test_grey_levels_go_straight_from_one_percentile_to_the_other():
    line = np.arange(101.0).reshape(1, 101)  # its percentiles are 1 and 99
    picture = feature_maps.to_picture(line)
    assert picture[0, [0, 1, 99, 100]].tolist() == [0, 0, 255, 255]
    assert picture[0, 50] in (127, 128)
    assert picture[0, 25] == round(255 * 24 / 98)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("value", [0.0, -3.0, 1e9])
def test_constant_maps_are_middle_grey(value):
    assert (feature_maps.to_picture(np.full((4, 5), value)) == 128).all()


def test_the_share_of_zeros():
    assert feature_maps.sparsity({"a": np.eye(4)[None, ..., None], "b": np.ones((1, 2, 2, 1))}) == {
        "a": 0.75,
        "b": 0.0,
    }


def test_of_two_alike_the_lower_channel_comes_first():
    assert feature_maps.strongest(np.array([[[[1.0, 4, 2, 4, 2]]]]), 4) == [1, 3, 2, 4]


@pytest.mark.parametrize("k", [0, 4])
def test_k_is_from_one_to_the_number_of_channels(k):
    with pytest.raises(ValueError, match="k must be from 1 to 3"):
        feature_maps.strongest(np.ones((1, 2, 2, 3)), k)


def test_axes_are_checked():
    with pytest.raises(ValueError, match="feature_map must have shape"):
        feature_maps.to_picture(np.ones((2, 2, 2)))
    with pytest.raises(ValueError, match="feature_map must have shape"):
        feature_maps.strongest(np.ones((2, 2, 2)), 1)
