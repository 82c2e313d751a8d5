"""Chapter 8's ``shift``: pictures moved, black where nothing was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import axes_probes, four_axes, instead
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args
from cnnlab.course.ops import Array, augmentation

Rng = np.random.Generator

MOVES = ((1, 0), (0, 1), (-1, 0), (0, -2), (2, -1), (-1, 3), (0, 0))


def shift_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2), 1, -1))
    yield Probe("shape", (reals(rng, 1, 4, 3, 1, dtype=np.float64), 0, 2), title="float64")
    for dy, dx in ((1, 0), (0, 1), (-1, 1)):
        yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), dy, dx))
    yield Probe("by-hand", (wholes(rng, 1, 3, 3, 1), 0, 0), title="no shift")
    for dy, dx in MOVES:
        yield Probe("reference", (reals(rng, 2, 5, 6, 3), dy, dx))
    yield Probe("reference", (reals(rng, 3, 4, 4, 4), 1, 2), title="every side 4")
    yield Probe("reference", (rng.normal(size=(2, 6, 5, 3)), -2, 1), title="float64")
    for dy, dx in ((3, -4), (-2, 4), (4, 1), (-1, 6), (-4, 0), (9, -9)):
        yield Probe("edge-cases", (reals(rng, 2, 4, 5, 2), dy, dx), title="as far as the side")
    yield from axes_probes(reals(rng, 2, 3, 4, 3), 1, 1)


def keras_shift(x: Any, dy: int, dx: int) -> Array:
    """Keras's affine transform by whole pixels."""
    import keras

    matrix = np.array([[1, 0, -dx, 0, 1, -dy, 0, 0]] * len(x), np.float32)
    moved = keras.ops.image.affine_transform(
        x, matrix, interpolation="nearest", fill_mode="constant", fill_value=0
    )
    return np.asarray(moved)


def _held_at_the_edge(x: Array, dy: int, dx: int) -> Array:
    rows = np.clip(np.arange(x.shape[1]) - dy, 0, x.shape[1] - 1)
    columns = np.clip(np.arange(x.shape[2]) - dx, 0, x.shape[2] - 1)
    return x[:, rows[:, None], columns]


EXERCISE = Exercise(
    name="shift",
    points={"shape": 0.25, "by-hand": 0.75, "reference": 1.25, "edge-cases": 0.25},
    probes=shift_probes,
    keras_reference=keras_shift,
    numpy_op=augmentation.shift,
    twists=(
        Twist(
            "wraps-around",
            instead(four_axes(lambda x, dy, dx: np.roll(x, (dy, dx), (1, 2)))),
            "What leaves the picture on one side comes in on the other. What should come in instead?",
        ),
        Twist(
            "edge-repeated",
            instead(four_axes(_held_at_the_edge)),
            "You repeat the edge. What should come in instead?",
        ),
        Twist(
            "dy-dx-swapped",
            on_args(lambda x, dy, dx: (x, dx, dy)),
            "Rows and columns have changed places. Which of dy and dx moves the picture down?",
        ),
        Twist(
            "sign-dropped",
            on_args(lambda x, dy, dx: (x, abs(dy), abs(dx))),
            "A negative shift moves your picture the same way as a positive one. Which way should dy = −1 move it?",
        ),
        Twist(
            "direction-reversed",
            on_args(lambda x, dy, dx: (x, -dy, -dx)),
            "The picture goes the other way. A positive dy should move it down. In which direction does yours go?",
        ),
    ),
    hints=(
        "Which rows of the old picture are still to be seen, and which rows of the new one do they become?",
        "You can begin with zeros and copy the block that both pictures share. Or put a frame of zeros around the picture and cut out another window. Which rows are in both pictures?",
        "A frame of |dy| rows and |dx| columns on every side is wide enough. Where does the window begin for dy > 0, and where for dy < 0?",
    ),
    rung_hints={
        "shape": "The shape stays, and x itself must not change. What changes in yours?",
        "reference": "Try dy = 0 and dy < 0. What does a slice that ends at -0 hold?",
        "edge-cases": "Farther than its own side: nothing of the picture is left. What does your slice do when it ends before it begins, or below 0?",
        "robust": "The pictures need four axes. Raise a ValueError that names x if they have not.",
    },
)
