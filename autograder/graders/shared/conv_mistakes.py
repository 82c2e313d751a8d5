"""The usual mistakes with strides, padding and dilation, in a ``conv2d`` that can make them.

`conv2d_by` is the course's op, until a keyword changes one of its decisions: how the frame of
zeros is computed and divided, where windows start, how far apart the taps lie. A twist sets
such a keyword, so several mistakes in one function combine in any order. Chapter 2 and
chapter 13 use the same lists.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course import ops

Array = NDArray[Any]
Pair = tuple[int, int]
PairRule = Callable[[Pair], Pair]


def as_is(pair: Pair) -> Pair:
    return pair


def ones(pair: Pair) -> Pair:
    """As if no strides, or no dilation, had been given."""
    return 1, 1


def turned(pair: Pair) -> Pair:
    """Rows' and columns' share exchanged."""
    return pair[1], pair[0]


def odd_after(total: int) -> Pair:
    """Zeros before and after an axis, as Keras divides them."""
    return total // 2, total - total // 2


def odd_before(total: int) -> Pair:
    return total - total // 2, total // 2


def both_floor(total: int) -> Pair:
    return total // 2, total // 2


def both_ceil(total: int) -> Pair:
    return -(-total // 2), -(-total // 2)


def all_after(total: int) -> Pair:
    return 0, total


def spread_reach(k: int, dilation: int) -> int:
    """How many cells k taps span."""
    return dilation * (k - 1) + 1


def conv2d_by(
    x: Any,
    kernels: Any,
    bias: Any,
    strides: Pair = (1, 1),
    padding: str = "valid",
    dilation: Pair = (1, 1),
    **mistakes: Any,
) -> Array:
    """`ops.conv2d`; with keywords, a convolution that takes these decisions otherwise.

    Parameters
    ----------
    x, kernels, bias, strides, padding, dilation
        As in `ops.conv2d`.
    **mistakes
        Keywords of `mistaken_conv2d`.
    """
    if mistakes:
        return mistaken_conv2d(x, kernels, bias, strides, padding, dilation, **mistakes)
    return ops.conv2d(x, kernels, bias, strides, padding, dilation)


def mistaken_conv2d(
    x: Any,
    kernels: Any,
    bias: Any,
    strides: Pair,
    padding: str,
    dilation: Pair,
    *,
    share: Callable[[int], Pair] = odd_after,
    fill: str = "constant",
    reach: Callable[[int, int], int] = spread_reach,
    frame_strides: PairRule = as_is,
    frame_dilation: PairRule = as_is,
    places_by_rule: bool = False,
    steps: PairRule = as_is,
    taps: PairRule = as_is,
) -> Array:
    """A convolution with every decision open; without keywords it is right.

    Parameters
    ----------
    share : callable, total → (before, after)
        How the zeros of ``"same"`` are divided.
    fill : {"constant", "edge"}
        What the frame holds: zeros, or the picture's border.
    reach : callable, (k, dilation) → int
        How many cells a window is thought to span.
    frame_strides, frame_dilation : callable, pair → pair
        What the frame is computed from.
    places_by_rule : bool
        Whether ``"same"`` takes ceil(n / stride) places whatever the frame holds.
    steps, taps : callable, pair → pair
        How far windows, and taps, really lie apart.

    Raises
    ------
    ValueError
        There is no place at all.
    IndexError
        A window runs over the border, as it does in a loop.
    """
    x, kernels, bias = ops.as_floats(x=x, kernels=kernels, bias=bias)
    lengths, sizes = x.shape[1:3], kernels.shape[:2]
    for_frame = frame_strides(strides), frame_dilation(dilation)
    frame, places = [], []
    for axis, (n, k) in enumerate(zip(lengths, sizes, strict=True)):
        before = after = 0
        if padding == "same":
            stride, spread = for_frame[0][axis], for_frame[1][axis]
            total = (-(-n // stride) - 1) * stride + reach(k, spread) - n
            before, after = share(max(total, 0))
        span = reach(k, dilation[axis])
        count = (n + before + after - span) // strides[axis] + 1
        if places_by_rule and padding == "same":
            count = -(-n // strides[axis])
        ops.require(count >= 1, "kernels", f"must fit into {lengths}", sizes)
        starts = np.arange(count) * steps(strides)[axis]
        places.append(starts[:, None] + np.arange(k) * taps(dilation)[axis])
        frame.append((before, after))
    x = np.pad(x, ((0, 0), *frame, (0, 0)), mode=fill)  # type: ignore[call-overload]
    windows = x[:, places[0]][:, :, :, places[1]]  # (N, oh, kh, ow, kw, C)
    return np.tensordot(windows, kernels, axes=([2, 4, 5], [0, 1, 2])) + bias


def with_mistake(**decisions: Any) -> Callable[[Op], Op]:
    """A twist of `conv2d_by`: the op with these keywords of `mistaken_conv2d` set."""
    return lambda op: partial(op, **decisions)


def on_strides(rule: PairRule) -> Callable[[Op], Op]:
    """The op with other strides."""
    return on_args(lambda x, k, b, s=(1, 1), *r: (x, k, b, rule(s), *r))


def on_dilation(rule: PairRule) -> Callable[[Op], Op]:
    """The op with another dilation."""
    return on_args(lambda x, k, b, s=(1, 1), p="valid", d=(1, 1): (x, k, b, s, p, rule(d)))


_SWAPPED = (
    "Rows take the columns' stride, and columns the rows'. Which of the two strides comes first?"
)
_SYMMETRIC = "You add as many zeros before as after. Where does the odd one go, when the number of zeros is odd?"
_HALF_KERNEL = (
    "You add half a kernel of zeros on every side. That suits odd kernels at stride 1. What "
    "if the kernel is even, or the stride larger?"
)
_SPREAD = "The dilation is ignored. How many cells apart do the kernel's taps lie?"
_REACH = "Your dilated kernel spans the wrong number of cells. Draw three taps with a gap of one cell between them: how many cells are there from the first to the last?"
_FRAME_SPREAD = (
    "Your frame of zeros is that of an undilated kernel. How far does the spread kernel reach?"
)

STRIDE_TWISTS = (
    Twist("strides-swapped", on_strides(turned), _SWAPPED),
    Twist("strides-swapped", with_mistake(steps=turned, places_by_rule=True), _SWAPPED),
    Twist(
        "first-stride-for-both",
        on_strides(lambda s: (s[0], s[0])),
        "Columns take the rows' stride. There are two strides: what is the second one for?",
    ),
    Twist(
        "start-not-scaled",
        with_mistake(steps=ones),
        "The result has the right size, but your windows are side by side. Where in the picture "
        "does the window of output row 1 begin, when the stride is 2?",
    ),
    Twist(
        "stride-ignored",
        on_strides(ones),
        "The stride is ignored: your window moves by one cell. How many cells should it skip?",
    ),
    Twist(
        "stride-ignored",
        with_mistake(frame_strides=ones),
        "Your frame of zeros is the one for stride 1. Large steps may need fewer zeros: how far "
        "does the last window reach?",
    ),
)
"""Mistakes with strides. They, and the two lists below, need `conv2d_by` as their op."""

PADDING_TWISTS = (
    Twist(
        "padding-ignored",
        on_args(lambda x, k, b, s=(1, 1), p="valid", *r: (x, k, b, s, "valid", *r)),
        'Your result is always that of "valid". What should "same" add before the window moves?',
    ),
    Twist(
        "extra-before",
        with_mistake(share=odd_before),
        "When the number of zeros is odd, you put the odd one at the top and left. On which side does Keras put it?",
    ),
    *(
        Twist(
            "symmetric-padding",
            with_mistake(share=share, frame_strides=rule, places_by_rule=places_by_rule),
            says,
        )
        for share, rule, places_by_rule, says in (
            (both_floor, as_is, False, _SYMMETRIC),
            (both_floor, as_is, True, _SYMMETRIC),
            (both_ceil, as_is, False, _SYMMETRIC),  # by the rule: like "extra-before"
            (both_floor, ones, False, _HALF_KERNEL),  # by the rule: like "stride-ignored"
            (both_ceil, ones, False, _HALF_KERNEL),
            (both_ceil, ones, True, _HALF_KERNEL),
        )
    ),
    Twist(
        "pads-after-only",
        with_mistake(share=all_after),
        "All your zeros are at the bottom and right. On how many sides should they be?",
    ),
    Twist(
        "edge-for-zeros",
        with_mistake(fill="edge"),
        "Your frame repeats the pixels at the border. Which number does Keras write there?",
    ),
)

DILATION_TWISTS = (
    Twist("dilation-ignored", on_dilation(ones), _SPREAD),
    Twist(
        "dilation-ignored",
        with_mistake(taps=ones),
        "Your windows have the dilated kernel's size, but its taps are still side by side. How "
        "many cells apart should they be?",
    ),
    Twist("dilation-ignored", with_mistake(frame_dilation=ones), _FRAME_SPREAD),
    Twist(
        "dilation-ignored", with_mistake(frame_dilation=ones, places_by_rule=True), _FRAME_SPREAD
    ),
    Twist(
        "dilation-swapped",
        on_dilation(turned),
        "Rows are spread by the columns' dilation, and columns by the rows'. Which comes first?",
    ),
    Twist("effective-kernel-off", with_mistake(reach=lambda k, d: d * k), _REACH),
    Twist("effective-kernel-off", with_mistake(reach=lambda k, d: k + d - 1), _REACH),
)
