"""The backward ops: against TensorFlow's tape, against trying out, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.course import ops
from cnnlab.course.ops import descent, gradients
from cnnlab.course.ops.network import dense

SMALL = settings(max_examples=12, deadline=None)
sides = st.tuples(st.integers(4, 8), st.integers(4, 8))
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
seeds = st.integers(0, 2**32 - 1)


def tape(function, dout, *inputs):
    import tensorflow as tf

    with tf.device("CPU:0"), tf.GradientTape() as recorded:
        tensors = [tf.constant(a) for a in inputs]
        recorded.watch(tensors)
        out = function(*tensors)
    found = recorded.gradient(out, tensors, output_gradients=tf.constant(dout))
    return [g.numpy() for g in found]


@SMALL
@given(sides, pairs, pairs, st.sampled_from(["valid", "same"]), seeds)
def test_conv2d_backward_is_the_tape_s(size, kernel, strides, padding, seed):
    from keras import ops as k

    rng = np.random.default_rng(seed)
    x, kernels = rng.normal(size=(2, *size, 2)), rng.normal(size=(*kernel, 2, 3))
    dout = rng.normal(size=ops.conv2d(x, kernels, np.zeros(3), strides, padding).shape)
    expected = tape(
        lambda x, w, b: k.conv(x, w, strides, padding) + b, dout, x, kernels, np.zeros(3)
    )
    found = gradients.conv2d_backward(dout, x, kernels, strides, padding)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@SMALL
@given(sides, pairs, pairs, seeds)
def test_max_pool2d_backward_is_the_tape_s_with_ties(size, window, strides, seed):
    from keras import ops as k

    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (2, *size, 2)).astype(float)
    dout = rng.normal(size=ops.max_pool2d(x, window, strides).shape)
    (expected,) = tape(lambda x: k.max_pool(x, window, strides, "valid"), dout, x)
    np.testing.assert_allclose(
        gradients.max_pool2d_backward(dout, x, window, strides), expected, atol=1e-12
    )


@SMALL
@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), seeds)
def test_dense_and_relu_agree_with_trying_out(batch, n, units, seed):
    rng = np.random.default_rng(seed)
    x, w, b, dout = (rng.normal(size=s) for s in ((batch, n), (n, units), (units,), (batch, units)))
    tried = (
        gradients.numerical_gradient(lambda x: np.sum(dout * dense(x, w, b)), x),
        gradients.numerical_gradient(lambda w: np.sum(dout * dense(x, w, b)), w),
        gradients.numerical_gradient(lambda b: np.sum(dout * dense(x, w, b)), b),
    )
    for ours, theirs in zip(gradients.dense_backward(dout, x, w), tried, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-7)
    z = np.sign(x) * (np.abs(x) + 0.01)  # away from the corner
    slope = gradients.numerical_gradient(lambda z: np.sum(x * ops.relu(z)), z)
    np.testing.assert_allclose(gradients.relu_backward(x, z), slope, atol=1e-7)


def test_a_step_of_rate_1_takes_the_whole_gradient_away():
    rng = np.random.default_rng(0)
    shapes = (3, 2, 2, 3), (3,), (18, 4), (4,)
    params = [rng.normal(size=shape) / 2 for shape in shapes]
    x, y = rng.normal(size=(3, 6, 7, 2)), np.array([0, 3, 1])
    new, loss = descent.train_step(params, x, y, 1.0)
    for place, old in enumerate(params):

        def loss_with(p, place=place):
            changed = [*params[:place], p, *params[place + 1 :]]
            return descent.train_step(changed, x, y, 1.0)[1]

        tried = gradients.numerical_gradient(loss_with, old)
        np.testing.assert_allclose(old - new[place], tried, atol=1e-7)
    nearer, _ = descent.train_step(params, x, y, 0.01)
    assert descent.train_step(nearer, x, y, 1.0)[1] < loss


def test_float32_stays_and_inputs_stay():
    rng = np.random.default_rng(0)
    x, k = (rng.normal(size=s).astype(np.float32) for s in ((1, 5, 5, 1), (3, 3, 1, 2)))
    dout = np.ones((1, 5, 5, 2), np.float32)
    before = [a.copy() for a in (dout, x, k)]
    found = gradients.conv2d_backward(dout, x, k, padding="same")
    assert {g.dtype for g in found} == {np.dtype(np.float32)}
    for was, now in zip(before, (dout, x, k), strict=True):
        np.testing.assert_array_equal(was, now)
    found[0][...] = 7  # a view of a framed picture would not be the caller's own array
    assert found[0].flags.owndata


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: gradients.numerical_gradient(np.sum, [1.0], 0), "eps"),
        (lambda: gradients.relu_backward([1, 2], [1]), "dout"),
        (lambda: gradients.dense_backward([[1, 2]], [[3]], [[1, 2, 3]]), "dout"),
        (lambda: gradients.dense_backward([[1, 2]], [[3]], [[1, 2], [3, 4]]), "weights"),
        (lambda: gradients.max_pool2d_backward(np.ones((1, 1, 1, 1)), IMAGE, (2, 2)), "dout"),
        (lambda: gradients.max_pool2d_backward(np.ones((1, 1, 1, 1)), IMAGE, (5, 2)), "size"),
        (lambda: gradients.conv2d_backward(np.ones((1, 2, 2, 1)), IMAGE, KERNEL), "dout"),
        (lambda: gradients.conv2d_backward(IMAGE, IMAGE, np.ones((5, 1, 1, 1))), "kernels"),
        (lambda: gradients.conv2d_backward(IMAGE, IMAGE, KERNEL, (0, 1)), "strides"),
        (lambda: gradients.conv2d_backward(IMAGE, IMAGE, KERNEL, padding="full"), "padding"),
        (lambda: descent.sgd_step([[1.0]], [], 1), "grads"),
        (lambda: descent.sgd_step([[1.0]], [[1.0, 2.0]], 1), "grads"),
        (lambda: descent.softmax_cross_entropy([[0, 0]], [2]), "y"),
        (lambda: descent.softmax_cross_entropy([[0, 0]], [-1]), "y"),
        (lambda: descent.softmax_cross_entropy([[0, 0]], [0, 1]), "y"),
        (lambda: descent.train_step([IMAGE] * 3, IMAGE, [0], 1), "params"),
    ],
)
def test_what_cannot_be_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=rf"^{named} .*Received"):
        call()


IMAGE = np.ones((1, 4, 4, 1))
KERNEL = np.ones((2, 2, 1, 1))
