"""Strides, padding and dilation of the course's ops, against Keras on drawn cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.autograder.graders.ch02_stride_padding.output_size import keras_output_size
from cnnlab.autograder.graders.ch02_stride_padding.pad2d import keras_pad2d
from cnnlab.autograder.graders.ch02_stride_padding.same_padding import keras_same_padding
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.course import ops

few = settings(max_examples=25, deadline=None, derandomize=True)
sizes = st.integers(1, 9)
taps = st.integers(1, 4)
small = st.integers(1, 3)
pads = st.tuples(st.integers(0, 3), st.integers(0, 3))


@st.composite
def geometries(draw):
    """Strides, padding, dilation; strides and dilation are never both above 1."""
    pair = draw(st.tuples(small, small))
    padding = draw(st.sampled_from(["valid", "same"]))
    return draw(st.sampled_from([(pair, padding, (1, 1)), ((1, 1), padding, pair)]))


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape)


@few
@given(st.tuples(sizes, sizes), st.tuples(taps, taps), geometries())
def test_conv2d_is_keras(size, k, geometry):
    args = drawn(2, *size, 2), drawn(*k, 2, 3), drawn(3), *geometry
    reach = [d * (n - 1) + 1 for d, n in zip(geometry[2], k, strict=True)]
    if geometry[1] == "valid" and (reach[0] > size[0] or reach[1] > size[1]):
        with pytest.raises(ValueError, match="kernels must fit"):
            ops.conv2d(*args)
    else:
        np.testing.assert_allclose(ops.conv2d(*args), keras_conv2d(*args), atol=1e-12)


@few
@given(sizes, taps, geometries())
def test_sizes_and_frames_are_keras(n, k, geometry):
    (stride, _), padding, (dilation, _) = geometry
    if padding == "valid" and dilation * (k - 1) + 1 > n:
        with pytest.raises(ValueError, match=r"^k must"):
            ops.output_size(n, k, stride, padding, dilation)
        return
    args = n, k, stride, padding, dilation
    assert ops.output_size(*args) == keras_output_size(*args)
    if n >= dilation:  # or no tap of the first window may meet the axis, and nothing is seen
        frame = ops.same_padding(n, k, stride, dilation)
        assert frame == keras_same_padding(n, k, stride, dilation)


@few
@given(st.tuples(sizes, sizes), pads, pads, st.sampled_from(["zeros", "edge"]))
def test_pad2d_is_keras(size, pad_h, pad_w, mode):
    x = drawn(2, *size, 3)
    np.testing.assert_array_equal(
        ops.pad2d(x, pad_h, pad_w, mode), keras_pad2d(x, pad_h, pad_w, mode)
    )


@given(st.integers(1, 200), st.integers(1, 9), st.integers(1, 7))
@settings(deadline=None)
def test_same_makes_room_for_its_places_and_not_for_one_more(n, k, stride):
    before, after = ops.same_padding(n, k, stride)
    places = ops.output_size(n, k, stride, "same")
    assert 0 <= before <= after <= before + 1
    framed = n + before + after
    if framed >= k:
        assert ops.output_size(framed, k, stride) == places


def test_same_repeats_zeros_not_the_edge():
    """The chapter prints these numbers as Keras's."""
    ones = np.ones((1, 4, 5, 1)), np.ones((3, 3, 1, 1)), np.zeros(1), (1, 1), "same"
    counts = [[4, 6, 6, 6, 4], [6, 9, 9, 9, 6], [6, 9, 9, 9, 6], [4, 6, 6, 6, 4]]
    np.testing.assert_array_equal(keras_conv2d(*ones)[0, :, :, 0], counts)
    np.testing.assert_array_equal(ops.conv2d(*ones)[0, :, :, 0], counts)


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ((np.ones((3, 3, 1)), (0, 0), (0, 0)), "x"),
        ((np.ones((1, 3, 3, 1)), (-1, 0), (0, 0)), "pad_h"),
        ((np.ones((1, 3, 3, 1)), (0, 0), (0, -2)), "pad_w"),
        ((np.ones((1, 3, 3, 1)), (0, 0), (0, 0), "mirror"), "mode"),
    ],
)
def test_pad2d_names_what_is_wrong(args, name):
    with pytest.raises(ValueError, match=rf"^{name} must.*Received"):
        ops.pad2d(*args)
