"""Chapter 4's ``dense``: a layer in which every input meets every unit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch04_network._activations import WRONG_AXIS
from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import fitting, reals, wholes
from cnnlab.autograder.graders.shared.keras_layers import answer
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args
from cnnlab.course.ops import network

Rng = np.random.Generator

ACTIVATIONS = (None, "relu", "sigmoid", "softmax")


def dense_probes(rng: Rng) -> Iterator[Probe]:
    def args(rows: int, n: int, units: int, draw: Any = reals, **dtype: Any) -> tuple[Any, ...]:
        shapes = (rows, n), (n, units), (units,)
        return fitting(rng, lambda: tuple(draw(rng, *s, **dtype) for s in shapes), _both_signs)

    yield Probe("shape", args(2, 3, 4), terms=3)
    yield Probe("shape", args(3, 4, 2), {"activation": "softmax"}, terms=4)
    yield Probe("robust", args(2, 3, 2, wholes, dtype=np.int64), title="integers", terms=3)
    yield Probe("robust", ([[1, 2]], [[3], [4]], [5]), {"activation": "relu"}, "lists", terms=2)
    yield Probe("by-hand", args(1, 2, 1, wholes), title="one unit", terms=2)
    yield Probe("by-hand", args(1, 2, 3, wholes), title="three units", terms=2)
    yield Probe("by-hand", args(2, 2, 2, wholes), {"activation": "relu"}, terms=2)
    x, weights, bias = args(3, 4, 4, wholes)
    yield Probe("structure", (np.zeros_like(x), weights, bias), title="zeros in", terms=4)
    yield Probe("structure", (x, weights, np.zeros_like(bias)), title="no bias", terms=4)
    yield Probe(
        "structure", (np.eye(4, dtype=np.float32), weights, bias), title="a 1 each", terms=4
    )
    for activation in ACTIVATIONS:
        for rows, n, units in ((3, 6, 4), (4, 4, 4)):
            given = args(rows, n, units)
            yield Probe("reference", given, {"activation": activation}, terms=n + units)
    float64 = tuple(rng.normal(size=shape) for shape in ((5, 7), (7, 3), (3,)))
    yield Probe("reference", float64, {"activation": "softmax"}, "float64", terms=10)
    yield Probe("reference", args(4, 5, 1), {"activation": "sigmoid"}, "one sigmoid unit", terms=5)
    x, weights, bias = args(2, 3, 4)
    fewer = "two inputs for three rows of weights"
    yield Probe("robust", (x[:, :2], weights, bias), title=fewer, raises="weights|x")
    shorter = "three biases for four units"
    yield Probe("robust", (x, weights, bias[:3]), title=shorter, raises="bias")
    wider = "four inputs for three rows of weights"
    yield Probe("robust", (reals(rng, 2, 4), weights, bias), title=wider, raises="weights|x")
    longer = "five biases for four units"
    yield Probe("robust", (x, weights, reals(rng, 5)), title=longer, raises="bias")
    for name in ("tanh", "elu", "selu", "silu"):  # before, between and after the three by name
        yield Probe("robust", (x, weights, bias, name), title=name, raises="activation")
    yield Probe("robust", (x, weights, bias, None), title="all in order", terms=3)


def _both_signs(args: tuple[Any, ...]) -> bool:
    """Whether ReLU keeps some of the sums and sets others to 0; a single sum cannot do both."""
    x, weights, bias = args
    sums = x @ weights + bias
    return sums.size == 1 or sums.min() < 0 < sums.max()


def keras_dense(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
    x, weights, bias = floats(x), floats(weights), floats(bias)
    return answer("Dense", x, [weights, bias], weights.shape[1], activation)


def _no_activation(*names: str) -> Callable[[Op], Op]:
    """The op without some of the activations."""

    def apply(op: Op) -> Op:
        def mistaken(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
            return op(x, weights, bias, None if activation in names else activation)

        return mistaken

    return apply


def _rows_for_columns(x: Any, weights: Any, bias: Any, *rest: Any) -> tuple[Any, ...]:
    """Row u of the weights for unit u, as a loop does it: a single number meets all inputs."""
    x, weights = floats(x), floats(weights)
    units = [np.sum(x * weights[u], axis=1) for u in range(weights.shape[1])]
    sums = np.stack(units, axis=1)
    return sums, np.eye(len(units), dtype=sums.dtype), bias, *rest


_TRANSPOSED = (
    "Your weights are transposed. weights[i, u] leads from input i to unit u: which of its "
    "axes is summed over?"
)


def _softmax_over_batch(op: Op) -> Op:
    def mistaken(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
        if activation != "softmax":
            return op(x, weights, bias, activation)
        return network.softmax(op(x, weights, bias, None).T).T

    return mistaken


def _bias_last(op: Op) -> Op:
    def mistaken(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
        return op(x, weights, 0 * floats(bias), activation) + floats(bias)

    return mistaken


def _relu_for_none(op: Op) -> Op:
    def mistaken(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
        return op(x, weights, bias, activation or "relu")

    return mistaken


_IGNORED = (
    "One of the activations makes no difference in your layer. What should become of the sums "
    "before you return them?"
)

EXERCISE = Exercise(
    name="dense",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 0.5, "reference": 1.75},
    probes=dense_probes,
    keras_reference=keras_dense,
    numpy_op=network.dense,
    needs=("sigmoid", "softmax"),
    twists=(
        Twist(
            "weights-transposed",
            on_args(lambda x, w, *rest: (x, np.transpose(w), *rest)),
            _TRANSPOSED,
        ),
        Twist("weights-transposed", on_args(_rows_for_columns), _TRANSPOSED),
        Twist(
            "bias-forgotten",
            on_args(lambda x, w, b, *rest: (x, w, 0 * floats(b), *rest)),
            "The bias is missing. What should a layer answer to a row of zeros?",
        ),
        Twist(
            "bias-subtracted",
            on_args(lambda x, w, b, *rest: (x, w, -floats(b), *rest)),
            "You take the bias off. What should a layer answer to a row of zeros when its bias is 3?",
        ),
        Twist(
            "bias-after-activation",
            _bias_last,
            "You add the bias after the activation. A ReLU could then give numbers below 0. What should it look at: the products alone, or the whole sum?",
        ),
        Twist(
            "relu-baked-in",
            _relu_for_none,
            "Without an activation, your sums still go through a ReLU. What should None do with a negative sum?",
        ),
        Twist(
            "bias-per-product",
            on_args(lambda x, w, b, *rest: (x, w, np.shape(w)[0] * floats(b), *rest)),
            "The bias is added once for every input. A unit has one bias: how often should it be in the sum?",
        ),
        *(
            Twist("activation-ignored", _no_activation(*names), _IGNORED)
            for names in (ACTIVATIONS[1:], ("softmax",), ("sigmoid",), ("relu",), ACTIVATIONS[2:])
        ),
        Twist("wrong-axis", _softmax_over_batch, WRONG_AXIS),
    ),
    hints=(
        "One unit: every input times its own weight, all added up, plus its bias. And if there are many units?",
        "Here a matrix product is just the thing: rows of x meet columns of weights. What shape comes out?",
        "None leaves the sums as they are, and the three others are functions that you have. How do you get from a name to its function?",
    ),
    rung_hints={
        "shape": "(N, n) times (n, units) gives (N, units). What is the shape of yours?",
        "structure": "A row of zeros leaves the bias alone. A single 1 in place i brings out one row of the weights. Which row is it?",
        "reference": "Try all four activations one by one, on a layer with as many units as inputs, and on one with fewer.",
        "robust": "Three things can be wrong: weights whose rows do not fit x, a bias of another length, an unknown activation. Name the argument in each message.",
    },
)
