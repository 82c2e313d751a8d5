"""What every chapter's ``conv2d`` shares: the Keras reference and the mistakes of the forward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.keras_layers import answer
from cnnlab.autograder.judging.twists import Twist, on_args, on_output

Array = NDArray[Any]


def keras_conv2d(
    x: Any,
    kernels: Any,
    bias: Any,
    strides: tuple[int, int] = (1, 1),
    padding: str = "valid",
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """The output of a Keras ``Conv2D`` layer that holds these weights."""
    arrays = [np.asarray(a) for a in (x, kernels, bias)]
    arrays = [a if a.dtype.kind == "f" else a.astype(np.float64) for a in arrays]
    dtype = np.result_type(*arrays)
    x, kernels, bias = (a.astype(dtype) for a in arrays)
    *size, _, filters = kernels.shape
    how = {"strides": strides, "padding": padding, "dilation_rate": dilation}
    return answer("Conv2D", x, [kernels, bias], filters, size, **how)


def _reshaped(kernels: Array) -> Array:
    """Kernels whose axes were moved by reshape: the numbers stay in line and end up elsewhere."""
    kh, kw, channels, filters = kernels.shape
    return kernels.reshape(filters, kh, kw, channels).transpose(1, 2, 3, 0)


def _reshaped_output(y: Array) -> Array:
    """A result collected as (N, F, oh, ow) and then reshaped, not transposed."""
    return y.transpose(0, 3, 1, 2).reshape(y.shape)


def _first_image(y: Array) -> Array:
    out = np.zeros_like(y)
    out[0] = y[0]
    return out


def _only_channel(of_x: int | None, of_kernels: int | None) -> Any:
    """One channel's products stand for the sum over all.

    None is the filter's own number, taken for a channel: a filter too many ends in an error.
    """

    def change(x: Any, kernels: Any, *rest: Any) -> tuple[Any, ...]:
        x, kernels = np.asarray(x), np.asarray(kernels)
        filters = np.arange(kernels.shape[3])
        channel = filters if of_x is None else np.full_like(filters, of_x)
        row = filters if of_kernels is None else np.full_like(filters, of_kernels)
        taken = kernels[:, :, row, filters]  # (kh, kw, F): filter f's taps for one channel
        return x[..., channel], taken[:, :, None] * np.eye(len(filters), dtype=kernels.dtype), *rest

    return on_args(change)


def _bias_times(often: Callable[[tuple[int, ...]], int]) -> Any:
    """The bias added more than once; ``often`` says how many times, from the kernels' shape."""
    return on_args(lambda x, k, b, *r: (x, k, np.asarray(b) * often(np.shape(k)), *r))


BIAS_PER_CHANNEL = (
    "The bias is added once for every channel. How often should it be added to one output cell?"
)
_BIASES = (
    "The bias is added to every product, before the sum. How often should it be added to one "
    "output cell?"
)
_NOT_SUMMED = (
    "Only one channel reaches your result. A filter spans all channels: what happens to the "
    "products of the others?"
)
_REVERSED = (
    "Your filters come out in reverse order. Which filter belongs to the last axis's first place?"
)
_FIRST_IMAGE = (
    "Only the first image of the batch is worked on. What does the first axis of x count?"
)
_RESHAPED = (
    "The numbers were moved by reshape where axes had to change places. Reshape keeps the order "
    "in memory; which function swaps axes?"
)

FORWARD_TWISTS = (
    Twist(
        "kernel-flipped",
        on_args(lambda x, k, *r: (x, np.asarray(k)[::-1, ::-1], *r)),
        "You flipped the kernel: that is convolution as mathematicians write it. Networks slide "
        "the kernel as it is. Which number should meet the window's top left corner?",
    ),
    Twist(
        "kernel-transposed",
        on_args(lambda x, k, *r: (x, np.swapaxes(k, 0, 1), *r)),
        "Your kernel's rows and columns have changed places. Which of its axes runs down the picture?",
    ),
    Twist(
        "bias-forgotten",
        on_args(lambda x, k, b, *r: (x, k, np.zeros_like(b), *r)),
        "The bias is missing. What is left of a filter's output when the picture is all zeros?",
    ),
    Twist(
        "first-bias-for-all",
        on_args(lambda x, k, b, *r: (x, k, np.full_like(b, np.ravel(b)[0]), *r)),
        "Every filter gets the first filter's bias. How many biases are there?",
    ),
    Twist(
        "bias-per-channel",
        _bias_times(lambda shape: shape[2]),
        BIAS_PER_CHANNEL,
    ),
    Twist("bias-per-product", _bias_times(lambda shape: math.prod(shape[:3])), _BIASES),
    Twist("bias-per-product", _bias_times(lambda shape: shape[0] * shape[1]), _BIASES),
    *(
        Twist("channels-not-summed", _only_channel(of_x, of_kernels), _NOT_SUMMED)
        for of_x, of_kernels in product((0, -1, None), repeat=2)
    ),
    Twist("filters-reversed", on_output(lambda y: y[..., ::-1]), _REVERSED),
    Twist(
        "filters-reversed", on_args(lambda x, k, *r: (x, np.asarray(k)[..., ::-1], *r)), _REVERSED
    ),
    Twist("first-image-only", on_output(lambda y: y[:1]), _FIRST_IMAGE),
    Twist("first-image-only", on_output(_first_image), _FIRST_IMAGE),
    Twist(
        "reshape-for-transpose",
        on_args(lambda x, k, *r: (x, _reshaped(np.asarray(k)), *r)),
        _RESHAPED,
    ),
    Twist("reshape-for-transpose", on_output(_reshaped_output), _RESHAPED),
    Twist(
        "relu-baked-in",
        on_output(lambda y: np.maximum(y, 0)),
        "Negative sums come out as 0: there is a ReLU inside. A ReLU is a step of its own. What should your convolution do with a negative sum?",
    ),
)
