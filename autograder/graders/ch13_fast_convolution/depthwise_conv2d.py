"""Chapter 13's ``depthwise_conv2d``: each channel has filters of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch13_fast_convolution._windows import pick
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.autograder.graders.shared.conv2d_probes import SAME, VALID
from cnnlab.autograder.graders.shared.conv_mistakes import PADDING_TWISTS, STRIDE_TWISTS, conv2d_by
from cnnlab.autograder.graders.shared.draws import impulse, reals, wholes
from cnnlab.autograder.graders.shared.keras_layers import answer
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import as_floats, fast

Rng = np.random.Generator
Array = NDArray[Any]
Pair = tuple[int, int]


def _depthwise_case(
    rng: Rng,
    rung: str,
    x: tuple[int, ...],
    k: tuple[int, ...],
    *how: Any,
    draw: Any = reals,
    dtype: Any = np.float32,
    **about: Any,
) -> Probe:
    arrays = (draw(rng, *shape, dtype=dtype) for shape in (x, k, (k[2] * k[3],)))
    return Probe(rung, (*arrays, *how), terms=k[0] * k[1], **about)


def depthwise_probes(rng: Rng) -> Iterator[Probe]:
    yield _depthwise_case(rng, "shape", (2, 6, 7, 3), (3, 4, 3, 2), (2, 3), "same")
    yield _depthwise_case(rng, "shape", (2, 5, 6, 3), (3, 2, 3, 1))
    whole: dict[str, Any] = {"draw": wholes, "dtype": np.int64, "title": "integers"}
    yield _depthwise_case(rng, "robust", (1, 3, 4, 2), (2, 2, 2, 3), **whole)
    lists = ([[[[1, 5], [2, 6]], [[3, 7], [4, 8]]]], [[[[1], [-1]]]], [0, 5])
    yield Probe("robust", lists, title="lists")
    small: dict[str, Any] = {"draw": wholes}
    by_hand = "by-hand"
    yield _depthwise_case(rng, by_hand, (1, 2, 2, 2), (2, 1, 2, 1), **small, title="two channels")
    yield _depthwise_case(rng, by_hand, (1, 1, 3, 1), (1, 2, 1, 2), **small, title="two filters")
    yield _depthwise_case(rng, by_hand, (1, 1, 2, 2), (1, 2, 2, 2), **small, title="two of each")
    yield _depthwise_case(
        rng, by_hand, (1, 2, 2, 2), (2, 2, 2, 1), (1, 1), "same", **small, title="a frame"
    )
    point = impulse(1, 4, 5, 3, at=(0, 1, 2, 1))
    args = (point, wholes(rng, 2, 3, 3, 2), np.zeros(6, np.float32))
    yield Probe("structure", args, title="a single 1, in one channel only", terms=6)
    black = np.zeros((2, 4, 4, 2), np.float32)
    alone = (black, wholes(rng, 2, 3, 2, 3), wholes(rng, 6), (2, 1), "same")
    yield Probe("structure", alone, title="a black picture: the bias alone", terms=6)
    yield _depthwise_case(
        rng, "structure", (3, 3, 3, 3), (3, 3, 3, 3), (1, 1), "same", title="every size 3"
    )

    yield _depthwise_case(rng, "structure", (2, 6, 6, 2), (2, 2, 2, 2), (2, 2), title="square")
    for x, (kh, kw, c, _), strides in VALID:
        yield _depthwise_case(rng, "reference", x, (kh, kw, c, 2), strides)
    for x, (kh, kw, c, _), strides in SAME:
        yield _depthwise_case(rng, "reference", x, (kh, kw, c, 3), strides, "same")
    yield _depthwise_case(rng, "reference", (2, 7, 8, 4), (3, 3, 4, 1), title="one filter each")
    float64 = tuple(rng.normal(size=s) for s in ((2, 7, 6, 3), (3, 2, 3, 2), (6,)))
    yield Probe("reference", (*float64, (2, 2), "same"), title="float64", terms=6)
    edge = "edge-cases"
    yield _depthwise_case(rng, edge, (2, 3, 4, 2), (3, 4, 2, 3), (2, 3), title="it just fits")
    yield _depthwise_case(
        rng, edge, (1, 2, 3, 2), (3, 4, 2, 2), (1, 1), "same", title="larger than the picture"
    )
    yield _depthwise_case(rng, edge, (2, 4, 5, 1), (2, 3, 1, 3), title="one channel")
    yield from _depthwise_bad_probes(rng)


def _depthwise_bad_probes(rng: Rng) -> Iterator[Probe]:
    rung = "robust"
    x, k, b = (wholes(rng, *s) for s in ((1, 4, 5, 2), (2, 3, 2, 3), (6,)))
    for shape, title in (((5, 2), "too tall"), ((2, 6), "too wide")):
        args = (x, wholes(rng, *shape, 2, 3), b)
        yield Probe(rung, args, title=title, raises="kernels|size")
    for strides in ((0, 1), (1, 0), (-1, 1)):
        yield Probe(rung, (x, k, b, strides), title="a step of no use", raises="strides")
    yield Probe(rung, (x, k, b, (1, 1), "full"), title="an unknown padding", raises="padding")
    for kernels in (k[:, :, :1], np.concatenate([k, k[:, :, :1]], axis=2)):
        biases = wholes(rng, kernels.shape[2] * 3)
        yield Probe(rung, (x, kernels, biases), title="channels disagree", raises="kernels|x")
    for biases in (b[:3], b[:1], np.append(b, b[:1])):
        title = f"{len(biases)} biases for six maps"
        yield Probe(rung, (x, k, biases), title=title, raises="bias")
    yield Probe(rung, (x, k, b, (2, 1), "same"), title="all is well here", terms=6)


def keras_depthwise_conv2d(
    x: Any, kernels: Any, bias: Any, strides: Pair = (1, 1), padding: str = "valid"
) -> Array:
    """A Keras ``DepthwiseConv2D`` layer; for unequal strides, a ``Conv2D`` for each channel.

    TensorFlow's depthwise convolution wants equal strides.
    """
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    kh, kw, channels, multiplier = kernels.shape
    if strides[0] != strides[1]:
        maps = [
            keras_conv2d(x[..., [c]], kernels[:, :, [c]], biases, strides, padding)
            for c, biases in enumerate(np.split(bias, channels))
        ]
        return np.concatenate(maps, axis=3)
    how = (kh, kw), strides, padding, multiplier
    return answer("DepthwiseConv2D", x, [kernels, bias], *how)


def depthwise_by(
    x: Any,
    kernels: Any,
    bias: Any,
    strides: Pair = (1, 1),
    padding: str = "valid",
    **mistakes: Any,
) -> Array:
    """`fast.depthwise_conv2d`; with keywords of `conv_mistakes.mistaken_conv2d`, one that goes astray."""
    if not mistakes:
        return fast.depthwise_conv2d(x, kernels, bias, strides, padding)
    x, kernels, bias = as_floats(x=x, kernels=kernels, bias=bias)
    maps = [
        conv2d_by(x[..., [c]], kernels[:, :, [c]], biases, strides, padding, **mistakes)
        for c, biases in enumerate(np.split(bias, x.shape[3]))
    ]
    return np.concatenate(maps, axis=3)


def _by_filter(y: Array, channels: int) -> Array:
    """Maps in the order m * C + c."""
    split = y.reshape(*y.shape[:3], channels, -1)
    return split.swapaxes(3, 4).reshape(y.shape)


def _order_then_bias(op: Op) -> Op:
    def depthwise(x: Any, k: Any, b: Any, *how: Any, **mistakes: Any) -> Array:
        return _by_filter(op(x, k, np.zeros_like(b), *how, **mistakes), np.shape(k)[2]) + b

    return depthwise


def _order_with_bias(op: Op) -> Op:
    return lambda x, k, *r, **mistakes: _by_filter(op(x, k, *r, **mistakes), np.shape(k)[2])


def _summed(op: Op) -> Op:
    """One map for each filter, as an ordinary convolution has."""

    def depthwise(x: Any, k: Any, b: Any, *how: Any, **mistakes: Any) -> Array:
        maps = op(x, k, np.zeros_like(b), *how, **mistakes)
        return maps.reshape(*maps.shape[:3], np.shape(k)[2], -1).sum(axis=3) + b

    return depthwise


def _all_channels_for_each(op: Op) -> Op:
    """Every channel's filters are laid on the sum of all channels."""

    def depthwise(x: Any, *r: Any, **mistakes: Any) -> Array:
        (x,) = as_floats(x=x)
        return op(np.broadcast_to(x.sum(axis=3, keepdims=True), x.shape), *r, **mistakes)

    return depthwise


_MULTIPLIER = "Your maps come in another order: filter by filter, and channel by channel within. The filters of one channel belong together. Which of the two should move faster?"
_SUMMED = (
    "Your channels are added up, as in an ordinary convolution. Here each channel keeps to itself: "
    "how many maps come out of C channels with M filters each?"
)

EXERCISE = Exercise(
    name="depthwise_conv2d",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.75, "edge-cases": 0.5},
    probes=depthwise_probes,
    keras_reference=keras_depthwise_conv2d,
    numpy_op=depthwise_by,
    needs=("im2col",),
    twists=(
        Twist("multiplier-order", _order_then_bias, _MULTIPLIER),
        Twist("multiplier-order", _order_with_bias, _MULTIPLIER),
        Twist("channels-summed", _summed, _SUMMED),
        Twist("channels-summed", _all_channels_for_each, _SUMMED),
        *STRIDE_TWISTS,
        *PADDING_TWISTS,
        *pick(
            "kernel-flipped",
            "kernel-transposed",
            "bias-forgotten",
            "first-bias-for-all",
            "first-image-only",
            "relu-baked-in",
        ),
    ),
    hints=(
        "In an ordinary layer every filter looks at all channels. Here a filter looks at one. How many maps do C channels with M filters each give?",
        "Your im2col still cuts the patches out. Give its rows their shape back, (places, taps, C), so that each channel can meet its own weights.",
        "For one tap, each channel's pixel meets that channel's own M weights. Add this up over the taps. In which order does a reshape lay channels and filters down?",
    ),
    rung_hints={
        "shape": "The last axis has C * M maps. Height and width are those of any convolution. What is the shape of yours?",
        "structure": "A single 1 in channel 1 may show in channel 1's maps alone. Where does it show in yours?",
        "robust": "There must be C * M biases. A wrong number of them may add up without an error. Compare it, and name the argument.",
    },
)
