"""Chapter 5's ``relu_backward`` and ``dense_backward``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.gradients import Array, floats, gradients
from cnnlab.autograder.twists import Op, Twist, on_output
from cnnlab.course import gradients as ops

Rng = np.random.Generator

DIVIDED = (
    "Your gradients are divided by the size of the batch. Only the loss takes an average, and "
    "that is already in dout: here, what do the pictures' shares add up to?"
)
ORDER = "Your results come in another order than asked for. The description names them in turn."


# relu_backward


def relu_probes(rng: Rng) -> Iterator[Probe]:
    def args(*shape: int, dtype: Any = np.float32) -> tuple[Array, Array]:
        dout, z = reals(rng, *shape, dtype=dtype), reals(rng, *shape, dtype=dtype)
        z.ravel()[1::4] = 0
        return dout, z

    yield Probe("shape", args(2, 3, 4, 5))
    yield Probe("shape", ([1, 2, 3], [-1, 0, 4]), title="lists")
    whole = wholes(rng, 3, 2, dtype=np.int64), wholes(rng, 3, 2, dtype=np.int64)
    yield Probe("shape", whole, title="integers")
    for title, rows in {
        "three numbers": [[5, 6, 7], [-2, 1, 3]],
        "negative gradients": [[-5, -6], [2, -1]],
        "z = 0": [[3, 4], [0, 1]],
    }.items():
        yield Probe("by-hand", tuple(np.array(rows, np.float32)), title=title)
    for shape in ((4, 6), (2, 5, 3, 4), (3, 3, 3, 3)):
        yield Probe("reference", args(*shape))
    yield Probe("reference", args(3, 4, 2, dtype=np.float64), title="float64")
    dout, z = args(3, 4)
    yield Probe("edge-cases", (dout, np.zeros_like(z)), title="z all 0")
    yield Probe("edge-cases", (dout, np.float32(1e-6) * z), title="z close to 0")
    yield Probe("bad-input", (dout, z[:2]), title="the shapes differ", raises="dout|z")
    yield Probe("bad-input", (dout, z[:, :1]), title="the shapes differ", raises="dout|z")
    yield Probe("bad-input", (dout[:1], z), title="the shapes differ", raises="dout|z")
    yield Probe("bad-input", (dout, z), title="the shapes agree")


def keras_relu_backward(dout: Any, z: Any) -> Array:
    from keras import ops as k

    return gradients(k.relu, [z], dout)[0]


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


_INVERTED = "Your gradient passes where z is negative and stops where it is positive."

relu_backward = Exercise(
    name="relu_backward",
    points={"shape": 0.5, "by-hand": 1, "reference": 0.5, "edge-cases": 0.5, "bad-input": 0.5},
    probes=relu_probes,
    reference=keras_relu_backward,
    correct=ops.relu_backward,
    twists=(
        Twist(
            "mask-from-dout",
            _masked(lambda dout, z: dout > 0),
            "You look at the sign of dout. Whether a ReLU was open depends on what went into it, not on what comes back.",
        ),
        Twist(
            "mask-missing",
            _masked(lambda dout, z: np.ones_like(z)),
            "Your gradient passes everywhere. How much does a ReLU's output change when its input goes from −3 to −2.9?",
        ),
        Twist(
            "ge-for-gt",
            _masked(lambda dout, z: z >= 0),
            "Your ReLU is open at z = 0. There the slope is 0 on one side and 1 on the other; TensorFlow, and this course, take 0.",
        ),
        Twist("mask-inverted", _masked(lambda dout, z: z < 0), _INVERTED),
        Twist("mask-inverted", _masked(lambda dout, z: z <= 0), _INVERTED),
        Twist(
            "times-relu",
            _masked(lambda dout, z: np.maximum(z, 0)),
            "You multiply by relu(z) itself. What counts is its slope: how many different slopes has a ReLU?",
        ),
        Twist(
            "mask-only",
            lambda op: lambda dout, z: floats(floats(z) > 0),
            "Your result is 0 or 1, whatever dout is. That is the slope of the ReLU. Where does dout come in?",
        ),
        Twist(
            "changes-input",
            _relu_in_place,
            "Your function writes into its input. Whoever called it still needs those numbers.",
        ),
    ),
    hints=(
        "Look at the drawing of relu. What is its slope on the left, what on the right?",
        "Where z is above 0, dout passes as it is. Everywhere else nothing passes.",
        "A comparison gives an array of True and False, and these count as 1 and 0 in a product.",
    ),
    rung_hints={
        "shape": "The result has z's shape, and float32 stays float32. Lists and integers become float64.",
        "by-hand": "Which of the two arrays decides, and which one is passed on?",
        "edge-cases": "Look at z = 0, and at z just beside it.",
        "bad-input": "Two arrays of different shapes cannot belong to one ReLU, although NumPy may stretch one of them. Name dout.",
    },
)


# dense_backward


def dense_probes(rng: Rng) -> Iterator[Probe]:
    def args(batch: int, n: int, units: int, draw: Any = reals, dtype: Any = np.float32) -> Any:
        shapes = (batch, units), (batch, n), (n, units)
        return tuple(draw(rng, *shape, dtype=dtype) for shape in shapes)

    yield Probe("shape", args(2, 3, 4), terms=4)
    yield Probe("shape", args(3, 2, 4, wholes, np.int64), title="integers", terms=4)
    yield Probe("shape", ([[1, 2]], [[3]], [[4, 5]]), title="lists", terms=2)
    yield Probe("by-hand", args(1, 2, 1, wholes), title="one unit", terms=2)
    yield Probe("by-hand", args(1, 2, 2, wholes), title="two inputs, two units", terms=2)
    yield Probe("by-hand", args(2, 1, 1, wholes), title="two pictures", terms=2)
    dout, x, weights = args(3, 3, 3, wholes)
    yield Probe("structure", (dout, x, weights), title="every size 3", terms=3)
    yield Probe("structure", args(2, 4, 4, wholes), title="as many units as inputs", terms=4)
    yield Probe("structure", args(4, 4, 3, wholes), title="as many pictures as inputs", terms=4)
    yield Probe("structure", (np.eye(3, dtype=np.float32), x, weights), title="a 1 each", terms=3)
    for sizes in ((5, 7, 3), (4, 6, 6), (8, 8, 8)):
        yield Probe("reference", args(*sizes), terms=8)
    float64 = tuple(rng.normal(size=shape) for shape in ((6, 4), (6, 5), (5, 4)))
    yield Probe("reference", float64, title="float64", terms=6)
    dout, x, weights = args(3, 4, 2)
    bad: dict[str, Any] = {"rung": "bad-input"}
    yield Probe(args=(dout[:2], x, weights), title="a gradient too few", raises="dout|x", **bad)
    yield Probe(args=(dout[:, :1], x, weights), title="a unit too few", raises="dout", **bad)
    twice = np.concatenate([dout, dout])
    yield Probe(args=(twice, x, weights), title="gradients too many", raises="dout|x", **bad)
    yield Probe(args=(dout, x[:, :3], weights), title="an input too few", raises="weights|x", **bad)
    yield Probe(args=(dout, x, weights[:3]), title="a row too few", raises="weights|x", **bad)
    yield Probe(args=(dout, x, weights), title="all in order", terms=4, **bad)


def keras_dense_backward(dout: Any, x: Any, weights: Any) -> tuple[Array, ...]:
    """The gradients of the layer itself, ``Dense(units)``."""
    from keras import ops as k

    bias = np.zeros(np.shape(weights)[1], floats(weights).dtype)
    return gradients(lambda x, w, b: k.matmul(x, w) + b, [x, weights, bias], dout)


def scaled(which: tuple[bool, ...], by: Callable[..., float]) -> Callable[[Op], Op]:
    """Some of the results divided by a number that depends on ``dout``."""

    def apply(op: Op) -> Op:
        def mistaken(dout: Any, *args: Any) -> Any:
            parts = zip(op(dout, *args), which, strict=True)
            return tuple(g / by(np.shape(dout)) if w else g for g, w in parts)

        return mistaken

    return apply


def batch_twists() -> tuple[Twist, ...]:
    """``divides-by-batch`` for a layer with (dx, dw, db): whatever is divided by N."""
    parts = ((False, True, True), (False, True, False), (True, True, True))
    return tuple(
        Twist("divides-by-batch", scaled(which, lambda shape: shape[0]), DIVIDED) for which in parts
    )


def order_twists() -> tuple[Twist, ...]:
    """``order-swapped`` for three results."""
    return (
        Twist("order-swapped", on_output(lambda g: (g[1], g[2], g[0])), ORDER),
        Twist("order-swapped", on_output(lambda g: (g[1], g[0], g[2])), ORDER),
    )


_TRANSPOSED = (
    "A matrix lies on its side. dx has x's shape, dw has the weights' shape: which transposes make "
    "the shapes fit when no two sizes are equal?"
)

dense_backward = Exercise(
    name="dense_backward",
    points={"shape": 0.5, "by-hand": 1, "structure": 1, "reference": 1.5, "bad-input": 0.5},
    probes=dense_probes,
    reference=keras_dense_backward,
    correct=ops.dense_backward,
    twists=(
        Twist("transposed", on_output(lambda g: (g[0], g[1].T, g[2])), _TRANSPOSED),
        Twist(
            "transposed",
            lambda op: (
                lambda dout, x, w: (
                    floats(dout) @ floats(w),
                    *op(dout, x, w)[1:],
                )
            ),
            _TRANSPOSED,
        ),
        Twist(
            "transposed",
            lambda op: (
                lambda dout, x, w: (
                    floats(dout) @ floats(w),
                    floats(x) @ floats(dout).T,
                    op(dout, x, w)[2],
                )
            ),
            _TRANSPOSED,
        ),
        Twist(
            "bias-averaged",
            scaled((False, False, True), lambda shape: shape[0]),
            "Your bias's gradient is an average over the batch. Every picture pushes the bias: are the pushes averaged or added?",
        ),
        *batch_twists(),
        Twist(
            "bias-over-units",
            lambda op: lambda dout, x, w: (*op(dout, x, w)[:2], floats(dout).sum(axis=1)),
            "Your bias's gradient has a number for each picture. Each unit has one bias: over which axis do you add up?",
        ),
        Twist(
            "bias-not-summed",
            lambda op: lambda dout, x, w: (*op(dout, x, w)[:2], floats(dout)),
            "Your bias's gradient still has a row for each picture. One bias serves them all: what becomes of their gradients?",
        ),
        *order_twists(),
    ),
    hints=(
        "Write down one output: a sum of inputs times weights, plus a bias. How much does it change when one of these three does?",
        "An input feeds all units, so its gradient is a sum over the units. A weight serves all pictures, so its gradient is a sum over the pictures.",
        "Both sums are matrix products with dout. Each gradient has the shape of what it belongs to: that leaves only one way to transpose.",
    ),
    rung_hints={
        "shape": "Three results, in the order dx, dw, db, with the shapes of x, of the weights, and (units,).",
        "by-hand": "One unit: out = x₀w₀ + x₁w₁ + b. What does out gain when w₀ grows by 1?",
        "structure": "With equal sizes a wrong transpose no longer raises. Check every product's letters: (N, units), (N, n), (n, units).",
        "bad-input": "dout must be (N, units), and the weights (n, units). Check before you multiply, and name the one that is wrong.",
    },
)
