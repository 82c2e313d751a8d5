"""The gradients of pooling and convolution as learners write them, window after window."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch05 import assert_named, judged
from cnnlab.course import ops
from cnnlab.course.ops import gradients

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


# right ones, and odd ones


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("max_pool2d_backward", pool_loop(to_first)),
        ("conv2d_backward", conv_loop()),
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
        ("max_pool2d_backward", pool_loop(to_a_neighbour)),
        ("conv2d_backward", conv_loop(scale=0.7)),
    ],
)
def test_what_no_one_foresaw_gets_no_name(exercise, function):
    result = judged(exercise, function)
    assert result.status == "failed"
    assert result.diagnosis == []
