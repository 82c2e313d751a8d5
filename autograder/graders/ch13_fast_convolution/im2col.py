"""Chapter 13's ``im2col``: windows unrolled into a matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch13_fast_convolution._windows import (
    OTHER_ORDERS,
    carried,
    im2col_by,
    tap_filters,
    window_bad_probes,
)
from cnnlab.autograder.graders.shared import conv2d_probes
from cnnlab.autograder.graders.shared.conv2d import keras_conv2d
from cnnlab.autograder.graders.shared.conv_mistakes import PADDING_TWISTS, STRIDE_TWISTS
from cnnlab.autograder.graders.shared.draws import impulse, reals, side, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import as_floats, output_size

Rng = np.random.Generator
Array = NDArray[Any]
Pair = tuple[int, int]


def im2col_probes(rng: Rng) -> Iterator[Probe]:
    """A patch's numbers only move, so no sum is rounded."""
    yield Probe("shape", (reals(rng, 2, 5, 6, 3), (2, 3), (1, 2), "same"))
    yield Probe("robust", (wholes(rng, 2, 3, 4, 2, dtype=np.int64), (2, 3)), title="integers")
    yield Probe("robust", ([[[[1], [2]], [[3], [4]]]], (1, 2)), title="a list")
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), (2, 2)), title="one channel")
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 2), (1, 2)), title="two channels")
    yield Probe("by-hand", (wholes(rng, 2, 2, 2, 1), (2, 1)), title="two pictures")
    yield Probe("by-hand", (wholes(rng, 1, 3, 4, 1), (2, 2), (1, 2)), title="two steps right")
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1), (2, 2), (1, 1), "same"), title="a frame")
    point = varied(rng, impulse(1, 3, 4, 2, at=(0, 1, 2, 1)), lambda: _point(rng))
    yield Probe("structure", (point, (2, 2)), title="a single 1")
    yield Probe("structure", (reals(rng, 2, 3, 4, 3), (1, 1)), title="one tap: a row per pixel")
    yield Probe("structure", (reals(rng, 3, 3, 3, 3), (3, 3), (1, 1), "same"), title="every size 3")
    yield Probe("structure", (reals(rng, 2, 6, 6, 2), (2, 2), (2, 2)), title="tiles")
    for (n, h, w, c), (kh, kw, *_), strides in conv2d_probes.VALID:
        yield Probe("reference", (reals(rng, n, h, w, c), (kh, kw), strides))
    for (n, h, w, c), (kh, kw, *_), strides in conv2d_probes.SAME:
        yield Probe("reference", (reals(rng, n, h, w, c), (kh, kw), strides, "same"))
    x = rng.normal(size=(2, 7, 6, 3))
    yield Probe("reference", (x, (3, 2), (3, 2), "same"), title="float64")
    yield Probe("edge-cases", (reals(rng, 2, 3, 4, 2), (3, 4), (2, 3)), title="it just fits")
    x = reals(rng, 1, 2, 3, 2)
    yield Probe("edge-cases", (x, (3, 4), (1, 1), "same"), title="larger than the picture")
    x = reals(rng, 2, 7, 9, 2)
    yield Probe("edge-cases", (x, (2, 2), (3, 4), "same"), title="steps longer than the window")
    yield from window_bad_probes(wholes(rng, 2, 4, 5, 2))


def _point(rng: Rng) -> Array:
    """A single 1 that is on no edge, so that it lies under each of four taps once."""
    height, width = side(rng), side(rng)
    at = (0, whole(rng, 1, height - 2), whole(rng, 1, width - 2), whole(rng, 0, 1))
    return impulse(1, height, width, 2, at=at)


def keras_im2col(x: Any, size: Pair, strides: Pair = (1, 1), padding: str = "valid") -> Array:
    """A Keras ``Conv2D`` layer with one filter for every tap; each passes its tap on."""
    (x,) = as_floats(x=x)
    kernels, bias = tap_filters(size, x.shape[3], x.dtype)
    return keras_conv2d(x, kernels, bias, strides, padding).reshape(-1, bias.size)


def reordered(order: str) -> Callable[[Array, tuple[int, ...], Pair], Array]:
    """The columns of a patch matrix in another order of (a, b, c): tap's row, column, channel."""

    def change(cols: Array, shape: tuple[int, ...], size: Pair) -> Array:
        taps = cols.reshape(-1, *size, shape[3])
        return taps.transpose(0, *(1 + "abc".index(axis) for axis in order)).reshape(cols.shape)

    return change


def rows_by_place(cols: Array, shape: tuple[int, ...], size: Pair) -> Array:
    """Rows in the order (i, j, n)."""
    by_picture = cols.reshape(shape[0], -1, cols.shape[1])
    return by_picture.transpose(1, 0, 2).reshape(cols.shape)


def on_cols(change: Callable[[Array, tuple[int, ...], Pair], Array]) -> Callable[[Op], Op]:
    """im2col with its matrix changed; ``change`` also gets x's shape and the size."""
    return lambda op: (
        lambda x, size, *how, **mistakes: change(op(x, size, *how, **mistakes), np.shape(x), size)
    )


def _one_picture(cols: Array, shape: tuple[int, ...], size: Pair) -> Array:
    return cols.reshape(shape[0], -1, cols.shape[1])[0]


def _rest_left_zero(cols: Array, shape: tuple[int, ...], size: Pair) -> Array:
    out = np.zeros_like(cols)
    out[: len(cols) // shape[0]] = _one_picture(cols, shape, size)
    return out


def _down_first(op: Op) -> Op:
    """Rows in the order (n, j, i)."""

    def mistaken(x: Any, size: Pair, *how: Any, **mistakes: Any) -> Array:
        cols = op(x, size, *how, **mistakes)
        usual: tuple[Any, ...] = ((1, 1), "valid")
        strides, padding = (*how, *usual[len(how) :])
        sides = zip(np.shape(x)[1:3], size, strides, strict=True)
        rows, columns = (output_size(n, k, s, padding) for n, k, s in sides)
        places = cols.reshape(len(x), rows, columns, -1)
        return places.swapaxes(1, 2).reshape(cols.shape)

    return mistaken


_ORDER = (
    "Each row holds the right numbers in another order. Which of kernel row, kernel column "
    "and channel changes fastest, when a patch of shape (kh, kw, C) is flattened?"
)
_ROW_ORDER = "Your rows go through the pictures first and then through the places. Here one picture is finished before the next begins. Which axis must come first?"
_DOWN_FIRST = "Your windows go down the picture first, and then to the right. Here one row of places is finished before the next begins. Which of your loops must be the outer one?"
_ONE_PICTURE = "Only the first picture's patches are there. How many rows do N pictures need?"

EXERCISE = Exercise(
    name="im2col",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1, "reference": 2, "edge-cases": 0.75},
    probes=im2col_probes,
    keras_reference=keras_im2col,
    numpy_op=im2col_by,
    twists=(
        *(Twist("flatten-order", on_cols(reordered(order)), _ORDER) for order in OTHER_ORDERS),
        Twist("flatten-order", on_cols(rows_by_place), _ROW_ORDER),
        Twist("flatten-order", _down_first, _DOWN_FIRST),
        Twist("drops-batch", on_cols(_one_picture), _ONE_PICTURE),
        Twist("drops-batch", on_cols(_rest_left_zero), _ONE_PICTURE),
        Twist(
            "transposed",
            on_output(np.transpose),
            "Your patches are the columns of the matrix. What should one row of it hold?",
        ),
        *map(carried, (*STRIDE_TWISTS, *PADDING_TWISTS)),
    ),
    hints=(
        "Take a 2 × 3 picture and a 2 × 2 window. Write down the patches, each flattened into a line. How many rows and columns does this matrix have?",
        "You can loop over places, but there are few taps and many places. What do all windows see under tap (a, b)?",
        "Collect into an array with one axis each for pictures, rows, columns, the two taps and the channels. Fill it tap by tap. What makes a matrix of it?",
    ),
    rung_hints={
        "shape": "There is one row for each picture and place, and one column for each number of a patch. What is the shape of yours?",
        "structure": "A single 1 lies under each of the taps once. In which rows, and in which columns, should it show?",
        "edge-cases": "Ask layout for the places and for the frame, and add the zeros that it says, also where there are none.",
        "robust": "layout refuses what cannot work, and names the argument. Do you call it before everything else?",
    },
)
