"""Chapter 1's ``relu``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def relu_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2),))
    yield Probe("robust", (wholes(rng, 5, dtype=np.int64),), title="integers")
    yield Probe("robust", ([-1, 2],), title="a list")
    yield Probe("by-hand", (wholes(rng, 6),))
    far, near = varied(rng, (3, 0.5), lambda: (whole(rng, 16, 80) / 8, whole(rng, 1, 7) / 8))
    around = np.array([-far, -near, 0, near, far], np.float32)
    yield Probe("by-hand", (around,), title="around zero")
    yield Probe("reference", (3 * reals(rng, 3, 5, 4),))
    yield Probe("reference", (100 * reals(rng, 2, 4, 3, 2),))
    yield Probe("reference", (rng.normal(size=(4, 7)),), title="float64")


def keras_relu(z: Any) -> Any:
    import keras

    z = np.asarray(z)
    return keras.ops.convert_to_numpy(
        keras.ops.relu(z if z.dtype.kind == "f" else z.astype(np.float64))
    )


def _leaky(slope: float) -> Any:
    def leaky(z: Any) -> Any:
        (z,) = ops.as_floats(z=z)  # float32 stays: a learner's products are rounded so, too
        return np.where(z > 0, z, slope * z)

    return lambda op: leaky


def _in_place(op: Any) -> Any:
    def relu(z: Any) -> Any:
        out = np.asarray(z)
        out[...] = op(z)
        return out

    return relu


def _largest_along(axis: int | None) -> Any:
    return lambda op: lambda z: np.max(ops.as_floats(z=z)[0], axis=axis)


_NEGATIVES = (
    "Your numbers come back as they were, negative ones too. If you compare with 0: is that 0 a "
    "second number for the function that you call, or does it say along which axis to look?"
)
_AXIS = (
    "You take the largest number of a whole axis. A ReLU looks at each number by itself: with what "
    "is it compared?"
)
_LEAKY = "Negative numbers stay negative, only smaller: that is a leaky ReLU. What should a ReLU give below 0?"

EXERCISE = Exercise(
    name="relu",
    points={"shape": 0.25, "by-hand": 0.5, "reference": 1.25},
    probes=relu_probes,
    keras_reference=keras_relu,
    numpy_op=ops.relu,
    twists=(
        Twist(
            "absolute-value",
            lambda op: np.abs,
            "Negative numbers come out positive. What should become of -3?",
        ),
        Twist(
            "capped-at-one",
            on_output(lambda y: np.minimum(y, 1)),
            "Your results never exceed 1. Does a ReLU have an upper limit?",
        ),
        Twist(
            "mask-only",
            lambda op: lambda z: 1.0 * (ops.as_floats(z=z)[0] > 0),
            "Positive numbers come out as 1. Your comparison says where they are. What should become of a 3?",
        ),
        *(Twist("leaky", _leaky(slope), _LEAKY) for slope in (0.01, 0.1, 0.2, 0.3)),
        Twist("negatives-pass", lambda op: lambda z: ops.as_floats(z=z)[0], _NEGATIVES),
        *(Twist("maximum-over-axis", _largest_along(axis), _AXIS) for axis in (0, None)),
        Twist(
            "minimum-instead",
            lambda op: lambda z: np.minimum(ops.as_floats(z=z)[0], 0),
            "Your results are never above 0: the smaller number is kept. Which of z and 0 should it be?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "Your function writes into its input. Whoever called it still needs those numbers. Where can you keep your result instead?",
        ),
    ),
    hints=(
        "Which numbers pass unchanged, and what do all the others become?",
        "Compare each number with 0 and keep the larger of the two.",
        "NumPy has a function that takes the larger of two things, cell by cell, and makes a new array. Look for it in NumPy's list of functions.",
    ),
    rung_hints={
        "shape": "The result has z's shape: one number for each number of z. What is the shape of yours?"
    },
)
