"""Chapter 2's graders on functions as learners write them: loops, slices, a formula half right."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest

from cnnlab.autograder.graders.shared.conv_mistakes import mistaken_conv2d
from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function
from cnnlab.course import ops


def judged(exercise, function):
    return judge_function(recorded("ch02_stride_padding")[exercise], function)


# output_size


def sizes(valid=lambda n, k, s, d: (n - d * (k - 1) - 1) // s + 1, same=lambda n, s: ceil(n / s)):
    """output_size, with one of its two rules replaced."""

    def output_size(n, k, stride=1, padding="valid", dilation=1):
        if k < 1 or stride < 1 or dilation < 1:
            raise ValueError("k, stride and dilation must be positive")
        if padding == "same":
            return same(n, stride)
        if padding != "valid":
            raise ValueError("padding?")
        if dilation * (k - 1) + 1 > n:
            raise ValueError("k is too large")
        return valid(n, k, stride, dilation)

    return output_size


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (sizes(same=lambda n, s: n), ["same-keeps-size"]),
        (sizes(same=lambda n, s: n // s), ["floor-for-ceil"]),
        (sizes(valid=lambda n, k, s, d: ceil((n - d * (k - 1) - 1) / s) + 1), ["ceil-for-floor"]),
        (sizes(valid=lambda n, k, s, d: (n - d * (k - 1) - 1) // s), ["size-off-by-one"]),
        (sizes(valid=lambda n, k, s, d: (n - d * (k - 1)) // s), ["size-off-by-one"]),
        (sizes(valid=lambda n, k, s, d: (n - k) // s + 1), ["dilation-ignored"]),
        (
            sizes(lambda n, k, s, d: (n - d * (k - 1) - 1) / s + 1, lambda n, s: (n - 1) / s + 1),
            ["not-rounded"],
        ),
        (sizes(same=lambda n, s: n / s), ["not-rounded"]),
        (sizes(valid=lambda n, k, s, d: (n - d * (k - 1) - 1) / s + 1), ["not-rounded"]),
        (
            sizes(lambda n, k, s, d: (n - k) / s + 1, lambda n, s: (n - 1) / s + 1),
            ["dilation-ignored", "not-rounded"],
        ),
        (sizes(valid=lambda n, k, s, d: n - d * (k - 1), same=lambda n, s: n), ["stride-ignored"]),
        (
            sizes(valid=lambda n, k, s, d: (n - k) // s + 1, same=lambda n, s: n // s),
            ["floor-for-ceil", "dilation-ignored"],
        ),
    ],
)
def test_output_size(function, diagnosis):
    result = judged("output_size", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


def test_a_true_division_is_advice():
    result = judged("output_size", sizes(same=lambda n, s: float(ceil(n / s))))
    assert [rung.id for rung in result.rungs if not rung.passed] == ["robust"]
    assert result.status == "passed"


# same_padding


def frame(total=None, places=lambda n, s: ceil(n / s), share=lambda t: (t // 2, t - t // 2)):
    """same_padding, with one of its steps replaced."""

    def same_padding(n, k, stride=1, dilation=1):
        if min(k, stride, dilation) < 1:
            raise ValueError("k, stride, dilation")
        reach = dilation * (k - 1) + 1
        zeros = total or (lambda n, s, r, k: max((places(n, s) - 1) * s + r - n, 0))
        return share(zeros(n, stride, reach, k))

    return same_padding


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (frame(share=lambda t: (t // 2, t // 2)), ["symmetric-padding"]),
        (frame(share=lambda t: (t - t // 2, t // 2)), ["extra-before"]),
        (frame(total=lambda n, s, r, k: r - 1), ["stride-ignored"]),
        (
            frame(total=lambda n, s, r, k: max((ceil(n / s) - 1) * s + k - n, 0)),
            ["dilation-ignored"],
        ),
        (frame(total=lambda n, s, r, k: (ceil(n / s) - 1) * s + r - n), ["negative-padding"]),
        (frame(places=lambda n, s: n // s), ["floor-for-ceil"]),
        (lambda n, k, stride=1, dilation=1: (k // 2, k // 2), ["symmetric-padding"]),
        (lambda n, k, stride=1, dilation=1: ((k - 1) // 2,) * 2, ["symmetric-padding"]),
        (lambda n, k, stride=1, dilation=1: ((k - 1) / 2,) * 2, ["not-rounded"]),
        (frame(share=lambda t: (t / 2, t / 2)), ["not-rounded"]),
        (
            frame(total=lambda n, s, r, k: r - 1, share=lambda t: (t // 2, t // 2)),
            ["symmetric-padding"],  # half a kernel on each side
        ),
    ],
)
def test_same_padding(function, diagnosis):
    assert judged("same_padding", function).diagnosis == diagnosis


# pad2d


def framed(fill=None):
    """pad2d in slices, with a way of its own to fill the frame in mode "edge"."""

    def pad2d(x, pad_h, pad_w, mode="zeros"):
        x = 1.0 * np.asarray(x)
        if x.ndim != 4 or min(pad_h) < 0 or min(pad_w) < 0 or mode not in ("zeros", "edge"):
            raise ValueError("x, pad_h, pad_w or mode")
        (n, h, w, c), (top, bottom), (left, right) = x.shape, pad_h, pad_w
        out = np.zeros((n, h + top + bottom, w + left + right, c), x.dtype)
        out[:, top : top + h, left : left + w] = x
        if mode == "edge" and fill:
            fill(out, x, pad_h, pad_w)
        return out

    return pad2d


def without_corners(out, x, pad_h, pad_w):
    (top, _), (left, _), (_, h, w, _) = pad_h, pad_w, x.shape
    out[:, :top, left : left + w] = x[:, :1]
    out[:, top + h :, left : left + w] = x[:, -1:]
    out[:, top : top + h, :left] = x[:, :, :1]
    out[:, top : top + h, left + w :] = x[:, :, -1:]


def numpy_pad(width, **modes):
    """pad2d by np.pad, with this pad_width."""

    def pad2d(x, pad_h, pad_w, mode="zeros"):
        mode = {"zeros": "constant", "edge": "edge", **modes}[mode]
        return np.pad(1.0 * np.asarray(x), width(pad_h, pad_w), mode=mode)

    return pad2d


def right_width(pad_h, pad_w):
    return ((0, 0), pad_h, pad_w, (0, 0))


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (framed(), ["mode-ignored"]),
        (framed(without_corners), ["corners-empty"]),
        (numpy_pad(right_width, edge="reflect"), ["mirror-for-edge"]),
        (numpy_pad(right_width, zeros="edge"), ["edge-for-zeros"]),
        (numpy_pad(lambda h, w: ((0, 0), w, h, (0, 0))), ["axes-swapped"]),
        (numpy_pad(lambda h, w: ((0, 0), h[::-1], w[::-1], (0, 0))), ["before-after-swapped"]),
        (numpy_pad(lambda h, w: ((0, 0), (0, 0), h, w)), ["pads-channels"]),
        (numpy_pad(lambda h, w: (h, w, (0, 0), (0, 0))), ["pads-batch"]),
        (numpy_pad(lambda h, w: h), ["pads-batch"]),
    ],
)
def test_pad2d(function, diagnosis):
    assert judged("pad2d", function).diagnosis == diagnosis


# conv2d


def loops(
    frame=ops.same_padding,
    fill="constant",
    count=ops.output_size,
    start=lambda i, s: i * s,
    taps=lambda start, k, d: start + d * np.arange(k),
    cell=lambda window, kernel, bias: np.sum(window * kernel) + bias,
):
    """conv2d in four loops, with one of its steps replaced."""

    def conv2d(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
        x, kernels, bias = (1.0 * np.asarray(a) for a in (x, kernels, bias))
        sizes, (_, h, w, c) = kernels.shape[:2], x.shape
        if min(strides) < 1 or min(dilation) < 1 or padding not in ("valid", "same"):
            raise ValueError("strides, dilation or padding")
        if kernels.shape[2] != c or bias.shape != kernels.shape[3:]:
            raise ValueError("kernels or bias")
        axes = list(zip((h, w), sizes, strides, dilation, strict=True))
        places = [count(n, k, s, padding, d) for n, k, s, d in axes]
        if padding == "same":
            x = np.pad(x, ((0, 0), *(frame(n, k, s, d) for n, k, s, d in axes), (0, 0)), mode=fill)
        out = np.zeros((len(x), *places, len(bias)), np.result_type(x, kernels, bias))
        for n, i, j, f in np.ndindex(out.shape):
            rows = taps(start(i, strides[0]), sizes[0], dilation[0])
            columns = taps(start(j, strides[1]), sizes[1], dilation[1])
            window = x[n, rows][:, columns]
            out[n, i, j, f] = cell(window, kernels[:, :, :, f], bias[f])
        return out

    return conv2d


def named_arguments(*args):
    """The right op, with errors that name everything."""
    try:
        return loops()(*args)
    except ValueError as error:
        raise ValueError(f"kernels, bias, strides, padding, dilation: {error}") from None


def test_a_right_loop_gets_full_marks():
    result = judged("conv2d", named_arguments)
    assert (result.status, result.message) == ("passed", "")


def by_half_a_kernel(half):
    """Padding as many write it, and the size from what is left."""

    def conv2d(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
        (kh, kw), (dh, dw) = np.shape(kernels)[:2], dilation
        x = 1.0 * np.asarray(x)
        if padding == "same":
            rows, columns = half(dh * (kh - 1)), half(dw * (kw - 1))
            x = np.pad(x, ((0, 0), (rows, rows), (columns, columns), (0, 0)))
        return loops()(x, kernels, bias, strides, "valid", dilation)

    return conv2d


def left_early(stop):
    """Loops that are left, without more, where ``stop`` says so."""

    def conv2d(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
        right = loops()(x, kernels, bias, strides, padding, dilation)
        out = np.zeros_like(right)
        for at in np.ndindex(out.shape):
            if stop(*at):
                break
            out[at] = right[at]
        return out

    return conv2d


def columns_from_height(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    """The padded height, for rows and columns."""
    right = loops()(x, kernels, bias, strides, padding, dilation)
    (_, height, _, _), (kh, kw) = x.shape, kernels.shape[:2]
    if padding == "same":
        height += sum(ops.same_padding(height, kh, strides[0], dilation[0]))
    out = np.zeros_like(right)
    for j in range((height - dilation[1] * (kw - 1) - 1) // strides[1] + 1):
        out[:, :, j] = right[:, :, j]
    return out


def swapped_strides(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    return loops()(x, kernels, bias, (strides[1], strides[0]), padding, dilation)


def without_dilation(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    return loops()(x, kernels, bias, strides, padding)


def swapped_and_edged(x, kernels, bias, strides=(1, 1), padding="valid", dilation=(1, 1)):
    return loops(fill="edge")(x, kernels, bias, (strides[1], strides[0]), padding, dilation)


def reach_too_long(n, k, s, padding, d):
    """d * k for d * (k - 1) + 1."""
    if padding == "same":
        return ceil(n / s)
    if d * k > n:
        raise ValueError("kernels are too large")
    return (n - d * k) // s + 1


def long_frame(n, k, s, d):
    total = max((ceil(n / s) - 1) * s + d * k - n, 0)
    return total // 2, total - total // 2


@pytest.mark.parametrize(
    ("function", "diagnosis"),
    [
        (swapped_strides, ["strides-swapped"]),
        (loops(start=lambda i, s: i), ["start-not-scaled"]),
        (loops(frame=lambda n, k, s, d: ops.same_padding(n, k, s, d)[::-1]), ["extra-before"]),
        (loops(frame=lambda n, k, s, d: (ops.same_padding(n, k, s, d)[0],) * 2),
         ["symmetric-padding"]),
        (by_half_a_kernel(lambda total: total // 2), ["symmetric-padding"]),
        (by_half_a_kernel(lambda total: -(-total // 2)), ["symmetric-padding"]),
        (left_early(lambda n, i, j, f: n or i or j), ["return-inside-loop"]),
        (columns_from_height, ["columns-from-height"]),
        (loops(cell=lambda w, k, b: np.sum(w * k + b)), ["bias-per-product"]),
        (loops(fill="edge"), ["edge-for-zeros"]),
        (loops(frame=lambda n, k, s, d: ops.same_padding(n, k, 1, d)), ["stride-ignored"]),
        (loops(frame=lambda n, k, s, d: ops.same_padding(n, k, s)), ["dilation-ignored"]),
        (loops(taps=lambda start, k, d: start + np.arange(k)), ["dilation-ignored"]),
        (without_dilation, ["dilation-ignored"]),
        (loops(count=reach_too_long, frame=long_frame), ["effective-kernel-off"]),
        (loops(frame=lambda n, k, s, d: (0, sum(ops.same_padding(n, k, s, d)))),
         ["pads-after-only"]),
        (loops(cell=lambda w, k, b: np.sum(w * k[::-1, ::-1]) + b), ["kernel-flipped"]),
        (loops(cell=lambda w, k, b: np.sum(w * k.transpose(1, 0, 2)) + b), ["kernel-transposed"]),
        (loops(cell=lambda w, k, b: np.sum(w * k)), ["bias-forgotten"]),
        (loops(cell=lambda w, k, b: max(np.sum(w * k) + b, 0)), ["relu-baked-in"]),
        (swapped_and_edged, ["strides-swapped", "edge-for-zeros"]),
        (loops(fill="edge", cell=lambda w, k, b: np.sum(w * k[::-1, ::-1]) + b),
         ["edge-for-zeros", "kernel-flipped"]),
    ],
)  # fmt: skip
def test_conv2d(function, diagnosis):
    result = judged("conv2d", function)
    assert result.diagnosis == diagnosis
    assert result.score < result.max_score


@pytest.mark.parametrize(
    "function",
    [
        loops(cell=lambda w, k, b: np.sum(w * k) + b + 1),
        loops(cell=lambda w, k, b: np.max(w * k) + b),
        loops(fill="mean"),
        loops(start=lambda i, s: i * s, cell=lambda w, k, b: np.sum(w * k) * 1.001 + b),
        loops(frame=lambda n, k, s, d: (1, 1)),
        lambda *args: missing_name,  # noqa: F821
    ],
)
def test_an_odd_conv2d_gets_no_name(function):
    result = judged("conv2d", function)
    assert result.diagnosis == []
    assert result.score <= 0.6 * result.max_score


@pytest.mark.parametrize(
    ("exercise", "function"),
    [
        ("output_size", sizes(same=lambda n, s: n // s + 2)),
        ("same_padding", frame(share=lambda t: (0, t))),
        ("pad2d", framed(lambda out, x, pad_h, pad_w: out.__setitem__(..., 1))),
    ],
)
def test_odd_helpers_get_no_name(exercise, function):
    result = judged(exercise, function)
    assert result.status == "failed"
    assert result.diagnosis == []


def test_the_op_that_can_be_mistaken_conv2d_is_right_until_it_is():
    rng = np.random.default_rng(0)
    for padding in ("valid", "same"):
        for strides, dilation in (((1, 1), (2, 3)), ((3, 2), (1, 1))):
            x, k, b = (rng.normal(size=s) for s in ((2, 8, 9, 2), (3, 2, 2, 3), (3,)))
            right = ops.conv2d(x, k, b, strides, padding, dilation)
            np.testing.assert_allclose(mistaken_conv2d(x, k, b, strides, padding, dilation), right)
