"""Chapter 5's ``dense_backward``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch05_backprop._batches import (
    batch_twists,
    kept_axes,
    order_twists,
    scaled,
)
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.gradients import Array, gradients
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course.ops import gradients as ops

Rng = np.random.Generator


def dense_probes(rng: Rng) -> Iterator[Probe]:
    def args(batch: int, n: int, units: int, draw: Any = reals, dtype: Any = np.float32) -> Any:
        shapes = (batch, units), (batch, n), (n, units)
        return tuple(draw(rng, *shape, dtype=dtype) for shape in shapes)

    yield Probe("shape", args(2, 3, 4), terms=4)
    yield Probe("robust", args(3, 2, 4, wholes, np.int64), title="integers", terms=4)
    yield Probe("robust", ([[1, 2]], [[3]], [[4, 5]]), title="lists", terms=2)
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
    bad: dict[str, Any] = {"rung": "robust"}
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


_TRANSPOSED = (
    "A matrix is transposed. dx has x's shape, dw has the weights' shape: which transposes make "
    "the shapes fit when no two sizes are equal?"
)

EXERCISE = Exercise(
    name="dense_backward",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1.75},
    probes=dense_probes,
    keras_reference=keras_dense_backward,
    numpy_op=ops.dense_backward,
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
        *kept_axes((1, -1), (-1, 1)),
        *order_twists(),
    ),
    hints=(
        "Write down one output: a sum of inputs times weights, plus a bias. How much does it change when one of these three does?",
        "An input feeds all units, so its gradient is a sum over the units. A weight serves all pictures. Over what is its gradient summed?",
        "Both sums are matrix products with dout. Each gradient has the shape of what it belongs to. Which array must be transposed for that?",
    ),
    rung_hints={
        "shape": "There are three results, in the order dx, dw, db. They have the shapes of x, of the weights, and (units,). Which of yours differs?",
        "by-hand": "One unit: out = x₀w₀ + x₁w₁ + b. What does out gain when w₀ grows by 1?",
        "structure": "With equal sizes a wrong transpose no longer raises. Check every product's letters: (N, units), (N, n), (n, units).",
        "robust": "dout must be (N, units), and the weights (n, units). Check before you multiply, and name the one that is wrong.",
    },
)
