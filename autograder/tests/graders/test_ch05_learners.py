"""Chapter 5's graders on functions as learners write them: loops, masks, a step too early."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch05 import assert_named, judged
from cnnlab.course import ops
from cnnlab.course.ops import descent, gradients, network

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


def trained(*, mean=True, truth=True, gate=True, after=False, step=descent.sgd_step):
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
        ("train_step", trained()),
    ],
)
def test_a_right_function_in_a_learner_s_own_way_passes(exercise, function):
    result = judged(exercise, function)
    assert (result.status, result.score) == ("passed", result.max_score), result.message


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("relu_backward", relu_loop(lambda d, z: d * z * z)),
        ("dense_backward", dense_loop(dw_scale=lambda n: 1.5)),
    ],
)
def test_what_no_one_foresaw_gets_no_name(exercise, function):
    result = judged(exercise, function)
    assert result.status == "failed"
    assert result.diagnosis == []
