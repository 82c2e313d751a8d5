"""Chapter 11's ``ascent_step``: one step uphill, of a length that does not depend on the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch11_filters_classes._ascent import DESCENDS
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import as_floats, ascent

Rng = np.random.Generator


def step_probes(rng: Rng) -> Iterator[Probe]:
    def pair(*shape: int, dtype: Any = np.float32) -> tuple[Any, Any]:
        return reals(rng, *shape, dtype=dtype), reals(rng, *shape, dtype=dtype)

    def probe(rung: str, image: Any, gradient: Any, rate: float, **more: Any) -> Probe:
        return Probe(rung, (image, gradient, rate), terms=int(np.size(image)), **more)

    yield probe("shape", *pair(3, 4, 3), 1.0)
    yield probe("shape", *pair(2, 3, 3, dtype=np.float64), 0.5, title="float64")
    for number, least in ((0, 1), (1, 2)):
        size, more, faster = varied(
            rng, (3, 0, 0), lambda: (whole(rng, 2, 30), whole(rng, 1, 30), 2 * whole(rng, 0, 4))
        )
        image = np.full((1, 2, 1), float(number + more))
        gradient = np.array([[[size], [-size]]], float)
        title = f"two numbers, rate {least + faster}"
        yield probe("by-hand", image, gradient, float(least + faster), title=title)
    image, gradient = pair(4, 5, 3)
    yield probe("structure", image, gradient, 1.5, title="a gradient")
    yield probe("structure", image, 1000 * gradient, 1.5, title="1000 times the gradient")
    yield probe("structure", image, gradient / 1024, 1.5, title="a 1024th of the gradient")
    yield probe("reference", rng.normal(0, 40, (9, 8, 3)), rng.normal(0, 3e-4, (9, 8, 3)), 4.0)
    yield probe("reference", *pair(6, 6, 3), 0.25)
    yield probe("reference", *pair(3, 3, 3), 1.0, title="every size 3")
    zero = np.zeros((2, 3, 3), np.float32)
    yield probe("edge-cases", reals(rng, 2, 3, 3), zero, 1.0, title="no gradient", quiet=True)
    for tiny, step in ((1e-8, 1.0), (-3e-8, 2.0)):
        factor, faster = varied(rng, (10, 0), lambda: (whole(rng, 6, 20), whole(rng, 0, 7)))
        slope = tiny * factor / 10
        title = f"a gradient of {slope:.2g}".replace("e-0", "e-")
        yield probe("edge-cases", zero, zero + np.float32(slope), step + faster, title=title)
    yield probe("robust", reals(rng, 4, 4, 3), reals(rng, 1, 4, 3), 1.0, raises="gradient",
                title="a gradient of another shape")  # fmt: skip
    yield probe(
        "robust",
        reals(rng, 1, 4, 3),
        reals(rng, 4, 4, 3),
        1.0,
        raises="gradient",
        title="a gradient that is larger",
    )
    yield probe("robust", *pair(4, 4, 3), 1.0, title="shapes that fit")


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
_UNGUARDED = "Where the gradient is 0 you divide 0 by 0. The 1e-8 is there for that: add it to the root before you divide."
_OTHER_LENGTH = "You divide by another size of the gradient. Here it is the root of the mean of its squares. Which one do you use?"

_EPSILON = "You add another small number than 1e-8 to the divisor. That is fine while it is much smaller than your gradients. Use 1e-8 to match the text."

EXERCISE = Exercise(
    name="ascent_step",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 0.5,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=step_probes,
    keras_reference=keras_step,
    numpy_op=ascent.ascent_step,
    variants=tuple(
        Twist("other-epsilon", _by(lambda g, e=e: np.sqrt(np.mean(g**2)) + e), _EPSILON)
        for e in (1e-4, 1e-5, 1e-6, 1e-7)
    ),
    twists=(
        Twist("descends", lambda op: lambda i, g, r: op(i, -np.asarray(g), r), DESCENDS),
        Twist("not-normalised", _by(lambda g: 1), _PLAIN),
        Twist("divides-by-the-norm", _by(lambda g: np.sqrt(np.sum(g**2)) + 1e-8), _OTHER_LENGTH),
        Twist("divides-by-the-norm", _by(lambda g: np.sqrt(np.sum(g**2))), _OTHER_LENGTH),
        Twist("divides-by-mean-size", _by(lambda g: np.mean(np.abs(g)) + 1e-8), _OTHER_LENGTH),
        Twist("divides-by-mean-size", _by(lambda g: np.max(np.abs(g)) + 1e-8), _OTHER_LENGTH),
        Twist(
            "sign-alone",
            lambda op: lambda i, g, r: op(i, g, 0) + floats(i).dtype.type(r) * np.sign(floats(g)),
            "Every number of yours moves equally far, whatever its slope. A steep one should move more than a flat one. What of the gradient do you throw away?",
        ),
        Twist("divides-by-the-deviation", _by(lambda g: np.std(g) + 1e-8), _OTHER_LENGTH),
        Twist(
            "root-forgotten",
            _by(lambda g: np.mean(g**2) + 1e-8),
            "You divide by the mean of the squares. Which step is left out?",
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
            "You return the step alone. What must it be added to?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "You add the step to the picture that you were given, so the caller's changes too. Make a new one.",
        ),
    ),
    hints=(
        "The gradient points uphill. Its size depends on the layer and the picture, and may be tiny: what should the length of a step depend on?",
        "Divide the gradient by the root of its mean square. Then its numbers are about 1 in size. What does rate say then?",
        "The divisor is the root of a mean, plus the small number from the text. What is squared first, and which sign goes uphill?",
    ),
    rung_hints={
        "shape": "A new array of the picture's shape comes back; image and gradient stay as they are. What is the shape of yours?",
        "robust": "NumPy would stretch a gradient that has one row. Compare the shapes first, and name gradient in the message.",
    },
)
