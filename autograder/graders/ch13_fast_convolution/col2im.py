"""Chapter 13's ``col2im``, the way back: what overlaps is added up."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.autograder.graders.ch13_fast_convolution._windows import (
    OTHER_ORDERS,
    carried,
    col2im_by,
    tap_filters,
    window_bad_probes,
)
from cnnlab.autograder.graders.shared import conv2d_probes
from cnnlab.autograder.graders.shared.conv_mistakes import (
    STRIDE_TWISTS,
    all_after,
    odd_before,
    with_mistake,
)
from cnnlab.autograder.graders.shared.draws import reals, side, varied, whole, wholes
from cnnlab.autograder.graders.shared.gradients import gradients
from cnnlab.autograder.graders.shared.keras_layers import layer_with
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import as_floats, layout

Rng = np.random.Generator
Pair = tuple[int, int]
Array = NDArray[Any]
Shape = tuple[int, int, int, int]


def col2im_probes(rng: Rng) -> Iterator[Probe]:
    yield from _small_probes(rng)
    yield from _structure_probes(rng)
    yield from _reference_probes(rng)
    yield from _bad_probes(rng)


def _case(
    rng: Rng,
    rung: str,
    shape: tuple[int, ...],
    size: Pair,
    *how: Any,
    draw: Any = reals,
    **about: Any,
) -> Probe:
    """A probe with a matrix that fits a picture of this shape."""
    (oh, ow), _ = layout(shape, size, *how, *((1, 1), "valid")[len(how) :])
    dtype = about.pop("dtype", np.float32)
    cols = draw(rng, shape[0] * oh * ow, prod(size) * shape[3], dtype=dtype)
    return Probe(rung, (cols, shape, size, *how), terms=prod(size), **about)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """Shapes and dtypes, and sizes that can be computed by hand."""
    yield _case(rng, "shape", (2, 5, 6, 3), (2, 3), (1, 2), "same")
    yield _case(rng, "robust", (2, 3, 4, 2), (2, 3), draw=wholes, dtype=np.int64, title="integers")
    yield Probe("robust", ([[1, 2], [3, 4]], (1, 1, 3, 1), (1, 2)), title="a list")
    yield _case(rng, "by-hand", (1, 2, 3, 1), (2, 2), draw=wholes, title="one channel")
    yield _case(rng, "by-hand", (1, 1, 3, 2), (1, 2), draw=wholes, title="two channels")
    yield _case(rng, "by-hand", (1, 2, 4, 1), (2, 2), (1, 2), draw=wholes, title="no overlap")
    yield _case(rng, "by-hand", (1, 2, 2, 1), (2, 2), (1, 1), "same", draw=wholes, title="a frame")


def _structure_probes(rng: Rng) -> Iterator[Probe]:
    """Ones, every size the same, tiles."""
    n, h, w, c = varied(
        rng, (2, 4, 4, 2), lambda: (whole(rng, 1, 3), side(rng), side(rng), whole(rng, 1, 3))
    )
    counts = np.ones((n * (h - 1) * (w - 1), 2 * 2 * c), np.float32)
    yield Probe(
        "structure", (counts, (n, h, w, c), (2, 2)), title="ones: how often is a pixel seen?"
    )
    yield _case(rng, "structure", (3, 3, 3, 3), (3, 3), (1, 1), "same", title="every size 3")
    yield _case(rng, "structure", (2, 6, 6, 2), (2, 2), (2, 2), title="tiles: nothing overlaps")


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger sizes, and those at the edge of what fits."""
    for x, (kh, kw, *_), strides in conv2d_probes.VALID:
        yield _case(rng, "reference", x, (kh, kw), strides)
    for x, (kh, kw, *_), strides in conv2d_probes.SAME:
        yield _case(rng, "reference", x, (kh, kw), strides, "same")
    cols = rng.normal(size=(2 * 3 * 3, 3 * 2 * 3))
    args = (cols, (2, 7, 6, 3), (3, 2), (3, 2), "same")
    yield Probe("reference", args, terms=6, title="float64")
    yield _case(rng, "edge-cases", (1, 6, 7, 2), (2, 2), (4, 3), title="pixels that no window sees")
    yield _case(rng, "edge-cases", (2, 3, 4, 2), (3, 4), title="it just fits")
    yield _case(
        rng, "edge-cases", (1, 2, 3, 2), (3, 4), (1, 1), "same", title="larger than the picture"
    )


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Windows and matrices that do not fit, and a matrix that does."""
    cols = wholes(rng, 2 * 3 * 4, 2 * 2 * 2)
    yield from window_bad_probes(cols, (2, 4, 5, 2))
    bad = {
        "one row too few": cols[1:],
        "one row too many": np.concatenate([cols, cols[:1]]),
        "one column too few": cols[:, 1:],
        "one column too many": np.concatenate([cols, cols[:, :1]], axis=1),
    }
    for title, wrong in bad.items():
        yield Probe("robust", (wrong, (2, 4, 5, 2), (2, 2)), title=title, raises="cols")
    yield Probe("robust", (cols, (2, 4, 5, 2), (2, 2)), title="all fits", terms=4)


def keras_col2im(
    cols: Any, x_shape: tuple[int, ...], size: Pair, strides: Pair = (1, 1), padding: str = "valid"
) -> Array:
    """The gradient of a Keras layer that passes every tap on."""
    import keras

    (cols,) = as_floats(cols=cols)
    kernels, bias = tap_filters(size, x_shape[3], cols.dtype)
    how = bias.size, size, strides, padding
    layer = layer_with("Conv2D", x_shape, [kernels, bias], *how, dtype=cols.dtype.name)
    unrolled = lambda x: keras.ops.reshape(layer(x), cols.shape)  # noqa: E731
    return gradients(unrolled, [np.zeros(x_shape, cols.dtype)], cols)[0]


def _read_as(order: str) -> Twist:
    """The columns taken to be in another order."""

    def apply(op: Op) -> Op:
        def col2im(cols: Any, shape: Shape, size: Pair, *how: Any, **mistakes: Any) -> Any:
            (cols,) = as_floats(cols=cols)
            lengths = {"a": size[0], "b": size[1], "c": shape[3]}
            taps = cols.reshape(-1, *(lengths[axis] for axis in order))
            taps = taps.transpose(0, *(1 + order.index(axis) for axis in "abc"))
            return op(taps.reshape(cols.shape), shape, size, *how, **mistakes)

        return col2im

    return Twist("flatten-order", apply, _READ)


_READ = "You take each row's numbers in another order than im2col lays them. A row is a flattened patch. In which order do its rows, columns and channels come?"
_OVERWRITES = (
    "Where windows overlap, the last one wins. Several numbers of the matrix came from the same "
    "pixel: what should stand there?"
)
_INVERSE = "You divide by the number of windows that meet in a pixel, and get the picture back. That is an inverse. A gradient is not divided. What should happen where several windows meet?"
_WRONG_SIDE = (
    "You cut the frame off on the wrong side. How many rows of zeros does layout put above?"
)

EXERCISE = Exercise(
    name="col2im",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1, "reference": 2, "edge-cases": 0.75},
    probes=col2im_probes,
    keras_reference=keras_col2im,
    numpy_op=col2im_by,
    twists=(
        Twist("overwrites-overlap", with_mistake(collect="last place"), _OVERWRITES),
        Twist("overwrites-overlap", with_mistake(collect="last tap"), _OVERWRITES),
        Twist("is-the-inverse", with_mistake(collect="mean"), _INVERSE),
        Twist("crops-wrong-side", with_mistake(share=odd_before), _WRONG_SIDE),
        Twist("crops-wrong-side", with_mistake(share=all_after), _WRONG_SIDE),
        *map(_read_as, OTHER_ORDERS),
        *(
            carried(twist, first=2)
            for twist in STRIDE_TWISTS
            if twist.name in ("start-not-scaled", "strides-swapped")
        ),
    ),
    hints=(
        "A pixel was copied into several rows of the matrix. What happens to all its copies on the way back?",
        "Take the loop of your im2col, and turn every assignment round: what was read from the picture is now added to it.",
        "Work on the framed picture, filled with zeros: for each tap (a, b), add a block of the matrix to a slice. Cut the frame off at the end.",
    ),
    rung_hints={
        "shape": "The result has shape x_shape, as the pictures have it. What is the shape of yours?",
        "structure": "Give it a matrix of ones: each pixel should hold the number of windows that see it.",
        "edge-cases": "Some pixels are seen by no window, and get 0. Some rows of the matrix came from the frame. What happens to those?",
        "robust": "Ask layout first. Then cols must have one row for each picture and place, one column for each tap and channel.",
    },
)
