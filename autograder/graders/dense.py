"""Chapter 4's first half: flatten, sigmoid, softmax, dense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.keras_layers import answer
from cnnlab.autograder.twists import Op, Twist, on_args, on_output
from cnnlab.course import network

Rng = np.random.Generator


def floats(value: Any) -> Any:
    """As Keras's layers take it: lists and integers as float64."""
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


# flatten


def flatten_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 5),))
    yield Probe("shape", (wholes(rng, 3, 2, 4, 2, dtype=np.int64),), title="integers")
    yield Probe("shape", ([[[[1], [2]], [[3], [4]]]],), title="lists")
    for shape, title in (
        ((1, 2, 2, 2), "one small picture"),
        ((2, 1, 3, 2), "two pictures of one row"),
        ((2, 2, 3, 1), "one channel"),
    ):
        yield Probe("by-hand", (_counting(shape),), title=title)
    for shape in ((3, 4, 5, 2), (2, 6, 3, 4), (4, 3, 3, 3), (2, 4, 4, 4)):
        yield Probe("reference", (reals(rng, *shape),))
    yield Probe("reference", (rng.normal(size=(3, 2, 5, 3)),), title="float64")
    yield Probe("edge-cases", (reals(rng, 1, 5, 4, 3),), title="a batch of one")
    yield Probe("edge-cases", (reals(rng, 3, 1, 1, 4),), title="maps of one cell")
    yield Probe("bad-input", (reals(rng, 4, 3, 2),), title="three axes only", raises="x")
    yield Probe("bad-input", (reals(rng, 2, 2, 3, 2),), title="four axes")
    yield Probe("bad-input", (reals(rng, 2, 2, 3, 2, 2),), title="five axes", raises="x")


def _counting(shape: tuple[int, ...]) -> Any:
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


def keras_flatten(x: Any) -> Any:
    import keras

    x = floats(x)
    return keras.ops.convert_to_numpy(keras.layers.Flatten(dtype=x.dtype.name)(x))


def _channels_first(x: Any) -> tuple[Any]:
    return (np.moveaxis(floats(x), -1, 1),)


_DROPS_BATCH = (
    "All pictures end up in one row. The first axis counts the pictures: how many rows should "
    "the result have?"
)
_CHANNELS_FIRST = (
    "Your rows hold one whole channel after the other. Keras goes through a picture place by "
    "place and takes all channels of a place together. Which axis is the last one of x?"
)
_FORTRAN = (
    "Your rows run down the columns first: that is Fortran's order. NumPy's and Keras's order "
    "moves the last axis fastest."
)

flatten = Exercise(
    name="flatten",
    points={"shape": 0.5, "by-hand": 0.5, "reference": 0.5, "edge-cases": 0.25, "bad-input": 0.25},
    probes=flatten_probes,
    reference=keras_flatten,
    correct=network.flatten,
    twists=(
        Twist("drops-batch", on_output(np.ravel), _DROPS_BATCH),
        Twist("drops-batch", on_output(lambda y: y.reshape(1, -1)), _DROPS_BATCH),
        Twist("channels-first-order", on_args(_channels_first), _CHANNELS_FIRST),
        Twist(
            "fortran-order",
            on_args(lambda x: (np.swapaxes(floats(x), 1, 3),)),
            _FORTRAN,
        ),
        Twist(
            "fortran-order",
            lambda op: lambda x: np.reshape(floats(x), (len(x), -1), order="F"),
            _FORTRAN,
        ),
    ),
    hints=(
        "A dense layer wants one row of numbers for each picture. How long is that row?",
        "The first axis stays; the other three become one. The numbers keep their order in memory.",
        "One NumPy method changes the shape and leaves the order alone. Let it find the row's length by itself.",
    ),
    rung_hints={
        "shape": "One row for each picture, as a float array: lists and integers become float64.",
        "bad-input": "Pictures without a batch axis have three axes. Say in the message that x is to blame.",
    },
)


# sigmoid and softmax


def sigmoid_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3),))
    yield Probe("shape", (wholes(rng, 4, dtype=np.int64),), title="integers")
    yield Probe("shape", ([-1, 2],), title="a list")
    yield Probe("by-hand", (np.zeros(2, np.float32),), title="zero")
    yield Probe(
        "by-hand", (np.array([-np.log(3), np.log(3)], np.float32),), title="minus and plus log 3"
    )
    yield Probe("reference", (2 * reals(rng, 3, 4),))
    yield Probe("reference", (4 * reals(rng, 2, 3, 2),))
    yield Probe("reference", (3 * rng.normal(size=(4, 5)),), title="float64")
    for size in (200.0, 1e3, 1e4):
        z = size * np.array([-1, 1], np.float32)
        yield Probe("edge-cases", (z,), title=f"±{size:g}", quiet=True)
    z = 1e4 * rng.normal(size=(3, 2))
    yield Probe("edge-cases", (z,), title="large, float64", quiet=True)


def softmax_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3),), terms=3)
    yield Probe("shape", (wholes(rng, 4, dtype=np.int64),), title="integers", terms=4)
    yield Probe("shape", ([[1, 2, 3]],), title="a list", terms=3)
    yield Probe(
        "by-hand", (np.log(np.array([1, 3], np.float32)),), title="log 1 and log 3", terms=2
    )
    yield Probe("by-hand", (np.log(np.array([[1, 1, 2], [5, 2, 1]], np.float32)),), terms=3)
    yield Probe("reference", (reals(rng, 3, 5),), terms=5)
    yield Probe("reference", (reals(rng, 4, 4),), title="as many rows as classes", terms=4)
    yield Probe("reference", (reals(rng, 2, 3, 4),), title="three axes", terms=4)
    yield Probe("reference", (reals(rng, 3, 3, 3),), title="every size 3", terms=3)
    yield Probe("reference", (rng.normal(size=(5, 3)),), title="float64", terms=5)
    for size in (200.0, 1e4):
        z = size * np.array([[-1, 1, 1], [1, -1, 0]], np.float32)
        yield Probe("edge-cases", (z,), title=f"numbers of ±{size:g}", terms=3, quiet=True)
    low = -1e4 + rng.normal(size=(2, 3))
    yield Probe("edge-cases", (low,), title="all numbers near -10000", terms=3, quiet=True)
    mixed = np.array([[9e3, 8990, -9e3], [0.5, 1, 0]], np.float32)
    yield Probe("edge-cases", (mixed,), title="one row large, one small", terms=3, quiet=True)
    towering = np.stack([reals(rng, 2, 3), reals(rng, 2, 3) + 5000])
    yield Probe(
        "edge-cases", (towering,), title="one picture small, one large", terms=3, quiet=True
    )


def keras_activation(name: str) -> Callable[[Any], Any]:
    """A Keras activation as a function of arrays. Softmax as the layer: of the last axis."""

    def reference(z: Any) -> Any:
        import keras

        return keras.ops.convert_to_numpy(getattr(keras.ops, name)(floats(z)))

    return reference


def _formula(function: Callable[[Any], Any]) -> Callable[[Op], Op]:
    """A formula that replaces the op."""
    return lambda op: lambda z: function(floats(z))


def _normalised_over(axis: int | None) -> Callable[[Any], Any]:
    """Softmax over another axis. One axis has no other, and Python's sum of it is a number."""

    def function(z: Any) -> Any:
        over = axis if axis is None or z.ndim > 1 else -1
        powers = np.exp(z - z.max(axis=over, keepdims=True))
        return powers / powers.sum(axis=over, keepdims=True)

    return function


def _overflowing(
    axis: int | None, shift: Callable[[Any], Any] = lambda z: 0
) -> Callable[[Any], Any]:
    """Softmax that takes one number from the whole array, if anything."""

    def function(z: Any) -> Any:
        powers = np.exp(z - shift(z))
        return powers / powers.sum(axis=axis, keepdims=True)

    return function


_OVERFLOWS = (
    "exp(z) of a large z is more than a float can hold: it becomes inf, and inf/inf is nan. "
    "Which z can never make exp too large?"
)
_WARNS = (
    "exp of a large number is more than a float can hold: it becomes inf, and NumPy warns of it. "
    "Your numbers survive that, by luck. Which exponent can never be too large?"
)
_WRONG_AXIS = "The shares should add up to 1 in every row, over the last axis. Over what do yours?"
_NOT_NORMALISED = (
    "Your numbers do not add up to 1. What do you have to divide by to make shares of them?"
)

sigmoid = Exercise(
    name="sigmoid",
    points={"shape": 0.5, "by-hand": 0.5, "reference": 1, "edge-cases": 1},
    probes=sigmoid_probes,
    reference=keras_activation("sigmoid"),
    correct=network.sigmoid,
    twists=(
        Twist("overflows", _formula(lambda z: np.exp(z) / (1 + np.exp(z))), _OVERFLOWS),
        Twist("overflows", _formula(lambda z: 1 / (1 + np.exp(-z))), _WARNS),
        Twist(
            "sign-missing",
            on_args(lambda z: (-floats(z),)),
            "Your curve falls where it should rise. Which z should give nearly 1, and which sign stands in the exponent?",
        ),
    ),
    hints=(
        "Where should a very large number end up, where a very negative one, and where 0?",
        "The formula is 1 / (1 + exp(-z)). For which z does exp(-z) get out of hand?",
        "exp(-z) and exp(z) are both dangerous on one side. exp of minus the absolute value never is: write each half of the curve with it.",
    ),
    rung_hints={
        "shape": "Shape and dtype stay as they came; lists and whole numbers become float64.",
        "edge-cases": "Look at exp(-10000) and exp(10000). One is harmless. Arrange the formula so that only that one is ever computed; np.where computes both of its choices.",
    },
)

softmax = Exercise(
    name="softmax",
    points={"shape": 0.5, "by-hand": 0.5, "reference": 1, "edge-cases": 1},
    probes=softmax_probes,
    reference=keras_activation("softmax"),
    correct=network.softmax,
    twists=(
        Twist("overflows", _formula(_overflowing(-1)), _OVERFLOWS),
        Twist("wrong-axis", _formula(_normalised_over(0)), _WRONG_AXIS),
        Twist("wrong-axis", _formula(_normalised_over(None)), _WRONG_AXIS),
        Twist("wrong-axis", _formula(_overflowing(0)), _WRONG_AXIS),
        Twist("wrong-axis", _formula(_overflowing(None)), _WRONG_AXIS),
        Twist("wrong-axis", _formula(_overflowing(0, np.max)), _WRONG_AXIS),
        Twist(
            "maximum-of-everything",
            _formula(_overflowing(-1, np.max)),
            "You subtract the largest number of the whole array. In a row of much smaller numbers every exp becomes 0 then. Which maximum belongs to a row?",
        ),
        Twist("not-normalised", _formula(np.exp), _NOT_NORMALISED),
        Twist(
            "not-normalised",
            _formula(lambda z: np.exp(z - z.max(axis=-1, keepdims=True))),
            _NOT_NORMALISED,
        ),
    ),
    hints=(
        "Shares of a whole: all positive, adding up to 1 in every row. What makes any number positive?",
        "exp of each number, divided by the sum of all exps of its row. What does keepdims do for the division?",
        "Take the same number away from a whole row: the shares do not change. Which number makes every exp harmless?",
    ),
    rung_hints={
        "shape": "Shape and dtype stay as they came; lists and whole numbers become float64.",
        "reference": "The sum runs over the last axis, however many axes there are before it.",
        "edge-cases": "exp(10000) does not fit into a float. What could you subtract from each row before you take exp?",
    },
)


# dense

ACTIVATIONS = (None, "relu", "sigmoid", "softmax")


def dense_probes(rng: Rng) -> Iterator[Probe]:
    def args(rows: int, n: int, units: int, draw: Any = reals, **dtype: Any) -> tuple[Any, ...]:
        shapes = (rows, n), (n, units), (units,)
        return tuple(draw(rng, *shape, **dtype) for shape in shapes)

    yield Probe("shape", args(2, 3, 4), terms=3)
    yield Probe("shape", args(3, 4, 2), {"activation": "softmax"}, terms=4)
    yield Probe("shape", args(2, 3, 2, wholes, dtype=np.int64), title="integers", terms=3)
    yield Probe("shape", ([[1, 2]], [[3], [4]], [5]), {"activation": "relu"}, "lists", terms=2)
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
    yield Probe("bad-input", (x[:, :2], weights, bias), title=fewer, raises="weights|x")
    shorter = "three biases for four units"
    yield Probe("bad-input", (x, weights, bias[:3]), title=shorter, raises="bias")
    wider = "four inputs for three rows of weights"
    yield Probe("bad-input", (reals(rng, 2, 4), weights, bias), title=wider, raises="weights|x")
    longer = "five biases for four units"
    yield Probe("bad-input", (x, weights, reals(rng, 5)), title=longer, raises="bias")
    for name in ("tanh", "elu", "selu", "silu"):  # before, between and after the three by name
        yield Probe("bad-input", (x, weights, bias, name), title=name, raises="activation")
    yield Probe("bad-input", (x, weights, bias, None), title="all in order", terms=3)


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
    "Your weights lie on their side. weights[i, u] leads from input i to unit u: which of its "
    "axes is summed over?"
)


def _softmax_over_batch(op: Op) -> Op:
    def mistaken(x: Any, weights: Any, bias: Any, activation: str | None = None) -> Any:
        if activation != "softmax":
            return op(x, weights, bias, activation)
        return network.softmax(op(x, weights, bias, None).T).T

    return mistaken


_IGNORED = (
    "One of the activations makes no difference in your layer. What should become of the sums "
    "before you return them?"
)

dense = Exercise(
    name="dense",
    points={"shape": 0.5, "by-hand": 1, "structure": 0.5, "reference": 1.5, "bad-input": 0.5},
    probes=dense_probes,
    reference=keras_dense,
    correct=network.dense,
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
        *(
            Twist("activation-ignored", _no_activation(*names), _IGNORED)
            for names in (ACTIVATIONS[1:], ("softmax",), ("sigmoid",), ("relu",), ACTIVATIONS[2:])
        ),
        Twist("wrong-axis", _softmax_over_batch, _WRONG_AXIS),
    ),
    hints=(
        "One unit: every input times its own weight, all added up, plus its bias. And if there are many units?",
        "Here a matrix product is just the thing: rows of x meet columns of weights. What shape comes out?",
        "First the sums, then the activation by its name: None leaves them, the three others are functions that you have.",
    ),
    rung_hints={
        "shape": "(N, n) times (n, units) gives (N, units). Lists and integers become float64, float32 stays.",
        "structure": "Zeros in: what is left? A single 1 in place i: which row of the weights comes out?",
        "reference": "Try all four activations one by one, on a layer with as many units as inputs, and on one with fewer.",
        "bad-input": "Three things can be wrong: weights whose rows do not fit x, a bias of another length, an activation that nobody knows.",
    },
)
