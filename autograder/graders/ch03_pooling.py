"""Chapter 3, pooling: what each exercise is probed with, and its typical mistakes."""

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
from cnnlab.autograder.graders.shapes import SHAPE_TWISTS, keras_shapes
from cnnlab.autograder.twists import Twist, on_output
from cnnlab.course import layers, ops

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


# trace_shapes


def trace_probes(rng: Rng) -> Iterator[Probe]:
    def some(low: int = 4, high: int = 17, step: int = 1) -> int:
        return int(rng.choice(np.arange(low, high, step)))

    def odd() -> int:
        return some(17, 40, 2)

    f, g = some(5, 9), some(10, 17)
    mixed = [("conv", f, 3, 2), ("conv", g, (3, 5), 1, "valid"), ("max_pool", 3, 2)]
    yield Probe("shape", ((odd(), odd() + 1, 3), [*mixed, ("flatten",), ("dense", 2)]))
    yield Probe("shape", ((odd(), odd(), 2), [("max_pool", 2), ("global_average_pool",)]))
    yield Probe("by-hand", ((32, 32, 3), [("conv", 10, 5)]), title="one convolution")
    yield Probe("by-hand", ((8, 6, 3), [("conv", f, 3, 1, "valid")]), title="without padding")
    yield Probe("by-hand", ((8, 6, f), [("max_pool", 2)]), title="one pooling layer")
    yield Probe("by-hand", ((9, 7, 2), [("conv", f, 3, 2)]), title="a stride of 2")
    strided = [("conv", f, 3, 2, "valid")]
    yield Probe("by-hand", ((8, 9, 2), strided), title="a stride of 2, without padding")
    flat: Stack = [("max_pool", 2), ("flatten",), ("dense", f), ("dropout", 0.5), ("dense", 1)]
    yield Probe("by-hand", ((4, 6, 5), flat), title="the end of a network")
    yield Probe("by-hand", ((7, 5, 3), []), title="no layer at all")
    valid = [("conv", f, 3, 2, "valid"), ("conv", g, 2, 3, "valid")]
    yield Probe("structure", ((odd() + 1, odd(), 1), valid), title="strides, without padding")
    overlap = [("max_pool", 3, 2), ("max_pool", 2, 1), ("max_pool", 2, 3)]
    yield Probe("structure", ((odd() + 1, odd(), g), overlap), title="pooling that overlaps")
    same = [("conv", f, 2, 2), ("conv", g, 5, 3, "same")]
    yield Probe("structure", ((odd(), odd() + 1, 3), same), title="strides, with padding")
    pooled = [("conv", f, 3), ("max_pool", 2), ("conv", g, 3), ("max_pool", 3)]
    yield Probe("structure", ((odd(), odd() + 1, 4), pooled), title="convolution, pooling, twice")
    ends = [("conv", f, 3), ("global_average_pool",), ("dense", g)]
    yield Probe("structure", ((odd(), odd(), 3), ends), title="global pooling")
    vgg = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
    blocks = [b for n, times in vgg for b in [("conv", n, 3)] * times + [("max_pool", 2)]]
    tail: Stack = [("flatten",), ("dense", 4096), ("dense", 4096), ("dense", 1000)]
    yield Probe("reference", ((224, 224, 3), [*blocks, *tail]), title="VGG16")
    small = [layer for n in (32, 64, 128, 128) for layer in (("conv", n, 3), ("max_pool", 2))]
    tail = [("flatten",), ("dropout", 0.5), ("dense", 512), ("dense", 1)]
    yield Probe("reference", ((150, 150, 3), [*small, *tail]), title="the article's network")
    drawn = [("conv", some(), some(1, 6), some(1, 4), p) for p in ("valid", "same", "valid")]
    yield Probe("reference", ((odd() + 60, odd() + 70, some()), [*drawn, ("max_pool", 2)]))
    pairs: Stack = [
        ("conv", f, (2, 5), (1, 3), "valid"),
        ("max_pool", (3, 2), (1, 2)),
        ("conv", g, 1),
    ]
    yield Probe("edge-cases", ((odd(), odd() + 1, 3), pairs), title="pairs")
    pairs = [("max_pool", (2, 3)), ("conv", f, (4, 2), (2, 1), "valid"), ("conv", g, 3, (2, 3))]
    yield Probe("edge-cases", ((odd() + 20, odd() + 21, 3), pairs), title="pairs")
    dilated = [("conv", f, 3, 1, "valid", 2), ("conv", g, (2, 3), 1, "valid", (3, 1))]
    yield Probe("edge-cases", ((odd(), odd(), 3), dilated), title="dilation")
    dilated = [("conv", f, 3, 1, "same", 2), ("conv", g, 2, 1, "valid", 4)]
    yield Probe("edge-cases", ((odd(), odd() + 1, 3), dilated), title="dilation, with padding")
    deep = [("conv", f, 3), ("dense", g), ("dropout", 0.2), ("dense", 2)]
    yield Probe("edge-cases", ((odd(), odd(), 3), deep), title="dense on three axes")
    yield Probe(
        "edge-cases",
        ((4, 5, 3), [("dense", g), ("flatten",)]),
        title="dense on three axes",
    )
    yield Probe("edge-cases", ((some(),), [("dense", f), ("flatten",)]), title="no picture at all")
    known: Stack = [("max_pool", 2), ("conv", 2, 4, 1, "valid")]
    yield Probe("bad-input", ((6, 9, 3), known), title="the kernel is too tall", raises="layers")
    yield Probe("bad-input", ((9, 6, 3), known), title="the kernel is too wide", raises="layers")
    known = [("conv", 2, 3), ("max_pool", (2, 5))]
    yield Probe("bad-input", ((9, 4, 3), known), title="the window is too wide", raises="layers")
    unknown = [("conv", 2, 3), ("maxpool", 2)]
    yield Probe("bad-input", ((9, 9, 3), unknown), title="an unknown layer", raises="layers")
    unknown = [("average_pool", 2), ("flatten",)]
    yield Probe("bad-input", ((9, 9, 3), unknown), title="an unknown layer", raises="layers")
    late = [("flatten",), ("conv", 2, 3)]
    yield Probe(
        "bad-input", ((9, 9, 3), late), title="a convolution after flatten", raises="layers"
    )
    fits = [("max_pool", 2), ("conv", 2, 4, 1, "valid")]
    yield Probe("bad-input", ((8, 9, 3), fits), title="the kernel just fits")


trace_shapes = Exercise(
    name="trace_shapes",
    points={
        "shape": 0.5,
        "by-hand": 1,
        "structure": 1.5,
        "reference": 1,
        "edge-cases": 1,
        "bad-input": 1,
    },
    probes=trace_probes,
    reference=keras_shapes,
    correct=layers.trace_shapes,
    twists=SHAPE_TWISTS,
    hints=(
        "Follow one shape through the stack. Which of its three numbers can a convolution change, which can pooling change?",
        "Each layer needs only the shape that the layer before it leaves. What must you remember from one turn of the loop to the next?",
        "The first entry says which kind of layer it is. For height and width you have output_size; the depth follows from the kind.",
    ),
    rung_hints={
        "shape": "A list with one tuple of whole numbers for each layer. Division with / gives floats, with // it gives whole numbers.",
        "structure": 'A convolution pads "same" unless it says otherwise; pooling never pads. A pooling layer without a stride moves by its own size.',
        "edge-cases": "k, stride and dilation may be one number or a pair. And what does a dense layer do to the axes before the last?",
        "bad-input": "Which kinds of layer do you know? Does the window fit? Is there still a height and a width? Name layers in the message.",
    },
)


CHAPTER = Chapter(
    name="ch03_pooling",
    title="Pooling, and the shapes of a network",
    exercises=(max_pool2d, average_pool2d, global_average_pool2d, trace_shapes),
    prelude=PRELUDE,
)
