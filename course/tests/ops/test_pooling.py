"""The course's pooling against Keras, on shapes that nobody chose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.course import ops

EXAMPLES = settings(max_examples=25, deadline=None, derandomize=True)
small = st.integers(1, 5)


@st.composite
def pooling_cases(draw):
    """x, size, strides, padding; with "valid" the window fits."""
    padding = draw(st.sampled_from(["valid", "same"]))
    size = draw(st.tuples(small, small))
    height, width = (draw(st.integers(k if padding == "valid" else 1, k + 6)) for k in size)
    shape = draw(st.integers(1, 3)), height, width, draw(st.integers(1, 3))
    strides = draw(st.none() | st.tuples(small, small))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    seed = draw(st.integers(0, 2**32 - 1))
    x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    return x, size, strides, padding


def keras_layer(name, x, *args):
    import keras

    return np.asarray(getattr(keras.layers, name)(*args, dtype=x.dtype.name)(x))


@EXAMPLES
@given(pooling_cases())
def test_max_pooling_is_keras_s(case):
    ours, keras = ops.max_pool2d(*case), keras_layer("MaxPooling2D", *case)
    assert ours.dtype == keras.dtype
    np.testing.assert_array_equal(ours, keras)


@EXAMPLES
@given(pooling_cases())
def test_average_pooling_is_keras_s(case):
    ours, keras = ops.average_pool2d(*case), keras_layer("AveragePooling2D", *case)
    assert ours.dtype == keras.dtype
    np.testing.assert_allclose(ours, keras, rtol=0, atol=40 * np.finfo(keras.dtype).eps)


@EXAMPLES
@given(pooling_cases())
def test_global_average_pooling_is_keras_s(case):
    x = case[0]
    ours, keras = ops.global_average_pool2d(x), keras_layer("GlobalAveragePooling2D", x)
    assert ours.dtype == keras.dtype
    np.testing.assert_allclose(ours, keras, rtol=0, atol=200 * np.finfo(keras.dtype).eps)


@EXAMPLES
@given(pooling_cases())
def test_average_lies_below_the_largest_and_ones_stay_ones(case):
    x, *how = case
    assert np.all(ops.average_pool2d(x, *how) <= ops.max_pool2d(x, *how) + 1e-5)
    ones = ops.average_pool2d(np.ones_like(x), *how)
    np.testing.assert_allclose(ones, 1, rtol=1e-6)


def test_two_poolings_are_one_larger_pooling():
    x = np.random.default_rng(0).normal(size=(2, 8, 12, 3))
    twice = ops.max_pool2d(ops.max_pool2d(x))
    np.testing.assert_array_equal(twice, ops.max_pool2d(x, (4, 4)))


def test_pooling_leaves_its_input_alone_and_takes_lists():
    x = np.arange(12.0).reshape(1, 3, 4, 1)
    before = x.copy()
    for op in (ops.max_pool2d, ops.average_pool2d):
        result = op(x, padding="same")
        result += 1
        np.testing.assert_array_equal(x, before)
        assert op(before.astype(int).tolist()).dtype == np.float64


@pytest.mark.parametrize("op", [ops.max_pool2d, ops.average_pool2d])
@pytest.mark.parametrize(
    ("shape", "how", "named"),
    [
        ((1, 3, 4, 1), {"size": (4, 2)}, "size"),
        ((1, 3, 4, 1), {"size": (2, 5)}, "size"),
        ((1, 3, 4, 1), {"size": (0, 2)}, "size"),
        ((1, 3, 4, 1), {"strides": (2, 0)}, "strides"),
        ((1, 3, 4, 1), {"padding": "full"}, "padding"),
        ((3, 4, 1), {}, "x"),
    ],
)
def test_what_cannot_work_names_the_argument(op, shape, how, named):
    with pytest.raises(ValueError, match=rf"^{named} must .* Received: "):
        op(np.zeros(shape), **how)


def test_global_pooling_wants_four_axes_and_some_numbers():
    for shape in ((3, 4, 1), (1, 0, 4, 1)):
        with pytest.raises(ValueError, match=r"^x must "):
            ops.global_average_pool2d(np.zeros(shape))
