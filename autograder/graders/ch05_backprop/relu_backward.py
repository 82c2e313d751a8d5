"""Chapter 5's ``relu_backward``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import fitting, reals, varied, wholes
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator


def relu_probes(rng: Rng) -> Iterator[Probe]:
    def drawn(*shape: int, dtype: Any) -> tuple[Array, Array]:
        dout, z = reals(rng, *shape, dtype=dtype), reals(rng, *shape, dtype=dtype)
        z.ravel()[1::4] = 0
        return dout, z

    def args(*shape: int, dtype: Any = np.float32) -> tuple[Array, Array]:
        """Numbers of which some pass."""
        return fitting(
            rng, partial(drawn, *shape, dtype=dtype), lambda pair: bool(pair[1].max() > 0)
        )

    yield Probe("shape", args(2, 3, 4, 5))
    yield Probe("robust", ([1, 2, 3], [-1, 0, 4]), title="lists")
    whole = wholes(rng, 3, 2, dtype=np.int64), wholes(rng, 3, 2, dtype=np.int64)
    yield Probe("robust", whole, title="integers")
    for title, numbers in {
        "three numbers": [[5, 6, 7], [-2, 1, 3]],
        "negative gradients": [[-5, -6], [2, -1]],
        "z = 0": [[3, 4], [0, 1]],
    }.items():
        sizes = varied(rng, np.abs(numbers), partial(rng.integers, 1, 10, np.shape(numbers)))
        rows = (np.sign(numbers) * sizes).astype(np.float32)
        yield Probe("by-hand", tuple(rows), title=title)
    for shape in ((4, 6), (2, 5, 3, 4), (3, 3, 3, 3)):
        yield Probe("reference", args(*shape))
    yield Probe("reference", args(3, 4, 2, dtype=np.float64), title="float64")
    dout, z = args(3, 4)
    yield Probe("edge-cases", (dout, np.zeros_like(z)), title="z all 0")
    yield Probe("edge-cases", (dout, np.float32(1e-6) * z), title="z close to 0")
    yield Probe("robust", (dout, z[:2]), title="the shapes differ", raises="dout|z")
    yield Probe("robust", (dout, z[:, :1]), title="the shapes differ", raises="dout|z")
    yield Probe("robust", (dout[:1], z), title="the shapes differ", raises="dout|z")
    yield Probe("robust", (dout, z), title="the shapes agree")


def keras_relu_backward(dout: Any, z: Any) -> Array:
    from keras import ops as k

    return gradients(k.relu, [z], dout)[0]


def _slope_alone(slope: Callable[[Any], Any]) -> Callable[[Op], Op]:
    return lambda op: lambda dout, z: slope(floats(z))


def _masked(mask: Callable[[Array, Array], Array]) -> Callable[[Op], Op]:
    """Another factor for dout."""
    return lambda op: lambda dout, z: floats(dout) * mask(floats(dout), floats(z))


def _relu_in_place(op: Op) -> Op:
    def mistaken(dout: Any, z: Any) -> Any:
        if not (isinstance(dout, np.ndarray) and dout.dtype.kind == "f"):
            return op(dout, z)
        dout[...] = op(dout, z)
        return dout

    return mistaken


_SLOPE = "Your result is the slope of the ReLU alone, whatever dout is. Where does dout come in?"
_INVERTED = "Your gradient passes where z is negative and stops where it is positive. On which side of 0 does a ReLU let numbers through?"

EXERCISE = Exercise(
    name="relu_backward",
    points={"shape": 0.25, "by-hand": 1.5, "reference": 1, "edge-cases": 0.25},
    probes=relu_probes,
    keras_reference=keras_relu_backward,
    numpy_op=ops.relu_backward,
    twists=(
        Twist(
            "mask-from-dout",
            _masked(lambda dout, z: dout > 0),
            "You look at the sign of dout. Whether dout passes depends on what went into the ReLU. Which array is that?",
        ),
        Twist(
            "mask-missing",
            _masked(lambda dout, z: np.ones_like(z)),
            "Your gradient passes everywhere. How much does a ReLU's output change when its input goes from −3 to −2.9?",
        ),
        Twist(
            "ge-for-gt",
            _masked(lambda dout, z: z >= 0),
            "Your gradient passes at z = 0. There the slope is 0 on one side and 1 on the other; TensorFlow, and this course, take 0.",
        ),
        Twist("mask-inverted", _masked(lambda dout, z: z < 0), _INVERTED),
        Twist("mask-inverted", _masked(lambda dout, z: z <= 0), _INVERTED),
        Twist(
            "times-relu",
            _masked(lambda dout, z: np.maximum(z, 0)),
            "You multiply by relu(z) itself. What counts is its slope: how many different slopes has a ReLU?",
        ),
        *(
            Twist("mask-only", _slope_alone(slope), _SLOPE)
            for slope in (lambda z: 1.0 * (z > 0), lambda z: 1.0 * (z >= 0))
        ),
        Twist(
            "relu-again",
            lambda op: lambda dout, z: np.maximum(floats(z), 0),
            "You return relu(z): that is the forward pass. How much of dout comes back through each cell?",
        ),
        Twist(
            "changes-input",
            _relu_in_place,
            "Your function writes into its input. Whoever called it still needs those numbers. Where can you keep your result instead?",
        ),
    ),
    hints=(
        "Look at the drawing of relu. What is its slope on the left, what on the right?",
        "Where z is above 0, dout passes as it is. Everywhere else nothing passes. What comes out in all other cells?",
        "A comparison gives an array of True and False, and these count as 1 and 0 in a product. With which array must you multiply it?",
    ),
    rung_hints={
        "shape": "The result has z's shape: one number for each number that went in. What is the shape of yours?",
        "by-hand": "Which of the two arrays decides, and which one is passed on?",
        "edge-cases": "Look at z = 0, and at z just beside it.",
        "robust": "Two arrays of different shapes cannot belong to one ReLU, although NumPy may stretch one of them. Name dout.",
    },
)
