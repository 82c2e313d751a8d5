"""The fast ops of the course, against Keras and against each other, on drawn cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.autograder.graders.ch13_fast_convolution.col2im import keras_col2im
from cnnlab.autograder.graders.ch13_fast_convolution.conv2d_im2col import LOOP
from cnnlab.autograder.graders.ch13_fast_convolution.conv2d_transpose import keras_conv2d_transpose
from cnnlab.autograder.graders.ch13_fast_convolution.depthwise_conv2d import keras_depthwise_conv2d
from cnnlab.autograder.graders.ch13_fast_convolution.im2col import keras_im2col
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.course import ops
from cnnlab.course.ops import fast

few = settings(max_examples=20, deadline=None, derandomize=True)
paddings = st.sampled_from(["valid", "same"])
strides = st.tuples(st.integers(1, 3), st.integers(1, 3))
taps = st.tuples(st.integers(1, 4), st.integers(1, 4))
sizes = st.tuples(st.integers(4, 8), st.integers(4, 8))


def drawn(*shape):
    return np.random.default_rng(0).normal(size=shape)


def close(one, other):
    np.testing.assert_allclose(one, other, atol=1e-10)


@few
@given(sizes, taps, strides, paddings)
def test_im2col_is_keras(size, k, steps, padding):
    args = drawn(2, *size, 3), k, steps, padding
    np.testing.assert_array_equal(fast.im2col(*args), keras_im2col(*args))


@few
@given(sizes, taps, strides, paddings)
def test_col2im_is_kerass_gradient(size, k, steps, padding):
    shape = (2, *size, 2)
    (rows, columns), _ = ops.layout(shape, k, steps, padding)
    args = drawn(2 * rows * columns, k[0] * k[1] * 2), shape, k, steps, padding
    close(fast.col2im(*args), keras_col2im(*args))


@given(sizes, taps, strides, paddings)
@settings(deadline=None)
def test_col2im_is_the_adjoint_of_im2col(size, k, steps, padding):
    x = drawn(2, *size, 2)
    cols = fast.im2col(x, k, steps, padding)
    other = drawn(*cols.shape)
    close(np.sum(cols * other), np.sum(x * fast.col2im(other, x.shape, k, steps, padding)))


@given(sizes, taps, strides, paddings)
@settings(deadline=None)
def test_one_product_is_the_layer_of_chapter_2(size, k, steps, padding):
    args = drawn(2, *size, 3), drawn(*k, 3, 4), drawn(4), steps, padding
    close(fast.conv2d_im2col(*args), ops.conv2d(*args))


@given(sizes, taps)
@settings(deadline=None)
def test_the_spectrum_gives_the_layer_of_chapter_1(size, k):
    args = drawn(2, *size, 3), drawn(*k, 3, 4), drawn(4)
    close(fast.conv2d_fft(*args), ops.conv2d(*args))


@few
@given(sizes, taps, strides, paddings)
def test_conv2d_transpose_is_keras(size, k, steps, padding):
    args = drawn(2, *size, 3), drawn(*k, 2, 3), drawn(2), steps, padding
    close(fast.conv2d_transpose(*args), keras_conv2d_transpose(*args))


@few
@given(sizes, taps, st.integers(1, 3), st.integers(1, 3), paddings)
def test_depthwise_conv2d_is_keras(size, k, step, multiplier, padding):
    x, kernels = drawn(2, *size, 3), drawn(*k, 3, multiplier)
    args = x, kernels, drawn(3 * multiplier), (step, step), padding
    close(fast.depthwise_conv2d(*args), keras_depthwise_conv2d(*args))


def test_depthwise_conv2d_takes_unequal_strides_channel_by_channel():
    args = drawn(2, 7, 6, 3), drawn(3, 2, 3, 2), drawn(6), (2, 1), "same"
    close(fast.depthwise_conv2d(*args), keras_depthwise_conv2d(*args))


def test_conv1x1_is_keras():
    args = drawn(2, 4, 5, 3), drawn(1, 1, 3, 4), drawn(4)
    close(fast.conv1x1(*args), keras_conv2d(*args))


@given(sizes, taps, strides, paddings)
@settings(deadline=None)
def test_what_the_notebook_gives_is_the_layer_of_chapter_2(size, k, steps, padding):
    given_names = {}
    exec(LOOP, given_names)
    args = drawn(1, *size, 2), drawn(*k, 2, 2), drawn(2), steps, padding
    close(given_names["conv2d_loop"](*args), ops.conv2d(*args))
    assert given_names["layout"]((1, *size, 2), k, steps, padding) == ops.layout(
        (1, *size, 2), k, steps, padding
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_dtypes_and_inputs_stay(dtype):
    arrays = [np.ones(s, dtype) for s in ((1, 4, 4, 1), (2, 2, 1, 1), (1,))]
    before = [a.copy() for a in arrays]
    x, kernels, bias = arrays
    results = [
        fast.im2col(x, (2, 2)),
        fast.col2im(fast.im2col(x, (2, 2)), x.shape, (2, 2)),
        fast.conv2d_im2col(x, kernels, bias),
        fast.conv1x1(x, kernels[:1, :1], bias),
        fast.depthwise_conv2d(x, kernels, bias),
        fast.conv2d_transpose(x, kernels, bias),
        fast.conv2d_fft(x, kernels, bias),
    ]
    wanted = np.float64 if dtype is np.int64 else dtype
    assert {r.dtype for r in results} == {np.dtype(wanted)}
    for array, copy in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, copy)


X, K, B = np.ones((1, 3, 4, 2)), np.ones((2, 2, 2, 3)), np.ones(3)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: fast.im2col(X[0], (2, 2)), "x"),
        (lambda: fast.im2col(X, (4, 1)), "size"),
        (lambda: fast.im2col(X, (1, 1), (0, 1)), "strides"),
        (lambda: fast.im2col(X, (1, 1), (1, 1), "full"), "padding"),
        (lambda: fast.col2im(np.ones((5, 8)), X.shape, (2, 2)), "cols"),
        (lambda: fast.conv2d_im2col(X, K[:, :, :1], B), "kernels"),
        (lambda: fast.conv2d_im2col(X, np.ones((4, 1, 2, 3)), B), "kernels"),
        (lambda: fast.conv2d_im2col(X, K, B[:1]), "bias"),
        (lambda: fast.conv1x1(X, K, B), "kernels"),
        (lambda: fast.depthwise_conv2d(X, K, B), "bias"),
        (lambda: fast.depthwise_conv2d(X, K[:, :, :1], B), "kernels"),
        (lambda: fast.conv2d_transpose(X, K, B[:2]), "kernels"),
        (lambda: fast.conv2d_transpose(X, K[..., :2], B), "bias"),
        (lambda: fast.conv2d_transpose(X, K[..., :2], B[:2], (1, 0)), "strides"),
        (lambda: fast.conv2d_fft(X, np.ones((4, 1, 2, 3)), B), "kernels"),
    ],
)
def test_the_argument_at_fault_is_named(call, name):
    with pytest.raises(ValueError, match=rf"^{name} must.*Received"):
        call()
