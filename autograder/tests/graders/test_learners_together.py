"""Slips that people make in any chapter, as they write them: loops, axes, order, sums, ties."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course.ops import output_size, same_padding


def scale_channels_in_the_loop(picture, gains):
    out = picture.copy()
    for c in range(picture.shape[2]):
        out[:, :, c] = picture[:, :, c] * gains[c]
        return out


def scale_channels_round_and_round(picture, gains):
    out = np.zeros(picture.shape)
    for i, j, c in np.ndindex(picture.shape):
        out[i, j, c] = picture[i, j, c] * gains[i % len(gains)]
    return out


def steps_on_a_grid(shape, place):
    rows, columns = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]))
    return np.abs(rows - place[0]) + np.abs(columns - place[1])


def correlate_and_go_on(image, kernel):
    (h, w), (kh, kw) = image.shape, kernel.shape
    out, total = np.zeros((h - kh + 1, w - kw + 1)), 0
    for i, j in np.ndindex(out.shape):
        for a, b in np.ndindex(kh, kw):
            total += image[i + a, j + b] * kernel[a, b]
        out[i, j] = total
    return out


def correlate_column_by_row(image, kernel):
    (h, w), (kh, kw) = image.shape, kernel.shape
    out = np.zeros((h - kh + 1, w - kw + 1))
    for i, j in np.ndindex(out.shape):
        out[i, j] = (image[j : j + kh, i : i + kw] * kernel).sum()
    return out


def correlate_in_a_frame(image, kernel):
    kh, kw = kernel.shape
    framed = np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2)))
    windows = sliding_window_view(framed, kernel.shape)[: image.shape[0], : image.shape[1]]
    return (windows * kernel).sum(axis=(2, 3))


def conv2d_over_the_batch(x, kernels, bias):
    kh, kw, _, filters = kernels.shape
    out = np.zeros((len(x), x.shape[1] - kh + 1, x.shape[2] - kw + 1, filters))
    for i, j, f in np.ndindex(out.shape[1:]):
        patches = x[:, i : i + kh, j : j + kw]
        out[:, i, j, f] = np.sum(patches * kernels[..., f]) + bias[f]
    return out


def output_size_rounded(n, k, stride=1, padding="valid", dilation=1):
    if padding == "same":
        return round(n / stride)
    return round((n - dilation * (k - 1) - 1) / stride) + 1


def max_pool_of_everything(x, size=(2, 2), strides=None, padding="valid"):
    (kh, kw), (sh, sw) = size, strides or size
    (h, w), same = x.shape[1:3], padding == "same"
    rows, columns = output_size(h, kh, sh, padding), output_size(w, kw, sw, padding)
    top, left = (same_padding(h, kh, sh)[0], same_padding(w, kw, sw)[0]) if same else (0, 0)
    out = np.zeros((len(x), rows, columns, x.shape[3]))
    for i, j in np.ndindex(rows, columns):
        down, right = i * sh - top, j * sw - left
        out[:, i, j] = np.max(x[:, max(down, 0) : down + kh, max(right, 0) : right + kw])
    return out


def kernel_gradient_of_smaller_patches(dout, x, size, strides=(1, 1)):
    (kh, kw), (down, right) = size, strides
    dk = np.zeros((kh, kw, x.shape[3], dout.shape[3]))
    for n, i, j in np.ndindex(dout.shape[:3]):
        for a, b in np.ndindex(kh - 1, kw):
            dk[a, b] += np.outer(x[n, i * down + a, j * right + b], dout[n, i, j])
    return dk


def kernel_gradient_over_the_border(dout, x, size, strides=(1, 1)):
    step = strides[0]
    dk = np.zeros((*size, x.shape[3], dout.shape[3]))
    for i, j in np.ndindex(dout.shape[1:3]):
        patch = x[:, i * step : i * step + size[0], j * step : j * step + size[1]]
        h, w = patch.shape[1:3]
        dk[:h, :w] += np.einsum("nabc,nf->abcf", patch, dout[:, i, j])
    return dk


def hflip_within_itself(x):
    out = x.copy()
    for j in range(x.shape[2]):
        out[:, :, j] = out[:, :, x.shape[2] - 1 - j]
    return out


def total_variation_of_means(image):
    image = image.astype(float)
    return float(sum(np.abs(np.diff(image, axis=axis)).mean() for axis in (0, 1)))


def total_variation_of_bytes(image):
    image = image.astype(np.uint8)
    down, right = np.abs(image[1:] - image[:-1]), np.abs(image[:, 1:] - image[:, :-1])
    return float(down.sum() + right.sum())


def im2col_down_first(x, size, strides=(1, 1), padding="valid"):
    sides = list(zip(x.shape[1:3], size, strides, strict=True))
    if padding == "same":
        x = np.pad(x, [(0, 0), *(same_padding(*side) for side in sides), (0, 0)])
    rows, columns = (output_size(*side, padding) for side in sides)
    return np.array(
        [
            picture[i * strides[0] :, j * strides[1] :][: size[0], : size[1]].ravel()
            for picture in x
            for j in range(columns)
            for i in range(rows)
        ]
    )


def adam_with_one_beta(param, grad, m, v, t, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-7):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    grown = 1 - beta1**t
    return param - rate * (m / grown) / (np.sqrt(v / grown) + eps), m, v


def worst_by_a_turned_sort(labels, probabilities, k):
    wrong = np.where(probabilities.argmax(axis=1) != labels)[0]
    return wrong[np.argsort(probabilities[wrong].max(axis=1))[::-1]][:k]


def worst_of_a_turned_list(labels, probabilities, k):
    said = probabilities.argmax(axis=1)
    order = np.argsort(probabilities.max(axis=1))[::-1]
    return np.array([i for i in order if said[i] != labels[i]][:k], dtype=int)


def worst_at_the_end(labels, probabilities, k):
    wrong = np.where(probabilities.argmax(axis=1) != labels)[0]
    order = np.argsort(probabilities[wrong].max(axis=1))
    return wrong[order[len(order) - min(k, len(order)) :]]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("chapter", "exercise", "function", "name"),
    [
        ("ch00_numpy", "scale_channels", scale_channels_in_the_loop, "return-inside-loop"),
        ("ch00_numpy", "scale_channels", scale_channels_round_and_round, "gains-along-the-picture"),
        ("ch00_numpy", "scale_channels", np.dot, "channels-summed"),
        ("ch00_numpy", "steps_to", steps_on_a_grid, "table-transposed"),
        (
            "ch01_convolution",
            "conv_step",
            lambda patch, kernel, bias: float(np.mean(patch * kernel) + bias),
            "mean-instead",
        ),
        ("ch01_convolution", "relu", lambda z: 1.0 * (np.asarray(z) > 0), "mask-only"),
        ("ch01_convolution", "correlate2d", correlate_and_go_on, "sum-never-reset"),
        ("ch01_convolution", "correlate2d", correlate_column_by_row, "indices-swapped"),
        ("ch01_convolution", "correlate2d", correlate_in_a_frame, "same-for-valid"),
        ("ch01_convolution", "conv2d", conv2d_over_the_batch, "pictures-mixed"),
        ("ch02_stride_padding", "output_size", output_size_rounded, "rounded-to-nearest"),
        ("ch03_pooling", "max_pool2d", max_pool_of_everything, "pictures-mixed"),
        (
            "ch05_backprop",
            "kernel_gradient",
            kernel_gradient_of_smaller_patches,
            "patch-too-small",
        ),
        (
            "ch05_backprop",
            "kernel_gradient",
            kernel_gradient_over_the_border,
            "one-stride-for-both",
        ),
        ("ch08_augmentation", "hflip", hflip_within_itself, "reads-what-it-wrote"),
        ("ch11_filters_classes", "total_variation", total_variation_of_means, "mean-instead"),
        ("ch11_filters_classes", "total_variation", total_variation_of_bytes, "wraps-as-bytes"),
        ("ch13_fast_convolution", "im2col", im2col_down_first, "flatten-order"),
        ("ch14_training", "adam_step", adam_with_one_beta, "one-beta-for-both"),
        ("ch15_your_photographs", "worst_mistakes", worst_by_a_turned_sort, "ties-reversed"),
        ("ch15_your_photographs", "worst_mistakes", worst_of_a_turned_list, "ties-reversed"),
        ("ch15_your_photographs", "worst_mistakes", worst_at_the_end, "not-in-order"),
    ],
)
def test_a_slip_has_its_name(chapter, exercise, function, name):
    result = judge_function(recorded(chapter)[exercise], function)
    assert result.diagnosis == [name], result.message
    assert result.score < result.max_score
