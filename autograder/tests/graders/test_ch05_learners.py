"""Chapter 5's graders on functions as learners write them: loops, masks, a step too early."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course import ops
from cnnlab.course.ops import gradients, network


def judged(exercise, function):
    return judge_function(recorded("ch05_backprop")[exercise], function)


def assert_named(exercise, function, diagnosis):
    result = judged(exercise, function)
    assert result.diagnosis == diagnosis, result.message
    assert result.score < result.max_score


# numerical_gradient


def one_side(step=1e-5):
    """The slope to the right of x, with a step that the learner likes better."""

    def numerical_gradient(f, x, eps=step):
        if eps <= 0:
            raise ValueError("eps must be positive")
        x = np.asarray(x, dtype=float)
        out = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            moved = x.copy()
            moved[i] += eps
            out[i] = (f(moved) - f(x)) / eps
        return out

    return numerical_gradient


def only_the_first(f, x, eps=1e-5):
    x = np.array(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + eps
        above = f(x)
        x[i] = old - eps
        below = f(x)
        x[i] = old
        out[i] = (above - below) / (2 * eps)
        return out


def in_place(f, x, eps=1e-5):
    """Works in the caller's array, and puts nothing back."""
    if eps <= 0:
        raise ValueError("eps must be positive")
    x = np.asarray(x, dtype=float)
    out = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += eps
        above = f(x)
        x[i] -= 2 * eps
        out[i] = (above - f(x)) / (2 * eps)
    return out


def whole_distance(f, x, eps=1e-5):
    if eps <= 0:
        raise ValueError("eps must be positive")
    x = np.array(x, dtype=float)
    flat, out = x.ravel(), np.zeros(x.size)
    for i in range(x.size):
        flat[i] += eps
        above = f(x)
        flat[i] -= 2 * eps
        out[i] = (above - f(x)) / eps
        flat[i] += eps
    return out.reshape(x.shape)


def single_precision(f, x, eps=1e-5):
    if eps <= 0:
        raise ValueError("eps must be positive")
    x = np.array(x)
    x = x if x.dtype.kind == "f" else x.astype(float)
    out = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        old = x[i]
        x[i] = old + eps
        above = f(x)
        x[i] = old - eps
        below = f(x)
        x[i] = old
        out[i] = (above - below) / (2 * eps)
    return out


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (one_side(), ["one-sided"]),
        (one_side(1e-7), ["one-sided"]),
        (one_side(1e-4), ["one-sided"]),
        (only_the_first, ["return-inside-loop"]),
        (in_place, ["forgets-to-restore", "changes-input"]),
        (whole_distance, ["half-step"]),
        (single_precision, ["float32-inside"]),
    ],
)
def test_numerical_gradient(function, diagnosis):
    assert_named("numerical_gradient", function, diagnosis)


# relu_backward and dense_backward


def relu_loop(rule):
    def relu_backward(dout, z):
        dout, z = 1.0 * np.asarray(dout), 1.0 * np.asarray(z)
        if dout.shape != z.shape:
            raise ValueError("dout and z must have one shape")
        out = np.zeros_like(z)
        for i in np.ndindex(z.shape):
            out[i] = rule(dout[i], z[i])
        return out

    return relu_backward


@pytest.mark.parametrize(
    ("rule", "diagnosis"),
    [
        (lambda d, z: max(d, 0), ["mask-from-dout"]),
        (lambda d, z: d if z >= 0 else 0, ["ge-for-gt"]),
        (lambda d, z: d, ["mask-missing"]),
        (lambda d, z: 1 if z > 0 else 0, ["mask-only"]),
        (lambda d, z: 1 if z >= 0 else 0, ["mask-only"]),
        (lambda d, z: max(z, 0), ["relu-again"]),
        (lambda d, z: d * z if z > 0 else 0, ["times-relu"]),
    ],
)
def test_relu_backward(rule, diagnosis):
    assert_named("relu_backward", relu_loop(rule), diagnosis)


def dense_loop(dw_scale=lambda n: 1.0, db_scale=lambda n: 1.0, turned=False, shape=(-1,)):
    """Picture after picture, each adding its part."""

    def dense_backward(dout, x, weights):
        dout, x, weights = (1.0 * np.asarray(a) for a in (dout, x, weights))
        if x.shape[1] != weights.shape[0]:
            raise ValueError("weights do not fit")
        if dout.shape != (len(x), weights.shape[1]):
            raise ValueError("dout does not fit")
        dx, dw, db = np.zeros_like(x), np.zeros_like(weights), np.zeros(weights.shape[1], x.dtype)
        for n in range(len(x)):
            dx[n] = (weights.T if turned else weights) @ dout[n]
            dw += np.outer(x[n], dout[n])
            db += dout[n]
        return dx, dw * dw_scale(len(x)), (db * db_scale(len(x))).reshape(shape)

    return dense_backward


def one_nth(n):
    return 1 / n


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (dense_loop(turned=True), ["transposed"]),
        (dense_loop(db_scale=one_nth), ["bias-averaged"]),
        (dense_loop(shape=(1, -1)), ["keeps-axes"]),
        (dense_loop(shape=(-1, 1)), ["keeps-axes"]),
        (dense_loop(dw_scale=one_nth, db_scale=one_nth), ["divides-by-batch"]),
    ],
)
def test_dense_backward(function, diagnosis):
    assert_named("dense_backward", function, diagnosis)


# max_pool2d_backward


def never(*at):
    return False


def pool_loop(give, until=never):
    """Window after window; ``give`` writes into the part of dx that lies under one."""

    def max_pool2d_backward(dout, x, size, strides=None):
        dout, x = 1.0 * np.asarray(dout), 1.0 * np.asarray(x)
        (h, w), (sh, sw) = size, strides or size
        if h > x.shape[1] or w > x.shape[2]:
            raise ValueError("size is too large")
        if sh < 1 or sw < 1:
            raise ValueError("strides must be 1 or more")
        shape = len(x), (x.shape[1] - h) // sh + 1, (x.shape[2] - w) // sw + 1, x.shape[3]
        if dout.shape != shape:
            raise ValueError(f"dout must be {shape}")
        dx = np.zeros_like(x)
        for n, i, j, c in np.ndindex(shape):
            if until(n, i, j, c):
                break
            place = n, slice(i * sh, i * sh + h), slice(j * sw, j * sw + w), c
            give(dx[place], x[place], dout[n, i, j, c])
        return dx

    return max_pool2d_backward


def to_all_largest(part, window, d):
    part += (window == window.max()) * d


def to_all_largest_over(part, window, d):
    part[...] = (window == window.max()) * d


def to_first_over(part, window, d):
    part[np.unravel_index(window.argmax(), window.shape)] = d


def to_last(part, window, d):
    best, at = -np.inf, (0, 0)
    for a, b in np.ndindex(window.shape):
        if window[a, b] >= best:
            best, at = window[a, b], (a, b)
    part[at] += d


def to_everyone(part, window, d):
    part += d


def to_first(part, window, d):
    part[np.unravel_index(window.argmax(), window.shape)] += d


@pytest.mark.parametrize(
    ("give", "diagnosis"),
    [
        (to_all_largest, ["all-ties"]),
        (to_all_largest_over, ["all-ties", "overlap-overwrites"]),
        (to_first_over, ["overlap-overwrites"]),
        (to_last, ["tie-order"]),
        (to_everyone, ["mask-missing"]),
    ],
)
def test_max_pool2d_backward(give, diagnosis):
    assert_named("max_pool2d_backward", pool_loop(give), diagnosis)


@pytest.mark.parametrize(
    ("until", "diagnosis"),
    [
        (lambda n, i, j, c: n, ["first-image-only"]),
        (lambda n, i, j, c: n or i, ["return-inside-loop"]),
        (lambda n, i, j, c: n or i or j or c, ["return-inside-loop"]),
    ],
)
def test_loops_that_are_left(until, diagnosis):
    assert_named("max_pool2d_backward", pool_loop(to_first, until), diagnosis)
    assert_named("conv2d_backward", conv_loop(until=until), diagnosis)


# conv2d_backward


def frame_of(x, kernels, strides, padding):
    """The cells that padding lays around a picture: (above, below), (left, right)."""
    if padding != "same":
        return [(0, 0), (0, 0)]
    sizes = zip(x.shape[1:3], kernels.shape[:2], strides, strict=True)
    return [ops.same_padding(*size) for size in sizes]


def without_frame(dx, shape, frame, top_of, cut):
    """The part of dx that is the picture; or from ``top_of``, or the slices that ``cut`` gives."""
    if cut:
        return dx[:, slice(*cut(frame[0])), slice(*cut(frame[1]))]
    top, left = (f[0] for f in frame) if top_of is None else (top_of, top_of)
    return dx[:, top : top + shape[1], left : left + shape[2]]


def conv_loop(
    *,
    dk_at=None,
    add=True,
    crop=True,
    top_of=None,
    db=None,
    step=True,
    scale=1.0,
    until=never,
    cut=None,
):
    """Cell after cell, as the chapter tells it, with one thing otherwise."""

    def conv2d_backward(dout, x, kernels, strides=(1, 1), padding="valid"):
        dout, x, kernels = (1.0 * np.asarray(a) for a in (dout, x, kernels))
        ops.conv2d(x, kernels, np.zeros(kernels.shape[3]), strides, padding)
        (kh, kw), (sh, sw) = kernels.shape[:2], strides
        frame = frame_of(x, kernels, strides, padding)
        framed = np.pad(x, ((0, 0), *frame, (0, 0)))
        oh, ow = (framed.shape[1] - kh) // sh + 1, (framed.shape[2] - kw) // sw + 1
        if dout.shape != (len(x), oh, ow, kernels.shape[3]):
            raise ValueError("dout has another shape")
        dx, dk = np.zeros_like(framed), np.zeros_like(kernels)
        total = np.zeros(kernels.shape[3], x.dtype)
        for n, i, j, f in np.ndindex(dout.shape):
            if until(n, i, j, f):
                break
            total[f] += dout[n, i, j, f]
            top, left = (i * sh, j * sw) if step else (i, j)
            rows, columns = slice(top, top + kh), slice(left, left + kw)
            part = dout[n, i, j, f] * kernels[:, :, :, f]
            dx[n, rows, columns] = dx[n, rows, columns] + part if add else part
            dk[:, :, :, f] += dout[n, i, j, f] * framed[n, rows, columns]
        if dk_at:
            dk = dk_at(dk)
        total = total if db is None else db(dout)
        dx = without_frame(dx, x.shape, frame, top_of, cut) if crop else dx
        return dx, dk * scale, total

    return conv2d_backward


def full_correlation(flip):
    """dx by sliding the kernel over a padded dout; who forgets to flip it gets another dx."""

    def conv2d_backward(dout, x, kernels, strides=(1, 1), padding="valid"):
        right = gradients.conv2d_backward(dout, x, kernels, strides, padding)
        dout, x, kernels = (1.0 * np.asarray(a) for a in (dout, x, kernels))
        kh, kw = kernels.shape[:2]
        top = left = 0
        height, width = x.shape[1:3]
        if padding == "same":
            top, bottom = ops.same_padding(height, kh, strides[0])
            left, behind = ops.same_padding(width, kw, strides[1])
            height, width = height + top + bottom, width + left + behind
        spread = np.zeros((len(x), height - kh + 1, width - kw + 1, dout.shape[3]), dout.dtype)
        spread[:, :: strides[0], :: strides[1]][:, : dout.shape[1], : dout.shape[2]] = dout
        padded = np.pad(spread, ((0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1), (0, 0)))
        taps = np.swapaxes(kernels, 2, 3)
        taps = taps[::-1, ::-1] if flip else taps
        dx = ops.conv2d(padded, taps, np.zeros(x.shape[3], x.dtype))
        return dx[:, top : top + x.shape[1], left : left + x.shape[2]], *right[1:]

    return conv2d_backward


def turned(dk):
    return dk[::-1, ::-1]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (conv_loop(dk_at=turned), ["dk-flipped"]),
        (full_correlation(flip=False), ["dx-not-flipped"]),
        (conv_loop(add=False), ["overlap-overwrites"]),
        (conv_loop(crop=False), ["dx-not-cropped"]),
        (conv_loop(top_of=0), ["crops-wrong-side"]),
        (conv_loop(cut=lambda frame: (frame[0], -frame[1])), ["crops-to-nothing"]),
        (conv_loop(cut=lambda frame: (frame[0], -frame[0])), ["crops-to-nothing"]),
        (
            conv_loop(cut=lambda frame: (frame[0], -frame[1]), step=False),
            ["stride-ignored", "crops-to-nothing"],
        ),
        (conv_loop(db=lambda dout: dout.sum(axis=(0, 1, 2), keepdims=True)), ["keeps-axes"]),
        (conv_loop(db=lambda dout: dout[-1, -1, -1]), ["last-place-only"]),
        (conv_loop(db=lambda dout: dout.mean(axis=(0, 1, 2))), ["bias-averaged"]),
        (conv_loop(step=False), ["stride-ignored"]),
        (conv_loop(dk_at=turned, crop=False), ["dk-flipped", "dx-not-cropped"]),
    ],
)
def test_conv2d_backward(function, diagnosis):
    assert_named("conv2d_backward", function, diagnosis)


# sgd_step and train_step


def sgd_into(params, grads, rate):
    if len(params) != len(grads):
        raise ValueError("grads?")
    for i in range(len(params)):
        p, g = 1.0 * np.asarray(params[i]), 1.0 * np.asarray(grads[i])
        if p.shape != g.shape:
            raise ValueError("grads?")
        params[i] = p - rate * g
    return params


def test_sgd_step_into_the_caller_s_list():
    assert_named("sgd_step", sgd_into, ["changes-input"])


def trained(*, mean=True, truth=True, gate=True, after=False, step=gradients.sgd_step):
    """train_step from the parts, with one thing otherwise."""

    def forwards(params, x, y):
        z = ops.conv2d(x, params[0], params[1])
        a = ops.relu(z)
        pooled = ops.max_pool2d(a)
        flat = pooled.reshape(len(x), -1)
        shares = network.softmax(flat @ params[2] + params[3])
        losses = -np.log(shares[range(len(x)), y])
        return z, a, pooled, flat, shares, float(losses.mean() if mean else losses.sum())

    def train_step(params, x, y, rate):
        if len(params) != 4:
            raise ValueError("params must be four")
        params, x = [1.0 * np.asarray(p) for p in params], 1.0 * np.asarray(x)
        if len(y) != len(x) or min(y) < 0 or max(y) >= len(params[3]):
            raise ValueError("y does not fit")
        z, a, pooled, flat, shares, loss = forwards(params, x, y)
        d = shares.copy()
        if truth:
            d[range(len(x)), y] -= 1
        if mean:
            d /= len(x)
        dflat, dw, db2 = gradients.dense_backward(d, flat, params[2])
        d = gradients.max_pool2d_backward(dflat.reshape(pooled.shape), a, (2, 2))
        if gate:
            d = gradients.relu_backward(d, z)
        _, dk, db = gradients.conv2d_backward(d, x, params[0])
        new = step(params, [dk, db, dw, db2], rate)
        return new, forwards(new, x, y)[-1] if after else loss

    return train_step


def uphill(params, grads, rate):
    return [p + rate * g for p, g in zip(params, grads, strict=True)]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (trained(mean=False), ["loss-summed"]),
        (trained(truth=False), ["one-hot-missing"]),
        (trained(gate=False), ["relu-skipped"]),
        (trained(after=True), ["forward-after-update"]),
        (trained(step=uphill), ["ascends"]),
        (trained(mean=False, step=uphill), ["ascends", "loss-summed"]),
    ],
)
def test_train_step(function, diagnosis):
    assert_named("train_step", function, diagnosis)


# right ones, and odd ones


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("relu_backward", relu_loop(lambda d, z: d if z > 0 else 0)),
        ("dense_backward", dense_loop()),
        ("max_pool2d_backward", pool_loop(to_first)),
        ("conv2d_backward", conv_loop()),
        ("train_step", trained()),
    ],
)
def test_a_right_function_in_a_learner_s_own_way_passes(exercise, function):
    result = judged(exercise, function)
    assert (result.status, result.score) == ("passed", result.max_score), result.message


def to_a_neighbour(part, window, d):
    part[np.unravel_index((window.argmax() + 1) % window.size, window.shape)] += d


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("relu_backward", relu_loop(lambda d, z: d * z * z)),
        ("max_pool2d_backward", pool_loop(to_a_neighbour)),
        ("conv2d_backward", conv_loop(scale=0.7)),
        ("dense_backward", dense_loop(dw_scale=lambda n: 1.5)),
    ],
)
def test_what_no_one_foresaw_gets_no_name(exercise, function):
    result = judged(exercise, function)
    assert result.status == "failed"
    assert result.diagnosis == []
