"""The three gradients of a convolution without padding, as learners write them."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch05 import assert_named, judged
from cnnlab.course.ops import gradients


def windows(x, size, dout, strides):
    """The patches of all places, (N, oh, ow, kh, kw, C)."""
    view = np.lib.stride_tricks.sliding_window_view(x, size, axis=(1, 2))
    at = view[:, :: strides[0], :: strides[1]][:, : dout.shape[1], : dout.shape[2]]
    return np.moveaxis(at, 3, 5)


def kernels_by_einsum(dout, x, size, strides=(1, 1)):
    return np.einsum("nijabc,nijf->abcf", windows(x, size, dout, strides), dout)


def kernels_tap_by_tap(dout, x, size, strides=(1, 1)):
    dk = np.zeros((*size, x.shape[3], dout.shape[3]))
    for a, b in np.ndindex(*size):
        for i, j in np.ndindex(dout.shape[1:3]):
            pixels = x[:, a + i * strides[0], b + j * strides[1]]
            dk[a, b] += pixels.T @ dout[:, i, j]
    return dk


def kernels_cell_by_cell(dout, x, size, strides=(1, 1), *, add=True, step=True):
    dk = np.zeros((*size, x.shape[3], dout.shape[3]))
    for n, i, j, f in np.ndindex(dout.shape):
        top, left = (i * strides[0], j * strides[1]) if step else (i, j)
        part = x[n, top : top + size[0], left : left + size[1]] * dout[n, i, j, f]
        dk[..., f] = dk[..., f] + part if add else part
    return dk


def pixels_cell_by_cell(dout, kernels, x_shape, strides=(1, 1), *, add=True, turn=1, step=True):
    dx = np.zeros(x_shape)
    kh, kw = kernels.shape[:2]
    for n, i, j, f in np.ndindex(dout.shape):
        top, left = (i * strides[0], j * strides[1]) if step else (i, j)
        part = kernels[::turn, ::turn, :, f] * dout[n, i, j, f]
        here = dx[n, top : top + kh, left : left + kw]
        here[...] = here + part if add else part
    return dx


def pixels_averaged(dout, kernels, x_shape, strides=(1, 1)):
    dx = pixels_cell_by_cell(dout, kernels, x_shape, strides)
    used = pixels_cell_by_cell(dout[..., :1] * 0 + 1, kernels[..., :1] * 0 + 1, x_shape, strides)
    return dx / np.where(used > 0, used, 1)


def pixels_gathered(dout, kernels, x_shape, strides=(1, 1)):
    """From pixel to pixel, the other way around: with dout spread out, and the kernel turned."""
    (kh, kw), (n, height, width, _) = kernels.shape[:2], x_shape
    spread = np.zeros((n, height + kh - 1, width + kw - 1, dout.shape[3]))
    rows, columns = (np.arange(m) * s for m, s in zip(dout.shape[1:3], strides, strict=True))
    spread[:, (kh - 1 + rows)[:, None], kw - 1 + columns] = dout
    patches = windows(spread, (kh, kw), np.empty(x_shape), (1, 1))
    return np.einsum("nyxabf,abcf->nyxc", patches, kernels[::-1, ::-1])


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("bias_gradient", lambda dout: np.einsum("nijf->f", dout)),
        ("bias_gradient", lambda dout: dout.reshape(-1, dout.shape[-1]).sum(axis=0)),
        ("kernel_gradient", kernels_by_einsum),
        ("kernel_gradient", kernels_tap_by_tap),
        ("kernel_gradient", kernels_cell_by_cell),
        ("input_gradient", pixels_cell_by_cell),
        ("input_gradient", pixels_gathered),
    ],
)
def test_right_ways_earn_everything(exercise, function):
    result = judged(exercise, function)
    assert result.score == result.max_score, result.message


@pytest.mark.parametrize(
    ("exercise", "function", "diagnosis"),
    [
        ("bias_gradient", lambda dout: dout.mean(axis=(0, 1, 2)), "bias-averaged"),
        ("bias_gradient", lambda dout: dout[0].sum(axis=(0, 1)), "first-image-only"),
        ("bias_gradient", lambda dout: dout.sum(axis=(1, 2)), "wrong-axes"),
        ("bias_gradient", lambda dout: dout.sum(axis=(0, 1, 2), keepdims=True), "keeps-axes"),
        (
            "kernel_gradient",
            lambda *args: kernels_cell_by_cell(*args, add=False),
            "last-place-only",
        ),
        (
            "kernel_gradient",
            lambda *args: kernels_cell_by_cell(*args, step=False),
            "stride-ignored",
        ),
        (
            "kernel_gradient",
            lambda d, x, size, strides=(1, 1): kernels_by_einsum(d, x, size, strides[:1] * 2),
            "one-stride-for-both",
        ),
        (
            "kernel_gradient",
            lambda d, x, *args: kernels_by_einsum(d[-1:], x[-1:], *args),
            "last-image-only",
        ),
        (
            "kernel_gradient",
            lambda d, x, *args: kernels_by_einsum(d.sum(0)[None], x.sum(0)[None], *args),
            "pictures-added-first",
        ),
        (
            "kernel_gradient",
            lambda *args: kernels_by_einsum(*args).transpose(1, 0, 2, 3),
            "rows-and-columns-swapped",
        ),
        (
            "input_gradient",
            lambda d, k, shape, strides=(1, 1): pixels_cell_by_cell(d, k, shape, (strides[0], 1)),
            "stride-ignored",
        ),
        ("input_gradient", pixels_averaged, "overlap-averaged"),
        (
            "input_gradient",
            lambda *args: 0 * (dx := pixels_cell_by_cell(*args)) + dx.sum(axis=0),
            "pictures-mixed",
        ),
        (
            "kernel_gradient",
            lambda d, *args: kernels_by_einsum(d, *args) / len(d),
            "divides-by-batch",
        ),
        (
            "input_gradient",
            lambda *args: pixels_cell_by_cell(*args, add=False),
            "overlap-overwrites",
        ),
        ("input_gradient", lambda *args: pixels_cell_by_cell(*args, turn=-1), "dx-not-flipped"),
        ("input_gradient", lambda *args: pixels_cell_by_cell(*args, step=False), "stride-ignored"),
    ],
)
def test_typical_mistakes_get_their_names(exercise, function, diagnosis):
    assert_named(exercise, function, [diagnosis])


def test_a_layer_is_made_of_its_three_gradients():
    rng = np.random.default_rng(0)
    dout, x, kernels = (rng.normal(size=s) for s in ((2, 2, 3, 4), (2, 5, 7, 3), (3, 2, 3, 4)))
    dx, dk, db = gradients.conv2d_backward(dout, x, kernels, (2, 2))
    np.testing.assert_array_equal(dx, gradients.input_gradient(dout, kernels, x.shape, (2, 2)))
    np.testing.assert_array_equal(dk, gradients.kernel_gradient(dout, x, (3, 2), (2, 2)))
    np.testing.assert_array_equal(db, gradients.bias_gradient(dout))
