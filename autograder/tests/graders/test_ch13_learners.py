"""im2col, its mirror image and its product as learners write them: loops, reshapes."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch13 import (
    floats,
    framed_by,
    judged,
    layout,
)

# im2col


def patch_loop(
    flatten=lambda patch: patch.ravel(), frame=lambda f: f, step=lambda s: s, order="nij"
):
    """im2col as most people write it first: a loop over the places."""

    def im2col(x, size, strides=(1, 1), padding="valid"):
        (x,) = floats(x)
        (rows, columns), zeros = layout(x.shape, size, strides, padding)
        x = framed_by(frame(zeros), x)
        down, right = step(strides)
        ranges = {"n": range(len(x)), "i": range(rows), "j": range(columns)}
        lines = []
        for first in ranges[order[0]]:
            for second in ranges[order[1]]:
                for third in ranges[order[2]]:
                    at = dict(zip(order, (first, second, third), strict=True))
                    top, left = at["i"] * down, at["j"] * right
                    patch = x[at["n"], top : top + size[0], left : left + size[1]]
                    lines.append(flatten(patch))
        return np.array(lines)

    return im2col


def first_picture_only(x, size, strides=(1, 1), padding="valid"):
    return patch_loop()(np.asarray(x)[:1], size, strides, padding)


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (patch_loop(lambda p: p.transpose(2, 0, 1).ravel()), ["flatten-order"]),
        (patch_loop(lambda p: p.transpose(1, 0, 2).ravel()), ["flatten-order"]),
        (patch_loop(lambda p: p.ravel(order="F")), ["flatten-order"]),
        (patch_loop(lambda p: p.transpose(0, 2, 1).ravel()), ["flatten-order"]),
        (patch_loop(order="ijn"), ["flatten-order"]),
        (first_picture_only, ["drops-batch"]),
        (lambda *args: patch_loop()(*args).T, ["transposed"]),
        (patch_loop(step=lambda s: (1, 1)), ["start-not-scaled"]),
        (patch_loop(frame=lambda f: tuple(pair[::-1] for pair in f)), ["extra-before"]),
        (
            patch_loop(lambda p: p.transpose(2, 0, 1).ravel(), step=lambda s: (1, 1)),
            ["flatten-order", "start-not-scaled"],
        ),
    ],
)
def test_im2col(function, diagnosis):
    result = judged("im2col", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_loop_over_places_is_a_right_im2col():
    assert judged("im2col", patch_loop()).status == "passed"


# col2im


def scatter_loop(put, crop=lambda zeros: (zeros[0][0], zeros[1][0]), read=None):
    """col2im as a loop over the places; ``put`` says what becomes of the numbers there."""

    def col2im(cols, x_shape, size, strides=(1, 1), padding="valid"):
        (cols,) = floats(cols)
        (rows, columns), zeros = layout(x_shape, size, strides, padding)
        n, h, w, c = x_shape
        if cols.shape != (n * rows * columns, size[0] * size[1] * c):
            raise ValueError("cols has the wrong shape")
        out = framed_by(zeros, np.zeros(x_shape, cols.dtype))
        for line, (m, i, j) in zip(cols, np.ndindex(n, rows, columns), strict=True):
            top, left = i * strides[0], j * strides[1]
            window = out[m, top : top + size[0], left : left + size[1]]
            patch = line.reshape(*size, c) if read is None else read(line, size, c)
            window[...] = put(window, patch)
        top, left = crop(zeros)
        return out[:, top : top + h, left : left + w]

    return col2im


def divided(cols, x_shape, *how):
    add = scatter_loop(np.add)
    counts = add(np.ones_like(np.asarray(cols, float)), x_shape, *how)
    return (add(cols, x_shape, *how) / np.maximum(counts, 1)).astype(add(cols, x_shape, *how).dtype)


def channels_first(line, size, c):
    return line.reshape(c, *size).transpose(1, 2, 0)


def fortran(line, size, c):
    return line.reshape(*size, c, order="F")


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (scatter_loop(lambda old, new: new), ["overwrites-overlap"]),
        (divided, ["is-the-inverse"]),
        (scatter_loop(np.add, read=channels_first), ["flatten-order"]),
        (scatter_loop(np.add, read=fortran), ["flatten-order"]),
        (
            scatter_loop(np.add, crop=lambda zeros: (zeros[0][1], zeros[1][1])),
            ["crops-wrong-side"],
        ),
        (
            scatter_loop(lambda old, new: new, read=channels_first),
            ["overwrites-overlap", "flatten-order"],
        ),
    ],
)
def test_col2im(function, diagnosis):
    result = judged("col2im", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_loop_that_adds_is_a_right_col2im():
    assert judged("col2im", scatter_loop(np.add)).status == "passed"


# conv2d_im2col


def product(
    matrix=None, maps=None, with_bias=True, how=lambda s, p: (s, p), flatten=lambda p: p.ravel()
):
    """conv2d_im2col with one of its steps replaced."""

    def conv2d_im2col(x, kernels, bias, strides=(1, 1), padding="valid"):
        x, kernels, bias = floats(x, kernels, bias)
        kh, kw, depth, filters = kernels.shape
        if depth != x.shape[3]:
            raise ValueError("kernels: channels disagree")
        if bias.shape != (filters,):
            raise ValueError("bias: one for each filter")
        strides, padding = how(strides, padding)
        (rows, columns), _ = layout(x.shape, (kh, kw), strides, padding)
        patches = patch_loop(flatten)(x, (kh, kw), strides, padding)
        weights = matrix(kernels) if matrix else kernels.reshape(-1, filters)
        out = patches @ weights + bias * with_bias
        shape = len(x), rows, columns, filters
        return maps(out, shape) if maps else out.reshape(shape)

    return conv2d_im2col


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (product(lambda k: k.reshape(k.shape[3], -1).T), ["reshape-for-transpose"]),
        (product(maps=lambda out, shape: out.T.reshape(shape)), ["reshape-for-transpose"]),
        (product(lambda k: k.transpose(2, 0, 1, 3).reshape(-1, k.shape[3])), ["flatten-order"]),
        (product(lambda k: k.transpose(1, 0, 2, 3).reshape(-1, k.shape[3])), ["flatten-order"]),
        (product(flatten=lambda p: p.transpose(2, 0, 1).ravel()), ["flatten-order"]),
        (product(flatten=lambda p: p.ravel(order="F")), ["flatten-order"]),
        (product(flatten=lambda p: p.transpose(1, 0, 2).ravel()), ["flatten-order"]),
        (product(flatten=lambda p: p.transpose(0, 2, 1).ravel()), ["flatten-order"]),
        (product(lambda k: k[::-1, ::-1].reshape(-1, k.shape[3])), ["kernel-flipped"]),
        (product(with_bias=False), ["bias-forgotten"]),
        (product(how=lambda s, p: (s[::-1], p)), ["strides-swapped"]),
        (product(how=lambda s, p: (s, "valid")), ["padding-ignored"]),
        (product(how=lambda s, p: ((1, 1), p)), ["stride-ignored"]),
    ],
)
def test_conv2d_im2col(function, diagnosis):
    result = judged("conv2d_im2col", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


# Odd ones, for which nothing may be named


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("im2col", lambda *args: np.sort(patch_loop()(*args), axis=1)),
        ("col2im", scatter_loop(np.maximum)),
        ("conv2d_im2col", product(lambda k: np.abs(k).reshape(-1, k.shape[3]))),
    ],
)
def test_no_name_is_guessed(exercise, function):
    result = judged(exercise, function)
    assert result.diagnosis == []
    assert result.score < result.max_score
