"""Other convolutions as learners write them: 1 x 1, depthwise, transposed, with Fourier."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch13 import floats, framed_by, judged, layout

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
        ("depthwise_conv2d", channel_loop(see=lambda patch, c: patch[:, :, :, c] ** 2)),
        ("conv2d_transpose", stamp_loop(stamp=np.subtract)),
        ("conv2d_fft", spectra(turn=np.abs)),
    ],
)
def test_no_name_is_guessed(exercise, function):
    result = judged(exercise, function)
    assert result.diagnosis == []
    assert result.score < result.max_score
