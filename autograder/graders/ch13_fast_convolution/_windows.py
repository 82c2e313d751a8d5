"""Windows as rows, for chapter 13's exercises: ``im2col`` and ``col2im`` with places to go wrong.

`im2col_by` is led astray as `cnnlab.autograder.graders.shared.conv_mistakes.conv2d_by` is: with one
filter for every tap, which lets that tap through, a convolution *is* im2col. So every mistake with
strides and padding that chapter 2 knows by name is known here, too.

`col2im_by` asks `im2col_by` where every number of the matrix came from, and sends it there. So
it goes astray exactly as `im2col_by` does, and it may collect what meets in one pixel otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.shared.conv2d import FORWARD_TWISTS
from cnnlab.autograder.graders.shared.conv_mistakes import conv2d_by
from cnnlab.autograder.judging.exercise import Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import as_floats, fast

Array = NDArray[Any]
Pair = tuple[int, int]
Shape = tuple[int, int, int, int]


def window_bad_probes(*first: Any) -> Iterator[Probe]:
    """Bad sizes, strides and paddings; ``first`` is what comes before the size."""
    rung, shape = "robust", (2, 4, 5, 2)
    yield Probe(rung, (*first, (5, 2)), title="too tall", raises="size")
    yield Probe(rung, (*first, (2, 6)), title="too wide", raises="size")
    for strides in ((0, 1), (1, 0), (-1, 1)):
        args = (*first, (2, 2), strides, "same")
        yield Probe(rung, args, title="a step of no use", raises="strides")
    yield Probe(rung, (*first, (2, 2), (1, 1), "full"), title="unknown", raises="padding")
    if np.shape(first[0]) == shape:
        yield Probe(rung, (*first, (4, 5)), title="it just fits")


OTHER_ORDERS = ("cab", "cba", "bac", "bca", "acb")
"""How a patch may be flattened besides "abc": a is the tap's row, b its column, c the channel."""


def tap_filters(size: Pair, channels: int, dtype: Any) -> tuple[Array, Array]:
    """Kernels and biases of a layer whose every filter lets one tap of one channel through."""
    taps = prod(size) * channels
    kernels = np.eye(taps, dtype=dtype).reshape(*size, channels, taps)
    return kernels, np.zeros(taps, dtype)


def im2col_by(
    x: Any, size: Pair, strides: Pair = (1, 1), padding: str = "valid", **mistakes: Any
) -> Array:
    """`fast.im2col`; with keywords of `conv_mistakes.mistaken_conv2d`, one that goes astray like that."""
    if not mistakes:
        return fast.im2col(x, size, strides, padding)
    (x,) = as_floats(x=x)
    kernels, bias = tap_filters(size, x.shape[3], x.dtype)
    return conv2d_by(x, kernels, bias, strides, padding, **mistakes).reshape(-1, bias.size)


def carried(twist: Twist, first: int = 1) -> Twist:
    """A mistake with strides or padding of ``conv2d``, made by an op with other arguments.

    Such a twist looks only at ``(x, kernels, bias, strides, padding)`` from the fourth on, so
    two stand-ins are enough. ``first`` is where the op's size stands among its arguments.
    """

    def apply(op: Op) -> Op:
        def as_conv2d(head: Any, size: Any, _: Any, *how: Any, **mistakes: Any) -> Any:
            return op(*head, size, *how, **mistakes)

        wrong = twist.apply(as_conv2d)

        def twisted(*args: Any, **mistakes: Any) -> Any:
            return wrong(args[:first], args[first], None, *args[first + 1 :], **mistakes)

        return twisted

    return Twist(twist.name, apply, twist.says)


def pick(*names: str) -> tuple[Twist, ...]:
    """Mistakes of the forward pass, by name."""
    return tuple(twist for twist in FORWARD_TWISTS if twist.name in names)


def col2im_by(
    cols: Any,
    x_shape: Shape,
    size: Pair,
    strides: Pair = (1, 1),
    padding: str = "valid",
    collect: str = "add",
    **mistakes: Any,
) -> Array:
    """`fast.col2im`; with keywords, one that goes astray.

    Parameters
    ----------
    collect : {"add", "mean", "last place", "last tap"}
        What becomes of numbers that meet in one pixel.
    **mistakes
        Keywords of `cnnlab.autograder.graders.shared.conv_mistakes.mistaken_conv2d`.

    Raises
    ------
    ValueError
        The matrix does not fit the windows that were computed.
    """
    if collect == "add" and not mistakes:
        return fast.col2im(cols, x_shape, size, strides, padding)
    (cols,) = as_floats(cols=cols)
    pixels = np.arange(1.0, prod(x_shape) + 1).reshape(x_shape)
    origin = im2col_by(pixels, size, strides, padding, **mistakes).astype(int)  # 0 is in the frame
    if cols.shape != origin.shape:
        raise ValueError(f"cols must have shape {origin.shape}. Received: {cols.shape}")
    return _collected(cols, origin, prod(x_shape), collect)[1:].reshape(x_shape)


def _collected(cols: Array, origin: Array, pixels: int, collect: str) -> Array:
    """Every number of ``cols`` put where it came from; place 0 takes those from the frame."""
    out = np.zeros(pixels + 1, cols.dtype)
    if collect == "last tap":
        cols, origin = cols.T, origin.T
    if collect.startswith("last"):
        out[origin.ravel()] = cols.ravel()
        return out
    np.add.at(out, origin, cols)
    if collect == "mean":
        out /= np.maximum(np.bincount(origin.ravel(), minlength=pixels + 1), 1)
    return out.astype(cols.dtype)
