"""Chapter 13's graders on functions as learners write them: loops, reshapes, half a formula."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.judging.exercise import load_chapter
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.autograder.submission.solutions import solution_source

NAME = "ch13_fast_convolution"
given: dict = {}
exec(load_chapter(NAME).prelude, given)
layout = given["layout"]


def judged(exercise, function):
    return judge_function(recorded(NAME)[exercise], function)


def floats(*arrays):
    return [1.0 * np.asarray(a) for a in arrays]


def framed_by(frame, x):
    return np.pad(x, ((0, 0), *frame, (0, 0)))


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


# conv1x1 and depthwise_conv2d


def checked(x, kernels, bias, biases):
    x, kernels, bias = floats(x, kernels, bias)
    if kernels.shape[2] != x.shape[3]:
        raise ValueError("kernels: channels disagree")
    if bias.shape != (biases(kernels),):
        raise ValueError("bias: wrong number")
    return x, kernels, bias


def mixed(weights=lambda w: w, add=lambda b: b):
    def conv1x1(x, kernels, bias):
        x, kernels, bias = checked(x, kernels, bias, lambda k: k.shape[3])
        if kernels.shape[:2] != (1, 1):
            raise ValueError("kernels must be 1 x 1")
        return x @ weights(kernels[0, 0]) + add(bias)

    return conv1x1


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (mixed(lambda w: w.T), ["kernel-transposed"]),
        (mixed(lambda w: w.reshape(w.shape[::-1]).T), ["reshape-for-transpose"]),
        (mixed(add=lambda b: 0 * b), ["bias-forgotten"]),
        (mixed(add=lambda b: b[0]), ["first-bias-for-all"]),
    ],
)
def test_conv1x1(function, diagnosis):
    assert judged("conv1x1", function).diagnosis == diagnosis


def channel_loop(
    place=lambda c, m, shape: c * shape[3] + m, see=lambda patch, c: patch[:, :, :, c]
):
    """depthwise_conv2d as loops over channels and filters."""

    def depthwise_conv2d(x, kernels, bias, strides=(1, 1), padding="valid"):
        x, kernels, bias = checked(x, kernels, bias, lambda k: k.shape[2] * k.shape[3])
        kh, kw, channels, multiplier = kernels.shape
        (rows, columns), zeros = layout(x.shape, (kh, kw), strides, padding)
        x = framed_by(zeros, x)
        out = np.zeros((len(x), rows, columns, channels * multiplier), x.dtype)
        for i, j, c, m in np.ndindex(rows, columns, channels, multiplier):
            top, left = i * strides[0], j * strides[1]
            patch = see(x[:, top : top + kh, left : left + kw], c)
            at = place(c, m, kernels.shape)
            out[:, i, j, at] = (patch * kernels[:, :, c, m]).sum(axis=(1, 2)) + bias[at]
        return out

    return depthwise_conv2d


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (channel_loop(lambda c, m, shape: m * shape[2] + c), ["multiplier-order"]),
        (channel_loop(see=lambda patch, c: patch.sum(axis=3)), ["channels-summed"]),
    ],
)
def test_depthwise_conv2d(function, diagnosis):
    assert judged("depthwise_conv2d", function).diagnosis == diagnosis


def test_the_loop_itself_is_right():
    assert judged("depthwise_conv2d", channel_loop()).status == "passed"


# conv2d_transpose


def stamp_loop(kernel=lambda k: k, stamp=np.add, cut=lambda total: total // 2):
    """conv2d_transpose as it is told: every pixel lays down a copy of the kernel."""

    def conv2d_transpose(x, kernels, bias, strides=(1, 1), padding="valid"):
        x, kernels, bias = floats(x, kernels, bias)
        if kernels.shape[3] != x.shape[3]:
            raise ValueError("kernels: channels disagree")
        if bias.shape != (kernels.shape[2],):
            raise ValueError("bias: one for each filter")
        if min(strides) < 1:
            raise ValueError("strides must be 1 or more")
        if padding not in ("valid", "same"):
            raise ValueError("padding?")
        kernels = kernel(kernels)
        kh, kw, filters, _ = kernels.shape
        n, h, w, _ = x.shape
        room = [m * s + max(k - s, 0) for m, s, k in zip((h, w), strides, (kh, kw), strict=True)]
        out = np.zeros((n, *room, filters), x.dtype)
        for m, i, j in np.ndindex(n, h, w):
            top, left = i * strides[0], j * strides[1]
            window = out[m, top : top + kh, left : left + kw]
            window[...] = stamp(window, kernels @ x[m, i, j])
        if padding == "same":
            top, left = (cut(max(k - s, 0)) for k, s in zip((kh, kw), strides, strict=True))
            out = out[:, top : top + h * strides[0], left : left + w * strides[1]]
        return out + bias

    return conv2d_transpose


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (stamp_loop(lambda k: k[::-1, ::-1]), ["kernel-flipped"]),
        (stamp_loop(stamp=lambda old, new: new), ["overwrites-overlap"]),
        (stamp_loop(cut=lambda total: total - total // 2), ["crops-wrong-side"]),
        (stamp_loop(cut=lambda total: 0), ["crops-wrong-side"]),
        (stamp_loop(lambda k: k / (k**2).sum(axis=(0, 1), keepdims=True)), ["is-the-inverse"]),
        (stamp_loop(lambda k: k.swapaxes(0, 1)), ["kernel-transposed"]),
        (stamp_loop(lambda k: k.swapaxes(2, 3)), ["filters-for-channels"]),
    ],
)
def test_conv2d_transpose(function, diagnosis):
    assert judged("conv2d_transpose", function).diagnosis == diagnosis


def test_the_stamps_themselves_are_right():
    assert judged("conv2d_transpose", stamp_loop()).status == "passed"


# conv2d_fft


def spectra(turn=np.conj, first=lambda k: 0, real=np.real, extra=0):
    """conv2d_fft with loops over filters and channels; ``extra`` pads the transforms."""

    def conv2d_fft(x, kernels, bias):
        x, kernels, bias = checked(x, kernels, bias, lambda k: k.shape[3])
        kh, kw, channels, filters = kernels.shape
        n, h, w, _ = x.shape
        if kh > h or kw > w:
            raise ValueError("kernels are larger than x")
        size = h + extra * (kh - 1), w + extra * (kw - 1)
        out = np.zeros((n, h - kh + 1, w - kw + 1, filters), real(x[:0] * 1j).dtype)
        for m, f in np.ndindex(n, filters):
            total = sum(
                np.fft.fft2(x[m, :, :, c], size) * turn(np.fft.fft2(kernels[:, :, c, f], size))
                for c in range(channels)
            )
            full = real(np.fft.ifft2(total))
            top, left = first(kh), first(kw)
            out[m, :, :, f] = full[top : top + h - kh + 1, left : left + w - kw + 1] + bias[f]
        return out.astype(np.result_type(x, kernels, bias, out.dtype))

    return conv2d_fft


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (spectra(turn=np.copy, first=lambda k: k - 1), ["kernel-flipped"]),
        (spectra(first=lambda k: k - 1), ["crops-wrong-corner"]),
        (spectra(first=lambda k: k - 1, extra=1), ["crops-wrong-corner"]),
        (spectra(first=lambda k: k // 2), ["crops-wrong-corner"]),
        (spectra(turn=np.copy), ["kernel-flipped", "crops-wrong-corner"]),
        (spectra(real=np.array), ["returns-complex"]),
        (
            spectra(turn=np.copy, first=lambda k: k - 1, real=np.array),
            ["kernel-flipped", "returns-complex"],
        ),
    ],
)
def test_conv2d_fft(function, diagnosis):
    assert judged("conv2d_fft", function).diagnosis == diagnosis


@pytest.mark.parametrize("extra", [0, 1])
def test_both_sizes_of_transform_are_right(extra):
    assert judged("conv2d_fft", spectra(extra=extra)).status == "passed"


# Odd ones, for which nothing may be named


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("im2col", lambda *args: np.sort(patch_loop()(*args), axis=1)),
        ("col2im", scatter_loop(np.maximum)),
        ("conv2d_im2col", product(lambda k: np.abs(k).reshape(-1, k.shape[3]))),
        ("depthwise_conv2d", channel_loop(see=lambda patch, c: patch[:, :, :, c] ** 2)),
        ("conv2d_transpose", stamp_loop(stamp=np.subtract)),
        ("conv2d_fft", spectra(turn=np.abs)),
    ],
)
def test_no_name_is_guessed(exercise, function):
    result = judged(exercise, function)
    assert result.diagnosis == []
    assert result.score < result.max_score


@pytest.mark.parametrize("exercise", [e.name for e in load_chapter(NAME).exercises])
def test_the_chapters_own_solutions_have_full_marks(exercise):
    namespace = dict(given)
    for need in (*load_chapter(NAME)[exercise].needs, exercise):
        exec(solution_source(NAME, need), namespace)
    assert judged(exercise, namespace[exercise]).status == "passed"
