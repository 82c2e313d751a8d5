"""Chapter 3, pooling: what each exercise is probed with, and its typical mistakes.

``trace_shapes`` stands in `cnnlab.autograder.graders.trace_shapes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.draws import impulse, reals, wholes
from cnnlab.autograder.graders.pooling import (
    keras_average_pool2d,
    keras_global_average_pool2d,
    keras_max_pool2d,
    mixed_channels,
    on_pool,
    window_op,
    window_twists,
    zero_padded,
)
from cnnlab.autograder.graders.trace_shapes import trace_shapes
from cnnlab.autograder.twists import Twist, on_output
from cnnlab.course import ops

Rng = np.random.Generator
Stack = list[tuple[Any, ...]]

PRELUDE = '''\
import math
import numpy as np


def output_size(n, k, stride=1, padding="valid", dilation=1):
    """How many places a window of k cells has along n cells; below 1 where it does not fit."""
    if padding == "valid":
        return (n - (dilation * (k - 1) + 1)) // stride + 1
    return math.ceil(n / stride)


def same_padding(n, k, stride=1, dilation=1):
    """How many cells "same" adds (before, after) an axis of n cells."""
    reach = (output_size(n, k, stride, "same") - 1) * stride + dilation * (k - 1) + 1
    total = max(reach - n, 0)
    return total // 2, total - total // 2
'''
"""What learner code finds: the notebook's second set-up cell holds the same two functions."""


# max_pool2d and average_pool2d


def pool_probes(rng: Rng) -> Iterator[Probe]:
    """What both window poolings are probed with."""
    same: dict[str, Any] = {"padding": "same"}
    yield Probe("shape", (reals(rng, 2, 5, 7, 3), (3, 2), (2, 1)), same, terms=6)
    yield Probe("shape", (wholes(rng, 1, 5, 4, 2, dtype=np.int64),), title="integers", terms=4)
    yield Probe("shape", ([[[[1], [4]], [[2], [8]], [[3], [9]]]],), title="lists", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 4, 4, 1),), title="2×2 windows", terms=4)
    yield Probe("by-hand", (-np.abs(wholes(rng, 1, 2, 4, 1)),), title="all negative", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 3, 5, 1),), title="odd sizes", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), (2, 2), (1, 1)), title="overlap", terms=4)
    yield Probe("structure", (wholes(rng, 1, 4, 6, 1), (2, 3)), title="2×3 windows", terms=6)
    yield Probe("structure", (wholes(rng, 1, 2, 4, 2),), title="two channels", terms=4)
    yield Probe("structure", (wholes(rng, 3, 2, 2, 1),), title="three images", terms=4)
    yield Probe("structure", (wholes(rng, 1, 4, 7, 1), (2, 2), (1, 3)), title="strides", terms=4)
    point = impulse(1, 7, 7, 1, at=(0, 3, 3, 0))
    yield Probe("structure", (point, (3, 3), (2, 2)), title="a single 1", terms=9)
    negative = -np.abs(wholes(rng, 1, 5, 5, 1))
    yield Probe("structure", (negative, (3, 3), (2, 2)), same, title="all negative", terms=9)
    yield Probe("structure", (wholes(rng, 1, 3, 3, 1),), same, title="one row is missing", terms=4)
    yield Probe("structure", (wholes(rng, 1, 4, 5, 1), (3, 2), (1, 1)), same, terms=6)
    yield Probe("structure", (wholes(rng, 3, 3, 3, 3), (3, 3), (1, 1)), title="all 3", terms=9)
    yield Probe("reference", (reals(rng, 2, 9, 12, 3), (2, 3)), terms=6)
    yield Probe("reference", (reals(rng, 3, 10, 8, 4), (3, 2), (2, 3)), terms=6)
    yield Probe("reference", (reals(rng, 2, 11, 10, 5), (3, 5), (2, 3)), same, terms=15)
    yield Probe("reference", (reals(rng, 2, 8, 8, 4),), terms=4)
    float64 = rng.normal(size=(2, 9, 6, 3))
    yield Probe("reference", (float64, (3, 3), (2, 2)), same, title="float64", terms=9)
    yield Probe("reference", (float64, (2, 2), (1, 2)), title="float64", terms=4)
    yield Probe("edge-cases", (reals(rng, 2, 3, 4, 2), (1, 1)), title="1×1 windows")
    yield Probe("edge-cases", (reals(rng, 2, 3, 4, 2), (3, 4)), title="one window", terms=12)
    yield Probe("edge-cases", (reals(rng, 1, 10, 5, 2), (2, 2), (3, 4)), title="gaps", terms=4)
    title = "the window is larger than the picture"
    yield Probe("edge-cases", (reals(rng, 1, 2, 3, 2), (4, 5), (1, 2)), same, title, terms=20)
    far = -1000 * np.abs(reals(rng, 1, 4, 5, 2))
    yield Probe("edge-cases", (far, (3, 3)), same, title="far below 0", terms=9)
    bytes_ = rng.integers(128, 256, (1, 4, 6, 1)).astype(np.uint8)
    yield Probe("edge-cases", (bytes_, (2, 3)), title="uint8, as pictures are", terms=6)
    x = wholes(rng, 1, 3, 4, 1)
    yield Probe("bad-input", (x, (4, 2)), title="the window is too tall", raises="size")
    yield Probe("bad-input", (x, (2, 5)), title="the window is too wide", raises="size")
    yield Probe("bad-input", (x, (2, 2), (0, 1)), title="a stride of 0", raises="strides")
    yield Probe("bad-input", (x, (2, 2), (1, -1)), title="a negative stride", raises="strides")
    unknown = {"padding": "full"}
    yield Probe("bad-input", (x, (2, 2)), unknown, title="unknown padding", raises="padding")
    yield Probe("bad-input", (x, (3, 4)), title="the window just fits", terms=12)


def _largest(window: Any) -> Any:
    return window.max(axis=(1, 2))


def _mean(window: Any) -> Any:
    return window.mean(axis=(1, 2))


_MIXED = "Your channels are mixed. Each channel is pooled by itself: how many must come out?"
_POOL_HINTS = {
    "shape": "x is (N, H, W, C). Which two of these letters does pooling change? Whole numbers come out as float64.",
    "bad-input": "Check before the loop: does the window fit, are the strides 1 or more, is the padding known? Each message names its argument.",
}

max_pool2d = Exercise(
    name="max_pool2d",
    points={
        "shape": 1,
        "by-hand": 2,
        "structure": 2,
        "reference": 1.5,
        "edge-cases": 0.5,
        "bad-input": 1,
    },
    probes=pool_probes,
    reference=keras_max_pool2d,
    correct=ops.max_pool2d,
    twists=(
        Twist(
            "zero-initialised",
            on_output(lambda y: np.maximum(y, 0)),
            "No result lies below 0: your search for the largest number seems to start from 0. What is the largest of −3 and −5?",
        ),
        Twist(
            "last-element",
            lambda op: window_op(lambda window: window[:, -1, -1]),
            "Each result is the last number of its window. Is a later number kept only when it is larger?",
        ),
        Twist(
            "first-element",
            lambda op: window_op(lambda window: window[:, 0, 0]),
            "Each result is the first number of its window. What about the others?",
        ),
        Twist(
            "pads-with-zero",
            on_pool(zero_padded),
            "The padding's zeros take part, and win where all else is negative. Cells outside the picture must never be the largest.",
        ),
        *(Twist("pools-channels", on_output(change), _MIXED) for change in mixed_channels(np.max)),
        Twist(
            "average-instead",
            lambda op: ops.average_pool2d,
            "Your results are means. Which number of a window does max pooling keep?",
        ),
        Twist(
            "minimum-instead",
            lambda op: lambda x, *a, **k: -op(-ops.as_floats(x=x)[0], *a, **k),
            "You keep the smallest number of each window. Which one does max pooling keep?",
        ),
        *window_twists(_largest),
    ),
    hints=(
        "Take one window and one channel. Which of its numbers remains? And what do the other channels have to do with it?",
        "One output cell is one place of the window. Where does the window in row i start, when it moves by sh? And with top cells of padding above?",
        "A window that hangs over the border may simply be cut off there: what lies outside takes no part. Mind that a slice must not start below 0.",
    ),
    rung_hints=_POOL_HINTS
    | {
        "structure": "Take the cases one at a time: windows that are not square, strides that differ, padding. Which one fails first?",
        "edge-cases": "What is the largest number in a window of −1000s? And how much of a window larger than the picture is picture?",
    },
)

average_pool2d = Exercise(
    name="average_pool2d",
    points={
        "shape": 0.5,
        "by-hand": 1.5,
        "structure": 1.5,
        "reference": 1.5,
        "edge-cases": 0.5,
        "bad-input": 0.5,
    },
    probes=pool_probes,
    reference=keras_average_pool2d,
    correct=ops.average_pool2d,
    needs=("max_pool2d",),
    twists=(
        Twist(
            "counts-padding",
            on_pool(zero_padded),
            "At the border you divide by the whole window. How many of its cells lie in the picture?",
        ),
        Twist(
            "maximum-instead",
            lambda op: ops.max_pool2d,
            "Your results are the largest numbers. What is the mean of a window?",
        ),
        Twist(
            "sum-instead",
            lambda op: window_op(lambda window: window.sum(axis=(1, 2))),
            "Your results are sums. What turns a sum into a mean?",
        ),
        *(Twist("pools-channels", on_output(change), _MIXED) for change in mixed_channels(np.mean)),
        Twist(
            "truncates-to-int",
            lambda op: (
                lambda x, *a, **k: (
                    np.trunc(op(x, *a, **k)) if np.asarray(x).dtype.kind in "iu" else op(x, *a, **k)
                )
            ),
            "Everything behind the decimal point is gone. Which dtype does your result array have when whole numbers come in?",
        ),
        *window_twists(_mean),
    ),
    hints=(
        "The windows stand where they stood in max_pool2d. What is taken from each of them now?",
        "A window at the border may hold fewer cells of the picture. Divide its sum by which number?",
        "If you cut the window off at the border, NumPy's mean over the window's two axes counts the right cells by itself.",
    ),
    rung_hints=_POOL_HINTS
    | {
        "structure": "Pool a picture of ones. Every result should be 1, also in the corners. What do yours give?",
        "edge-cases": "How much of a window larger than the picture is picture? And can a byte hold the sum of six bytes?",
    },
)


# global_average_pool2d


def global_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 5, 4),), terms=15)
    yield Probe("shape", (wholes(rng, 2, 3, 3, 2, dtype=np.int64),), title="integers", terms=9)
    yield Probe("shape", ([[[[1, 10], [4, 20], [6, 40]]]],), title="lists", terms=3)
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1),), title="one channel", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 2),), title="two channels", terms=6)
    yield Probe("by-hand", (wholes(rng, 3, 1, 2, 1),), title="three images", terms=2)
    yield Probe("reference", (reals(rng, 3, 7, 5, 4),), terms=35)
    yield Probe("reference", (reals(rng, 4, 4, 4, 4),), title="every size 4", terms=16)
    yield Probe("reference", (rng.normal(size=(2, 6, 9, 5)),), title="float64", terms=54)
    yield Probe("reference", (reals(rng, 1, 12, 10, 8),), terms=120)
    yield Probe("bad-input", (reals(rng, 4, 5, 3),), title="no batch axis", raises="x")
    yield Probe("bad-input", (reals(rng, 2, 1, 4, 5, 3),), title="an axis too many", raises="x")
    yield Probe("bad-input", (wholes(rng, 2, 1, 3, 2),), title="one row", terms=3)


def _over(*axes: int, keep: bool = False) -> Any:
    """The mean over other axes than height and width."""
    return lambda op: lambda x: np.mean(x, axis=axes, keepdims=keep)


_CHANNELS = "Your mean runs over the channels. Every channel keeps a number of its own: which two axes vanish?"
_BATCH = "Your mean runs over the images of the batch. What must a picture's numbers not depend on?"
_ONE_AXIS = "Your mean runs over one axis of the map. A map has height and width."

global_average_pool2d = Exercise(
    name="global_average_pool2d",
    points={"shape": 0.5, "by-hand": 1, "reference": 1, "bad-input": 0.5},
    probes=global_probes,
    reference=keras_global_average_pool2d,
    correct=ops.global_average_pool2d,
    needs=("average_pool2d",),
    twists=(
        Twist(
            "sum-instead",
            lambda op: lambda x: np.sum(x, axis=(1, 2)),
            "Your results are sums. By how many cells must each be divided?",
        ),
        Twist(
            "maximum-instead",
            lambda op: lambda x: np.max(x, axis=(1, 2)),
            "Your results are the largest numbers of each map. Here we want the mean.",
        ),
        Twist("over-channels", _over(3), _CHANNELS),
        Twist("over-channels", _over(1, 2, 3), _CHANNELS),
        Twist("over-batch", _over(0), _BATCH),
        Twist("over-batch", _over(0, 1, 2), _BATCH),
        Twist("over-batch", _over(0, 1), _BATCH),
        Twist(
            "keeps-axes",
            on_output(lambda y: np.asarray(y)[:, None, None]),
            "Your result still has axes for height and width, of length 1. How many axes does (N, C) have?",
        ),
        Twist("one-axis-only", _over(1), _ONE_AXIS),
        Twist("one-axis-only", _over(2), _ONE_AXIS),
    ),
    hints=(
        "One whole feature map becomes one number. How many maps does a batch of N pictures with C channels have?",
        "Two of the four axes disappear, two remain. Which ones?",
        "NumPy's mean takes a tuple of axes.",
    ),
    rung_hints={
        "shape": "The result has shape (N, C): one row for each picture, one column for each channel.",
        "bad-input": "A single picture without the batch axis should not slip through. How many axes must x have?",
    },
)


CHAPTER = Chapter(
    name="ch03_pooling",
    title="Pooling, and the shapes of a network",
    exercises=(max_pool2d, average_pool2d, global_average_pool2d, trace_shapes),
    prelude=PRELUDE,
)
