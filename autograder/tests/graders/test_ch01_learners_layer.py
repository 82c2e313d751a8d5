"""conv2d and relu as learners write them: loops, einsum, one mistake each."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.tests.graders.learners_ch01 import failed, floats, judged, slide

# conv2d


def four_loops(
    cell=lambda window, kernel, bias: np.sum(window * kernel) + bias,
    filters=lambda kernels: np.moveaxis(kernels, 3, 0),
    biases=lambda bias, f: bias[f],
    pictures=lambda x: range(len(x)),
    finish=lambda out: out,
):
    """conv2d in four loops, with one of its steps replaced."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        (n, h, w, c), (kh, kw, depth, count) = x.shape, kernels.shape
        if depth != c or kh > h or kw > w:
            raise ValueError("kernels do not fit x")
        if bias.shape != (count,):
            raise ValueError("bias must have one number for each filter")
        out = np.zeros((n, h - kh + 1, w - kw + 1, count), np.result_type(x, kernels, bias))
        own = filters(kernels)
        for picture in pictures(x):
            for i, j, f in np.ndindex(out.shape[1:]):
                window = x[picture, i : i + kh, j : j + kw]
                out[picture, i, j, f] = cell(window, own[f], biases(bias, f))
        return finish(out)

    return conv2d


def one_channel(of_x, of_kernels):
    """conv2d that takes one channel for the sum; None is the filter's number."""

    def conv2d(x, kernels, bias):
        (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
        out = np.zeros((n, h - kh + 1, w - kw + 1, count))
        for picture, i, j, f in np.ndindex(out.shape):
            window = x[picture, i : i + kh, j : j + kw, f if of_x is None else of_x]
            taps = kernels[:, :, f if of_kernels is None else of_kernels, f]
            out[picture, i, j, f] = np.sum(window * taps) + bias[f]
        return out

    return conv2d


def loops_end(stop):
    """conv2d in loops that are left, without more, when ``stop`` says so."""

    def conv2d(x, kernels, bias):
        (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
        out = np.zeros((n, h - kh + 1, w - kw + 1, count))
        for picture, i, j, f in np.ndindex(out.shape):
            if stop(picture, i, j, f, out.shape):
                break
            window = x[picture, i : i + kh, j : j + kw]
            out[picture, i, j, f] = np.sum(window * kernels[..., f]) + bias[f]
        return out

    return conv2d


def all_columns_from_height(x, kernels, bias):
    (n, h, w, _), (kh, kw, _, count) = x.shape, kernels.shape
    out = np.zeros((n, h - kh + 1, w - kw + 1, count))
    for i in range(h - kh + 1):
        for j in range(h - kw + 1):
            window = x[:, i : i + kh, j : j + kw]
            out[:, i, j] = np.einsum("nabc,abcf->nf", window, kernels) + bias
    return out


def by_einsum(subscripts="nijcab,abcf->nijf"):
    """conv2d with sliding_window_view and one einsum."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        if kernels.shape[2] != x.shape[3]:
            raise ValueError("kernels have other channels than x")
        if bias.shape != kernels.shape[3:]:
            raise ValueError("bias must have one number for each filter")
        if kernels.shape[0] > x.shape[1] or kernels.shape[1] > x.shape[2]:
            raise ValueError("kernels do not fit")
        seen = np.lib.stride_tricks.sliding_window_view(x, kernels.shape[:2], axis=(1, 2))
        return np.einsum(subscripts, seen, kernels) + bias

    return conv2d


def by_channels(add):
    """conv2d as a sum of correlate2d's maps; ``add`` says where the bias goes."""

    def conv2d(x, kernels, bias):
        x, kernels, bias = floats(x, kernels, bias)
        by_einsum()(x, kernels, bias)  # the same complaints
        one = slide()
        maps = [
            [
                add([one(x[n, :, :, c], kernels[:, :, c, f]) for c in range(x.shape[3])], bias[f])
                for f in range(len(bias))
            ]
            for n in range(len(x))
        ]
        return np.moveaxis(np.array(maps), 1, 3)

    return conv2d


def stacked(move):
    """A list of maps for each filter, and an axis that has to move to the end."""

    def conv2d(x, kernels, bias):
        right = by_einsum()(x, kernels, bias)
        return move(np.array([right[..., f] for f in range(right.shape[3])]), right.shape)

    return conv2d


RIGHT_LAYERS = [
    four_loops(),
    four_loops(cell=lambda w, k, b: np.einsum("abc,abc->", w, k) + b),
    by_einsum(),
    by_channels(lambda maps, bias: sum(maps) + bias),
    stacked(lambda maps, shape: maps.transpose(1, 2, 3, 0)),
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (four_loops(lambda w, k, b: np.sum(w * k[::-1, ::-1]) + b), ["kernel-flipped"]),
        (by_einsum("nijcab,bacf->nijf"), ["kernel-transposed"]),
        (four_loops(lambda w, k, b: np.sum(w * k)), ["bias-forgotten"]),
        (four_loops(biases=lambda bias, f: bias[0]), ["first-bias-for-all"]),
        (by_channels(lambda maps, bias: sum(m + bias for m in maps)), ["bias-per-channel"]),
        (by_channels(lambda maps, bias: maps[0] + bias), ["channels-not-summed"]),
        (by_channels(lambda maps, bias: maps[-1] + bias), ["channels-not-summed"]),
        (one_channel(None, None), ["channels-not-summed"]),
        (one_channel(None, 0), ["channels-not-summed"]),
        (one_channel(0, None), ["channels-not-summed"]),
        (four_loops(lambda w, k, b: np.sum(w * k + b)), ["bias-per-product"]),
        (four_loops(lambda w, k, b: np.sum(np.sum(w * k, 2) + b)), ["bias-per-product"]),
        (loops_end(lambda n, i, j, f, shape: n or i or j or f), ["return-inside-loop"]),
        (loops_end(lambda n, i, j, f, shape: n or i or j), ["return-inside-loop"]),
        (loops_end(lambda n, i, j, f, shape: n or i), ["return-inside-loop"]),
        (all_columns_from_height, ["columns-from-height"]),
        (four_loops(filters=lambda k: np.moveaxis(k, 3, 0)[::-1]), ["filters-reversed"]),
        (four_loops(pictures=lambda x: [0]), ["first-image-only"]),
        (four_loops(finish=lambda out: out[:1]), ["first-image-only"]),
        (
            four_loops(filters=lambda k: k.reshape(k.shape[3], *k.shape[:3])),
            ["reshape-for-transpose"],
        ),
        (four_loops(lambda w, k, b: max(np.sum(w * k) + b, 0)), ["relu-baked-in"]),
        (
            four_loops(lambda w, k, b: np.sum(w * k[::-1, ::-1])),
            ["kernel-flipped", "bias-forgotten"],
        ),
    ],
)
def test_conv2d(function, diagnosis):
    result = judged("conv2d", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


@pytest.mark.parametrize(
    "function",
    [
        four_loops(lambda w, k, b: np.max(w * k) + b),
        four_loops(lambda w, k, b: np.mean(w * k) + b),
        four_loops(lambda w, k, b: np.sum(w * k) - b),
        stacked(lambda maps, shape: maps),
        lambda x, kernels, bias: bias,
    ],
)
def test_an_odd_conv2d_gets_no_name(function):
    result = judged("conv2d", function)
    assert (result.status, result.diagnosis) == ("failed", [])
    assert result.score <= result.max_score / 2


# relu


def element_by_element(z):
    z = 1.0 * np.asarray(z)
    out = z.copy()
    for place in np.ndindex(z.shape):
        if out[place] < 0:
            out[place] = 0
    return out


def in_place(z):
    z = np.asarray(z)
    z[z < 0] = 0
    return 1.0 * z


RIGHT_RELUS = [
    element_by_element,
    lambda z: np.maximum(0, *floats(z)),
    lambda z: floats(z)[0].clip(min=0),
    lambda z: floats(z)[0] * (np.asarray(z) > 0),
    lambda z: (floats(z)[0] + np.abs(floats(z)[0])) / 2,
]


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (lambda z: np.sqrt(np.square(*floats(z))), ["absolute-value"]),
        (lambda z: np.clip(*floats(z), 0, 1), ["capped-at-one"]),
        (lambda z: np.maximum(0.01 * floats(z)[0], *floats(z)), ["leaky"]),
        (lambda z: np.where(np.asarray(z) < 0, 0.2 * floats(z)[0], *floats(z)), ["leaky"]),
        (in_place, ["changes-input"]),
        (lambda z: np.array([np.max(n, 0) for n in z.flat]).reshape(z.shape), ["negatives-pass"]),
        (lambda z: np.max(z, 0), ["maximum-over-axis"]),
        (lambda z: np.max(z), ["maximum-over-axis"]),
        (lambda z: np.minimum(z, 0), ["minimum-instead"]),
    ],
)
def test_relu(function, diagnosis):
    result = judged("relu", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_relu_that_keeps_whole_numbers_is_right():
    result = judged("relu", lambda z: np.maximum(z, 0))
    assert (result.status, failed(result)) == ("passed", {"robust"})


def test_a_smooth_ramp_gets_no_name():
    result = judged("relu", lambda z: np.logaddexp(0, z))
    assert (result.status, result.diagnosis) == ("failed", [])


# All


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        (exercise, function)
        for exercise, functions in {
            "conv2d": RIGHT_LAYERS,
            "relu": RIGHT_RELUS,
        }.items()
        for function in functions
    ],
)
def test_right_ways_to_write_it_get_full_marks(exercise, function):
    result = judged(exercise, function)
    assert (result.status, result.message, failed(result)) == ("passed", "", set())
    assert result.score == result.max_score
