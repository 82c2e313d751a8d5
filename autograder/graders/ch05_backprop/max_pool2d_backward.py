"""Chapter 5's ``max_pool2d_backward``: back through windows that may overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._loops import loop_twists
from cnnlab.autograder.graders.ch05_backprop._windows import (
    OVERWRITES,
    STRIDE_IGNORED,
    STRIDES_SWAPPED,
    window_at,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.graders.shared.gradients import Array, first_max_pool2d, gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import gradients as ops
from cnnlab.course.ops import max_pool2d

Rng = np.random.Generator
Pair = tuple[int, int]


def pool_probes(rng: Rng) -> Iterator[Probe]:
    yield from _small_probes(rng)
    yield from _structure_probes(rng)
    yield from _reference_probes(rng)
    yield from _edge_probes(rng)
    yield from _bad_probes(rng)


def _probe(
    rng: Rng, rung: str, x: Array, size: Pair, strides: Pair | None = None, title: str = ""
) -> Probe:
    """A probe with these pictures, and a dout that fits them."""
    shape = max_pool2d(x, size, strides).shape
    dtype = x.dtype
    dout = (wholes if rung == "by-hand" else reals)(rng, *shape, dtype=dtype)
    args = (dout, x, size) if strides is None else (dout, x, size, strides)
    return Probe(rung, args, title=title, terms=size[0] * size[1])


def _tied(rng: Rng, *shape: int, dtype: Any = np.float32) -> Array:
    """-1, 0 and 1: many windows have several largest cells."""
    return rng.integers(-1, 2, size=shape).astype(dtype)


def _small_probes(rng: Rng) -> Iterator[Probe]:
    """Shapes and dtypes, and windows that can be gone back through by hand."""
    yield _probe(rng, "shape", reals(rng, 2, 5, 7, 3), (3, 2), (2, 3))
    yield _probe(rng, "robust", wholes(rng, 1, 4, 6, 2, dtype=np.int64), (2, 3), title="integers")
    nested = [[[[1], [4]], [[3], [2]]]]
    yield Probe("robust", ([[[[5]]]], nested, (2, 2)), title="lists")
    lift = varied(rng, 0, lambda: whole(rng, 1, 90))
    four = lift + np.array([[1, 4], [3, 2]], np.float32).reshape(1, 2, 2, 1)
    yield _probe(rng, "by-hand", four, (2, 2), title="one window")
    yield _probe(rng, "by-hand", -four, (2, 2), title="one window, all negative")
    yield _probe(rng, "by-hand", wholes(rng, 1, 2, 4, 1), (2, 2), title="two windows")
    tie = lift + np.array([[1, 4], [4, 2]], np.float32).reshape(1, 2, 2, 1)
    yield _probe(rng, "by-hand", tie, (2, 2), title="a tie")
    peak = lift + np.array([[1, 2, 1], [0, 5, 3]], np.float32).reshape(1, 2, 3, 1)
    yield _probe(rng, "by-hand", peak, (2, 2), (1, 1), "two windows share a cell")


def _structure_probes(rng: Rng) -> Iterator[Probe]:
    """One thing at a time: ties, overlap, gaps."""
    yield _probe(rng, "structure", _tied(rng, 2, 4, 6, 3), (2, 3), title="many ties")
    yield _probe(rng, "structure", np.zeros((1, 4, 4, 2), np.float32), (2, 2), title="all equal")
    yield _probe(rng, "structure", reals(rng, 2, 5, 4, 2), (2, 2), (1, 1), "overlap")
    yield _probe(rng, "structure", reals(rng, 1, 6, 6, 2), (3, 3), (2, 1), "overlap")
    yield _probe(rng, "structure", _tied(rng, 1, 5, 5, 2), (3, 3), (1, 1), "overlap and ties")
    yield _probe(rng, "structure", reals(rng, 3, 3, 3, 3), (3, 3), title="every size 3")
    yield _probe(
        rng, "structure", reals(rng, 1, 5, 6, 2), (2, 2), (2, 3), "gaps between the windows"
    )


def _reference_probes(rng: Rng) -> Iterator[Probe]:
    """Larger pictures, with and without ties."""
    yield _probe(rng, "reference", reals(rng, 2, 9, 10, 4), (2, 2))
    yield _probe(rng, "reference", reals(rng, 3, 8, 11, 2), (3, 2), (2, 3))
    yield _probe(rng, "reference", reals(rng, 2, 9, 9, 3), (3, 3), (2, 2))
    yield _probe(rng, "reference", _tied(rng, 2, 10, 8, 3), (2, 4), (2, 2))
    yield _probe(
        rng, "reference", _tied(rng, 2, 7, 9, 3, dtype=np.float64), (3, 2), (1, 2), "float64"
    )


def _edge_probes(rng: Rng) -> Iterator[Probe]:
    """The smallest and largest windows, long strides, unusual numbers."""
    yield _probe(rng, "edge-cases", reals(rng, 2, 3, 4, 2), (1, 1), title="1×1 windows")
    yield _probe(rng, "edge-cases", reals(rng, 2, 3, 4, 2), (3, 4), title="one window")
    yield _probe(
        rng, "edge-cases", reals(rng, 1, 7, 8, 2), (2, 3), title="rows and columns left over"
    )
    yield _probe(rng, "edge-cases", reals(rng, 1, 8, 9, 2), (1, 2), (4, 3), "long strides")
    yield _probe(rng, "edge-cases", _tied(rng, 1, 5, 6, 2), (1, 3), (2, 1), "rows of three")
    yield _probe(
        rng, "edge-cases", -1000 * np.abs(reals(rng, 1, 4, 5, 2)), (2, 2), title="far below 0"
    )
    close = np.float32(1e-9) * reals(rng, 1, 4, 6, 2)
    yield _probe(rng, "edge-cases", close, (2, 3), title="close together")


def _bad_probes(rng: Rng) -> Iterator[Probe]:
    """Arguments that do not fit together, and a call in order."""
    dout, x = wholes(rng, 1, 2, 2, 1), wholes(rng, 1, 4, 5, 1)
    bad = "robust"
    yield Probe(bad, (dout, x, (5, 2)), title="the window is too tall", raises="size")
    yield Probe(bad, (dout, x, (2, 6)), title="the window is too wide", raises="size")
    for steps in ((0, 2), (2, 0), (2, -1)):
        yield Probe(bad, (dout, x, (2, 2), steps), title="a step of no use", raises="strides")
    yield Probe(bad, (dout[:, :1], x, (2, 2)), title="a row is missing", raises="dout")
    yield Probe(bad, (dout, x, (2, 2), (1, 1)), title="not the pooled shape", raises="dout")
    two = np.concatenate([dout, dout], axis=-1)
    yield Probe(bad, (two, x, (2, 2)), title="a channel too many", raises="dout")
    yield Probe(bad, (dout, x, (4, 5), (1, 1)), title="one window only", raises="dout")
    yield Probe(bad, (dout, x, (2, 2)), title="all in order", terms=4)


def keras_max_pool2d_backward(dout: Any, x: Any, size: Pair, strides: Pair | None = None) -> Array:
    return gradients(lambda x: first_max_pool2d(x, size, strides or size), [x], dout)[0]


def _shared(share: Callable[[Array], Array]) -> Callable[[Op], Op]:
    """Every window gives dout times ``share`` of its cells, (N, h, w, C) → the same shape."""

    def backward(dout: Any, x: Any, size: Pair, strides: Pair | None = None) -> Array:
        dout, x = floats(dout), floats(x)
        dx = np.zeros_like(x)
        for i, j in np.ndindex(dout.shape[1:3]):
            at = window_at(i, j, size, strides or size)
            dx[at] += share(x[at]) * dout[:, [i], j][:, :, None]
        return dx

    return lambda op: backward


def _largest(window: Array) -> Array:
    return window == window.max(axis=(1, 2), keepdims=True)


def _last_largest(window: Array) -> Array:
    return _first(_largest(window)[:, ::-1, ::-1])[:, ::-1, ::-1]


def _first_in_columns(window: Array) -> Array:
    return _first(_largest(window).swapaxes(1, 2)).swapaxes(1, 2)


def _first(mask: Array) -> Array:
    """The first True of each picture and channel, in row order."""
    flat = mask.reshape(len(mask), -1, mask.shape[-1])
    return (flat & (np.cumsum(flat, axis=1) == 1)).reshape(mask.shape)


def _one_by_one(keep_zeros: bool) -> Callable[[Op], Op]:
    """Each window's gradient overwrites what was there."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, x: Any, size: Pair, strides: Pair | None = None) -> Array:
            dout, x = floats(dout), floats(x)
            dx = np.zeros_like(x)
            for i, j in np.ndindex(dout.shape[1:3]):
                at = window_at(i, j, size, strides or size)
                given = op(dout[:, i : i + 1, j : j + 1], x[at], size)
                dx[at] = given if keep_zeros else np.where(given != 0, given, dx[at])
            return dx

        return mistaken

    return apply


def _steps(change: Callable[[Pair, Pair | None], Pair]) -> Callable[[Op], Op]:
    """Windows are put back with other strides; each by itself is right."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, x: Any, size: Pair, strides: Pair | None = None) -> Array:
            dout, x = floats(dout), floats(x)
            dx = np.zeros_like(x)
            for i, j in np.ndindex(dout.shape[1:3]):
                at = window_at(i, j, size, change(size, strides))
                dx[at] += op(dout[:, i : i + 1, j : j + 1], x[at], size)
            return dx

        return mistaken

    return apply


_TIES = (
    "On a tie several cells of yours get the gradient. Here it goes to one of them, the first in "
    "row order: which NumPy function finds the first maximum?"
)
_TIE_ORDER = (
    "Your ties go to another cell than the first in row order: left to right, then down. In which "
    "order do you look, and does a later cell win that is only equal?"
)

EXERCISE = Exercise(
    name="max_pool2d_backward",
    points={"shape": 0.5, "by-hand": 1.5, "structure": 1.5, "reference": 2, "edge-cases": 0.5},
    probes=pool_probes,
    keras_reference=keras_max_pool2d_backward,
    numpy_op=ops.max_pool2d_backward,
    twists=(
        Twist("all-ties", _shared(_largest), _TIES),
        Twist(
            "ties-shared",
            _shared(lambda w: _largest(w) / _largest(w).sum(axis=(1, 2), keepdims=True)),
            "On a tie your gradient is divided among the cells. Here one cell gets it all. Which cell of the tie comes first, in row order?",
        ),
        Twist("tie-order", _shared(_last_largest), _TIE_ORDER),
        Twist("tie-order", _shared(_first_in_columns), _TIE_ORDER),
        Twist("overlap-overwrites", _one_by_one(keep_zeros=True), OVERWRITES),
        Twist("overlap-overwrites", _one_by_one(keep_zeros=False), OVERWRITES),
        Twist(
            "mask-missing",
            _shared(np.ones_like),
            "Every cell of a window gets the gradient. Which of them does the output depend on?",
        ),
        Twist(
            "spread-evenly",
            _shared(lambda w: np.full_like(w, 1 / (w.shape[1] * w.shape[2]))),
            "Every cell of a window gets an equal part: that is average pooling's way back. Which cell did the maximum come from?",
        ),
        Twist("stride-ignored", _steps(lambda size, strides: size), STRIDE_IGNORED),
        Twist("stride-ignored", _steps(lambda size, strides: (1, 1)), STRIDE_IGNORED),
        Twist("strides-swapped", _steps(lambda size, s: (s or size)[::-1]), STRIDES_SWAPPED),
        Twist("strides-swapped", _steps(lambda size, s: s[::-1] if s else size), STRIDES_SWAPPED),
        *loop_twists(),
    ),
    hints=(
        "Change one cell of a window a little. For which cell does the window's maximum change?",
        "Each window hands its whole gradient to the cell that its maximum came from. How much do all other cells get from this window?",
        "np.argmax finds the first maximum of a flat array; divmod turns its place into a row and a column of the window. Windows may overlap, so add.",
    ),
    rung_hints={
        "shape": "The result has the shape of x, not that of dout. What is the shape of yours?",
        "by-hand": "Draw the windows on x and mark the winner in each. Of two equal ones, take the first: read left to right, then down.",
        "structure": "Each case here tests one thing: ties, windows that overlap, gaps between windows, more pictures, more channels. Which one does the message show?",
        "reference": "Rows and columns have their own window size and their own stride. Is each in its place?",
        "edge-cases": "A maximum far below 0 is still a maximum. Some rows and columns are seen by no window. What gradient do they get?",
        "robust": "Compute the pooled shape from x, size and strides, and compare it with dout's. Name the argument that is wrong: size, strides, or dout.",
    },
)
