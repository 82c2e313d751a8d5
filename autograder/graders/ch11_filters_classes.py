"""Chapter 11, filters and classes: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Chapter, Exercise, Probe
from cnnlab.autograder.graders.ascending import DESCENDS, ascend, variation
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.dreaming import visualize_class, visualize_filter
from cnnlab.autograder.twists import Op, Twist, on_output
from cnnlab.course import ascent
from cnnlab.course.ops import as_floats

Rng = np.random.Generator

# total_variation


def variation_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, image: Any, **more: Any) -> Probe:
        return Probe(rung, (image,), terms=2 * int(np.size(image)), **more)

    yield probe("shape", reals(rng, 3, 4, 3))
    yield probe("shape", [[[1, 2], [4, 2]], [[0, 0], [3, 5]]], title="lists")
    yield probe("by-hand", np.array([[[1.0], [4.0]], [[1.0], [2.0]]]), title="four numbers")
    yield probe("by-hand", np.array([[[2.0], [5.0], [1.0]]]), title="one row")
    yield probe("by-hand", np.array([[[2.0]], [[5.0]], [[4.0]]]), title="one column")
    yield probe("structure", np.full((3, 4, 2), 7.0), title="one colour")
    step = np.zeros((4, 5, 3))
    step[:, 3:] = 2.0
    yield probe("structure", step, title="an upright edge")
    grey = np.zeros((2, 2, 3)) + np.arange(3.0)
    yield probe("structure", grey, title="channels that differ")
    yield probe("reference", rng.normal(0, 20, (9, 7, 3)), title="float64")
    yield probe("reference", reals(rng, 8, 8, 3), title="float32")
    yield probe("reference", wholes(rng, 3, 3, 3), title="every size 3")
    yield probe("edge-cases", reals(rng, 1, 1, 3), title="a single pixel")
    yield probe("edge-cases", wholes(rng, 4, 3, 1, dtype=np.int64), title="integers")
    yield probe("edge-cases", rng.integers(0, 256, (5, 4, 3)).astype(np.uint8), title="uint8")
    yield probe("edge-cases", np.array([[[3], [5], [0]]], np.uint8), title="three bytes")
    yield probe("bad-input", reals(rng, 4, 5), title="no channels", raises="image")
    yield probe("bad-input", reals(rng, 1, 4, 5, 3), title="a batch", raises="image")
    yield probe("bad-input", reals(rng, 4, 5, 2), title="with channels")


def keras_variation(image: Any) -> float:
    """``tf.image.total_variation``, in Keras's ops; a test compares the two."""
    return float(variation(*as_floats(image=image)))


def _variation(of: Any) -> Any:
    """Another formula for pictures that have the right shape."""

    def apply(op: Op) -> Op:
        def wrong(image: Any) -> float:
            op(image)  # raises where the shape is wrong
            return float(of(as_floats(image=image)[0]))

        return wrong

    return apply


def _differences(image: Any, *axes: int) -> list[Any]:
    return [np.diff(image, axis=axis) for axis in axes]


def _wrapped(image: Any) -> Any:
    return sum(np.abs(image - np.roll(image, 1, axis)).sum() for axis in (0, 1))


def _bytes(op: Op) -> Op:
    """Differences of bytes, which have no negative numbers."""

    def wrong(image: Any) -> float:
        right = op(image)
        array = np.asarray(image)
        if array.dtype.kind != "u":
            return right
        with np.errstate(all="ignore"):
            return float(sum(np.abs(d).astype(float).sum() for d in _differences(array, 0, 1)))

    return wrong


def _root(image: Any) -> Any:
    """The length of each pixel's gradient, where it has both neighbours."""
    down, right = np.diff(image, axis=0)[:, :-1], np.diff(image, axis=1)[:-1]
    return np.sqrt(down**2 + right**2).sum()


_CHANNELS = (
    "You take differences between the channels, too. Red and green of one pixel are no neighbours: "
    "only the pixel below and the one beside it are."
)
_AVERAGED = "You average the differences. Total variation is their sum, as tf.image gives it."

total_variation = Exercise(
    name="total_variation",
    points={
        "shape": 0.25,
        "by-hand": 0.5,
        "structure": 0.5,
        "reference": 1.0,
        "edge-cases": 0.5,
        "bad-input": 0.25,
    },
    probes=variation_probes,
    reference=keras_variation,
    correct=ascent.total_variation,
    twists=(
        Twist(
            "over-channels",
            _variation(lambda v: sum(np.abs(d).sum() for d in _differences(v, 0, 1, 2))),
            _CHANNELS,
        ),
        Twist(
            "over-channels",
            _variation(lambda v: sum(np.abs(d).sum() for d in _differences(v, 1, 2))),
            _CHANNELS,
        ),
        Twist(
            "wraps-around",
            _variation(_wrapped),
            "Your first row is compared with the last one, and the first column with the last. "
            "What has no neighbour has no difference.",
        ),
        Twist("averaged", _variation(lambda v: ascent.total_variation(v) / v.size), _AVERAGED),
        Twist(
            "averaged",
            _variation(lambda v: sum(np.abs(d).mean() for d in _differences(v, 0, 1) if d.size)),
            _AVERAGED,
        ),
        Twist(
            "squared",
            _variation(lambda v: sum((d**2).sum() for d in _differences(v, 0, 1))),
            "You square the differences, so that a sharp edge costs far more than a slope. Take "
            "their sizes: |Δ|.",
        ),
        Twist(
            "sign-kept",
            _variation(lambda v: sum(d.sum() for d in _differences(v, 0, 1))),
            "You add the differences with their signs. Up and down cancel each other: take |Δ|.",
        ),
        Twist(
            "one-direction",
            _variation(lambda v: np.abs(np.diff(v, axis=0)).sum()),
            "You compare each pixel with the one below it, but not with the one beside it.",
        ),
        Twist(
            "one-direction",
            _variation(lambda v: np.abs(np.diff(v, axis=1)).sum()),
            "You compare each pixel with the one beside it, but not with the one below it.",
        ),
        Twist(
            "length-of-both",
            _variation(_root),
            "You take the length of both differences together. That is another total variation; "
            "this one adds |Δy| and |Δx|.",
        ),
        Twist(
            "wraps-as-bytes",
            _bytes,
            "You subtract bytes (uint8), which have no negative numbers: 3 − 5 is 254. Convert first.",
        ),
    ),
    hints=(
        "Which pixels does a pixel have as neighbours? Each pair of neighbours counts once.",
        "image[1:] and image[:-1] are the same picture, one row apart. Their difference holds all vertical neighbours at once.",
        "np.abs, then sum over everything: once for the rows, once for the columns. A sum, no mean.",
    ),
    rung_hints={
        "shape": "The result is one number (float), for lists too.",
        "edge-cases": "A picture of one row has no neighbours below. And uint8 cannot go below 0: convert before you subtract.",
        "bad-input": "A picture has three axes. Say in the message that image is to blame.",
    },
)


# ascent_step


def step_probes(rng: Rng) -> Iterator[Probe]:
    def pair(*shape: int, dtype: Any = np.float32) -> tuple[Any, Any]:
        return reals(rng, *shape, dtype=dtype), reals(rng, *shape, dtype=dtype)

    def probe(rung: str, image: Any, gradient: Any, rate: float, **more: Any) -> Probe:
        return Probe(rung, (image, gradient, rate), terms=int(np.size(image)), **more)

    yield probe("shape", *pair(3, 4, 3), 1.0)
    yield probe("shape", *pair(2, 3, 3, dtype=np.float64), 0.5, title="float64")
    by_hand = np.array([[[3.0], [-3.0]]])
    yield probe("by-hand", np.zeros((1, 2, 1)), by_hand, 1.0, title="two numbers, rate 1")
    yield probe("by-hand", np.ones((1, 2, 1)), by_hand, 2.0, title="two numbers, rate 2")
    image, gradient = pair(4, 5, 3)
    yield probe("structure", image, gradient, 1.5, title="a gradient")
    yield probe("structure", image, 1000 * gradient, 1.5, title="1000 times the gradient")
    yield probe("structure", image, gradient / 1024, 1.5, title="a 1024th of the gradient")
    yield probe("reference", rng.normal(0, 40, (9, 8, 3)), rng.normal(0, 3e-4, (9, 8, 3)), 4.0)
    yield probe("reference", *pair(6, 6, 3), 0.25)
    yield probe("reference", *pair(3, 3, 3), 1.0, title="every size 3")
    zero = np.zeros((2, 3, 3), np.float32)
    yield probe("edge-cases", reals(rng, 2, 3, 3), zero, 1.0, title="no gradient", quiet=True)
    yield probe("edge-cases", zero, zero + np.float32(1e-8), 1.0, title="a gradient of 1e-8")
    yield probe("edge-cases", zero, zero - np.float32(3e-8), 2.0, title="a gradient of -3e-8")
    yield probe("bad-input", reals(rng, 4, 4, 3), reals(rng, 1, 4, 3), 1.0, raises="gradient",
                title="a gradient of another shape")  # fmt: skip
    yield probe(
        "bad-input",
        reals(rng, 1, 4, 3),
        reals(rng, 4, 4, 3),
        1.0,
        raises="gradient",
        title="a gradient that is larger",
    )
    yield probe("bad-input", *pair(4, 4, 3), 1.0, title="shapes that fit")


def keras_step(image: Any, gradient: Any, rate: float) -> Any:
    import keras

    x, g = as_floats(image=image, gradient=gradient)
    length = keras.ops.sqrt(keras.ops.mean(keras.ops.square(g)))
    length = keras.ops.convert_to_numpy(length) + x.dtype.type(1e-8)
    return np.asarray(x + rate * g / length)


def _by(length: Any) -> Any:
    """Another number to divide the gradient by."""

    def apply(op: Op) -> Op:
        def wrong(image: Any, gradient: Any, rate: float) -> Any:
            op(image, gradient, rate)  # raises where the shapes differ
            x, g = as_floats(image=image, gradient=gradient)
            with np.errstate(all="ignore"):
                return x + rate * g / x.dtype.type(length(g))

        return wrong

    return apply


def _in_place(op: Op) -> Op:
    def wrong(image: Any, gradient: Any, rate: float) -> Any:
        result = op(image, gradient, rate)
        if isinstance(image, np.ndarray) and image.dtype.kind == "f":
            image[...] = result
        return result

    return wrong


_PLAIN = (
    "Your step grows and shrinks with the gradient. Divide the gradient by its own size, the root "
    "of its mean square, so that rate alone says how far the picture moves."
)
_UNGUARDED = (
    "Where the gradient is 0 you divide 0 by 0. The 1e-8 is there for that: a small number that "
    "belongs to the root, in the divisor."
)
_OTHER_LENGTH = (
    "You divide by another size of the gradient. Here it is the root of the mean of its squares."
)

ascent_step = Exercise(
    name="ascent_step",
    points={
        "shape": 0.5,
        "by-hand": 0.5,
        "structure": 0.5,
        "reference": 1.0,
        "edge-cases": 0.25,
        "bad-input": 0.25,
    },
    probes=step_probes,
    reference=keras_step,
    correct=ascent.ascent_step,
    twists=(
        Twist("descends", lambda op: lambda i, g, r: op(i, -np.asarray(g), r), DESCENDS),
        Twist("not-normalised", _by(lambda g: 1), _PLAIN),
        Twist("divides-by-the-norm", _by(lambda g: np.sqrt(np.sum(g**2)) + 1e-8), _OTHER_LENGTH),
        Twist("divides-by-the-norm", _by(lambda g: np.sqrt(np.sum(g**2))), _OTHER_LENGTH),
        Twist("divides-by-mean-size", _by(lambda g: np.mean(np.abs(g)) + 1e-8), _OTHER_LENGTH),
        Twist("divides-by-mean-size", _by(lambda g: np.max(np.abs(g)) + 1e-8), _OTHER_LENGTH),
        Twist("divides-by-the-deviation", _by(lambda g: np.std(g) + 1e-8), _OTHER_LENGTH),
        Twist(
            "root-forgotten",
            _by(lambda g: np.mean(g**2) + 1e-8),
            "You divide by the mean of the squares and left out the root.",
        ),
        Twist("divides-by-zero", _by(lambda g: np.sqrt(np.mean(g**2))), _UNGUARDED),
        Twist("epsilon-under-the-root", _by(lambda g: np.sqrt(np.mean(g**2) + 1e-8)), _UNGUARDED),
        Twist(
            "rate-ignored",
            lambda op: lambda image, gradient, rate: op(image, gradient, 1.0),
            "Every step of yours has length 1. How long should it be?",
        ),
        Twist(
            "step-alone",
            lambda op: lambda i, g, r: on_output(lambda y: y - as_floats(i=i)[0])(op)(i, g, r),
            "You return the step alone. Where does it lead from?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "You add the step to the picture that you were given, so the caller's changes too. Make a new one.",
        ),
    ),
    hints=(
        "The gradient points uphill. Its size depends on the layer and the picture, and may be tiny: what should the length of a step depend on?",
        "Divide the gradient by the root of its mean square. Then its numbers are about 1 in size, and rate says how far they move.",
        "np.sqrt(np.mean(gradient**2)) plus 1e-8 is the divisor. Uphill means plus.",
    ),
    rung_hints={
        "shape": "A new array of the picture's shape and dtype; image and gradient stay as they are.",
        "bad-input": "NumPy would stretch a gradient that has one row. Compare the shapes first, and say in the message that gradient is to blame.",
    },
)

CHAPTER = Chapter(
    name="ch11_filters_classes",
    title="Filters and classes: what a network wants to see",
    exercises=(total_variation, ascent_step, ascend, visualize_filter, visualize_class),
    prelude="import math\nimport keras\nimport numpy as np\nimport tensorflow as tf\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
