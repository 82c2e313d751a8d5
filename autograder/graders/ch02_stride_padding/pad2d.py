"""The exercise ``pad2d`` of chapter 2: a frame of zeros, or of border pixels, around a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course import ops

Rng = np.random.Generator


def pad2d_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2), (1, 2), (0, 3)))
    yield Probe(
        "robust", (wholes(rng, 1, 2, 3, 2, dtype=np.int64), (0, 1), (2, 0)), title="integers"
    )
    yield Probe("robust", ([[[[1], [2]], [[3], [4]]]], (1, 0), (0, 2), "edge"), title="a list")
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1), (1, 0), (0, 1)))
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), (0, 1), (2, 0)))
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1), (0, 1), (2, 0), "edge"), title="edge")
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), (1, 2), (0, 1), "edge"), title="edge")
    for mode in ("zeros", "edge"):
        x = wholes(rng, 2, 3, 4, 2)
        yield Probe("structure", (x, (2, 1), (0, 0), mode), title="rows alone")
        yield Probe("structure", (x, (0, 0), (1, 3), mode), title="columns alone")
        yield Probe(
            "structure", (wholes(rng, 3, 3, 3, 3), (1, 2), (2, 1), mode), title="every size 3"
        )
        yield Probe("reference", (reals(rng, 2, 5, 4, 3), (1, 2), (3, 4), mode))
        yield Probe("reference", (reals(rng, 3, 4, 6, 2), (3, 0), (1, 2), mode))
        yield Probe(
            "reference", (rng.normal(size=(2, 3, 5, 4)), (2, 4), (1, 0), mode), title="float64"
        )
        yield Probe(
            "edge-cases", (wholes(rng, 2, 1, 1, 2), (3, 1), (1, 2), mode), title="one pixel"
        )
        yield Probe("edge-cases", (reals(rng, 2, 3, 2, 2), (0, 0), (0, 0), mode), title="no frame")
    x = reals(rng, 1, 3, 2, 2)
    yield Probe("robust", (x, (1, 1), (1, 1), "mirror"), title="an unknown mode", raises="mode")
    yield Probe("robust", (x, (-1, 1), (0, 0)), title="less than nothing", raises="pad_h")
    yield Probe("robust", (x, (0, 1), (0, -1)), title="less than nothing", raises="pad_w")
    yield Probe("robust", (x[0], (0, 1), (1, 0)), title="no batch", raises="x")
    yield Probe("robust", (x[None], (0, 1), (1, 0)), title="five axes", raises="x")
    yield Probe("robust", (x, (0, 1), (2, 1)), title="all is well here")


def keras_pad2d(x: Any, pad_h: tuple[int, int], pad_w: tuple[int, int], mode: str = "zeros") -> Any:
    """A Keras ``ZeroPadding2D`` layer; for ``"edge"``, Keras picks the nearest row and column."""
    import keras

    x = np.asarray(x)
    x = x if x.dtype.kind == "f" else x.astype(np.float64)
    if mode == "zeros":
        layer = keras.layers.ZeroPadding2D((pad_h, pad_w), dtype=x.dtype.name)
        return keras.ops.convert_to_numpy(layer(x))
    for axis, (before, after) in ((1, pad_h), (2, pad_w)):
        nearest = np.clip(np.arange(-before, x.shape[axis] + after), 0, x.shape[axis] - 1)
        x = keras.ops.take(x, nearest, axis=axis)
    return keras.ops.convert_to_numpy(x)


def padded(frame: Callable[[Any, Any], Any]) -> Callable[[Op], Op]:
    """The same fill on another frame: ``frame`` maps pad_h, pad_w to NumPy's ``pad_width``."""

    def pad2d(x: Any, pad_h: Any, pad_w: Any, mode: str = "zeros") -> Any:
        (x,) = ops.as_floats(x=x)
        return np.pad(x, frame(pad_h, pad_w), mode="edge" if mode == "edge" else "constant")

    return lambda op: pad2d


def reading(mode: str, as_mode: str) -> Callable[[Op], Op]:
    """One mode taken for another of NumPy's."""

    def apply(op: Op) -> Op:
        def pad2d(x: Any, pad_h: Any, pad_w: Any, how: str = "zeros") -> Any:
            if how != mode:
                return op(x, pad_h, pad_w, how)
            (x,) = ops.as_floats(x=x)
            return np.pad(x, ((0, 0), pad_h, pad_w, (0, 0)), mode=as_mode)  # type: ignore[call-overload]

        return pad2d

    return apply


def _empty_corners(op: Op) -> Op:
    def pad2d(x: Any, pad_h: Any, pad_w: Any, mode: str = "zeros") -> Any:
        out = op(x, pad_h, pad_w, mode)
        (above, below), (left, right) = pad_h, pad_w
        for rows in (slice(0, above), slice(out.shape[1] - below, None)):
            for columns in (slice(0, left), slice(out.shape[2] - right, None)):
                out[:, rows, columns] = 0
        return out

    return pad2d


_NONE = (0, 0)
_CHANNELS = "Your frame is around the channels. Which axis of (N, H, W, C) counts the rows?"
_BATCH = "Your frame adds whole pictures to the batch. Which axis of x counts the pictures?"
_MIRRORED = '"edge" repeats the border pixel itself. Your frame mirrors the picture: which pixel should be two cells outside?'

EXERCISE = Exercise(
    name="pad2d",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 0.5, "reference": 1.25, "edge-cases": 0.5},
    probes=pad2d_probes,
    keras_reference=keras_pad2d,
    numpy_op=ops.pad2d,
    twists=(
        Twist(
            "edge-for-zeros",
            reading("zeros", "edge"),
            'With "zeros" your frame repeats the border pixels. Which number should be there?',
        ),
        Twist(
            "mode-ignored",
            on_args(lambda x, h, w, mode="zeros": (x, h, w)),
            'Your frame is made of zeros in both modes. What should it hold with "edge"?',
        ),
        Twist(
            "axes-swapped",
            on_args(lambda x, h, w, *mode: (x, w, h, *mode)),
            "pad_h and pad_w have changed places. Along which axis do you add rows?",
        ),
        Twist(
            "before-after-swapped",
            on_args(lambda x, h, w, *mode: (x, h[::-1], w[::-1], *mode)),
            "Before and after have changed places. The first number of a pair belongs above, or to the left. Where does your function put it?",
        ),
        Twist("pads-channels", padded(lambda h, w: (_NONE, _NONE, h, w)), _CHANNELS),
        Twist("pads-channels", padded(lambda h, w: (_NONE, h, w, w)), _CHANNELS),
        Twist("pads-batch", padded(lambda h, w: (h, w, _NONE, _NONE)), _BATCH),
        Twist("pads-batch", padded(lambda h, w: (h, h, w, _NONE)), _BATCH),
        Twist(
            "pads-batch",
            padded(lambda h, w: h),
            "np.pad with a single pair pads every axis: batch and channels too. Give it one pair for each axis.",
        ),
        *(
            Twist(
                "symmetric-padding",
                on_args(lambda x, h, w, *mode, i=i: (x, (h[i], h[i]), (w[i], w[i]), *mode)),
                "Your frame has the same width on both sides. A pair has two numbers: one for above or left, one for below or right. Where do you use each?",
            )
            for i in (0, 1)
        ),
        Twist(
            "wraps-around",
            reading("edge", "wrap"),
            '"edge" repeats the nearest pixel of the border. Your frame takes it from the other side of the picture. Which pixel lies next to the frame on the left?',
        ),
        Twist("mirror-for-edge", reading("edge", "reflect"), _MIRRORED),
        Twist("mirror-for-edge", reading("edge", "symmetric"), _MIRRORED),
        Twist(
            "corners-empty",
            _empty_corners,
            'With "edge", the four corners of your frame stay 0. Which pixel is nearest to a corner?',
        ),
    ),
    hints=(
        "Draw a 2×3 picture and a frame around it. Which axes of (N, H, W, C) get longer, and by how much?",
        'For "zeros": make a larger array of zeros and copy the picture into it. For "edge": which row comes above the first one?',
        "np.pad wants one (before, after) pair for each axis, also for the two that stay as they are. Look up its modes.",
    ),
    rung_hints={
        "shape": "Rows above and below are added to the height, columns on the left and right to the width. Which two axes stay as they are?",
        "structure": "Pad only rows, then only columns: which axis of your result has grown?",
        "edge-cases": "A picture of one pixel, and a frame of no width at all: both are allowed. What does your function do with each of them?",
        "robust": "A mode can be unknown, a width below 0, a picture without its batch axis. Name the argument in each message.",
    },
)
