"""Chapter 4's end: the trained network by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, on_args
from cnnlab.course.ops import Array, conv2d, max_pool2d, network, relu
from cnnlab.datasets.pictures import load_cats_dogs, load_network

Rng = np.random.Generator
Net = tuple[Array, list[Array]]


def random_net(
    rng: Rng,
    picture: tuple[int, ...] = (2, 16, 24, 3),
    filters: tuple[int, int, int] = (2, 3, 4),
    units: int = 5,
    dtype: Any = np.float32,
) -> Net:
    """Pictures from 0 to 1, and weights of a size at which no sum explodes or dies out."""
    height, width, channels = picture[1:]
    depths = (channels, *filters)
    shapes = [(3, 3, depths[i], depths[i + 1]) for i in range(3)]
    kernels = [rng.normal(0, (2 / (9 * s[2])) ** 0.5, s) for s in shapes]
    inputs = (height // 8) * (width // 8) * filters[-1]
    kernels += [rng.normal(0, (2 / inputs) ** 0.5, (inputs, units))]
    kernels += [rng.normal(0, (2 / units) ** 0.5, (units, 1))]
    weights: list[Array] = []
    for kernel in kernels:
        weights += [kernel, rng.normal(0.1, 0.3, kernel.shape[-1:])]
    return rng.random(picture).astype(dtype), [w.astype(dtype) for w in weights]


def by_hand_net(rng: Rng) -> Net:
    """One channel all the way, and kernels that only pass on what they meet."""
    weights = [np.zeros((3, 3, 1, 1)), np.zeros(1)] * 3
    weights = [w.copy() for w in weights] + [np.eye(1), np.zeros(1), np.eye(1), np.zeros(1)]
    for kernel in weights[:6:2]:
        kernel[1, 1] = 1
    weights[6][0, 0], weights[9][0] = rng.integers(2, 5), -rng.integers(1, 3)
    x = rng.integers(0, 5, (1, 8, 8, 1)) / 4
    return x.astype(np.float32), [w.astype(np.float32) for w in weights]


def predict_probes(rng: Rng) -> Iterator[Probe]:
    def terms(net: Net) -> int:
        return sum(int(np.prod(w.shape[:-1])) for w in net[1][::2])

    def probe(rung: str, net: Net, title: str = "") -> Probe:
        return Probe(rung, net, title=title, terms=terms(net))

    yield probe("shape", random_net(rng))
    yield probe("shape", random_net(rng, dtype=np.float64), "float64")
    yield probe("by-hand", by_hand_net(rng), "kernels that pass on what they meet")
    x, weights = by_hand_net(rng)
    yield probe("by-hand", (x, [*weights[:9], weights[9] - 1]), "the same with another bias")
    x, weights = random_net(rng)
    yield probe("structure", (np.zeros_like(x), weights), "black pictures")
    yield probe("structure", random_net(rng, (1, 16, 16, 2)), "one picture")
    yield probe("structure", random_net(rng, (3, 8, 8, 1), (2, 2, 2), 2), "maps of one cell")
    yield probe("structure", random_net(rng, (2, 19, 26, 3)), "odd sizes")
    yield probe("structure", random_net(rng, (2, 24, 24, 3), (3, 3, 3), 3), "every depth 3")
    trained, test = load_network().weights, load_cats_dogs().test.x
    for count in (2, 4):
        chosen = rng.choice(len(test), count, replace=False)
        net = (test[chosen] / np.float32(255), trained)
        yield probe("reference", net, f"{count} real pictures, the trained weights")
    yield probe("reference", random_net(rng, (2, 32, 32, 3), (4, 6, 8), 10), "float32")
    yield probe("reference", random_net(rng, (2, 32, 24, 3), (3, 5, 4), 6, np.float64), "float64")
    x, weights = random_net(rng)
    yield Probe("robust", (x, weights[:8]), title="the last layer is missing", raises="weights")
    more = [*weights, weights[8], weights[9]]
    yield Probe("robust", (x, more), title="a layer too many", raises="weights")
    grey = "gray pictures for a network that takes colors"
    yield Probe("robust", (x[..., :1], weights), title=grey, raises="x|weights")
    deep = "four channels for a network that takes three"
    yield Probe("robust", (x[..., [0, 1, 2, 0]], weights), title=deep, raises="x|weights")
    yield probe("robust", (x[:1], weights), "all in order")


def keras_predict(x: Any, weights: list[Any]) -> Array:
    """The prediction of the Keras model that holds these weights."""
    import keras

    from cnnlab.course.networks.cnn import small_cnn

    x = floats(x)
    filters = [kernels.shape[-1] for kernels in weights[:6:2]]
    model = small_cnn(x.shape[1:], filters, weights[6].shape[1], dtype=x.dtype.name)
    model.set_weights(weights)
    return keras.ops.convert_to_numpy(model(x))


# The whole network once more, with a keyword for every step that can go wrong


def steps(
    x: Any,
    weights: list[Any],
    *,
    relus: str = "conv dense",
    pool: Callable[[Array], Array] = max_pool2d,
    fit: Callable[[Array, Array], Array] = lambda rows, kernel: rows,
    last: Callable[[Array], Array] = network.sigmoid,
) -> Array:
    """`predict.EXERCISE` with mistakes: without any, it is that function."""
    x = floats(x)
    network.require(len(weights) == network.ARRAYS, "weights", "must hold ten", len(weights))
    for kernels, bias in zip(weights[:6:2], weights[1:6:2], strict=True):
        x = conv2d(x, kernels, bias, padding="same")
        x = pool(relu(x) if "conv" in relus else x)
    rows = fit(network.flatten(x), weights[6])
    hidden = network.dense(rows, weights[6], weights[7], "relu" if "dense" in relus else None)
    return last(network.dense(hidden, weights[8], weights[9]))


def with_mistake(**options: Any) -> Callable[[Op], Op]:
    return lambda op: lambda *args, **kwargs: op(*args, **options, **kwargs)


def _every_second(x: Array) -> Array:
    """The pool's size, without its maximum."""
    rows, columns = x.shape[1] // 2, x.shape[2] // 2
    return x[:, : 2 * rows : 2, : 2 * columns : 2]


def _refuse(rows: Array, kernel: Array) -> Array:
    """A dense layer that meets more numbers than it has weights for ends in an error."""
    if rows.shape[1] != len(kernel):
        raise Fails(f"{rows.shape[1]} inputs for {len(kernel)} rows of weights")
    return rows


def _crop(rows: Array, kernel: Array) -> Array:
    """A loop over the weights' rows never sees the other numbers."""
    return rows[:, : len(kernel)]


def _channels_first(op: Op) -> Op:
    """Rows of numbers in another order: the same as weights in another order."""

    def mistaken(x: Any, weights: list[Any], **kwargs: Any) -> Any:
        height, width = np.shape(x)[1] // 8, np.shape(x)[2] // 8

        def fit(rows: Array, kernel: Array) -> Array:
            maps = rows.reshape(len(rows), height, width, -1)
            return np.moveaxis(maps, -1, 1).reshape(len(rows), -1)

        return op(x, weights, **{"fit": fit, **kwargs})

    return mistaken


_RELU = "A ReLU is missing. It comes after each of the three convolutions and after the first dense layer. After which of them is yours missing?"
_POOL = "The maps do not pass through max pooling. After each ReLU, every 2×2 window must become one number. Which of the four?"

EXERCISE = Exercise(
    name="predict",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1, "reference": 2.75},
    probes=predict_probes,
    keras_reference=keras_predict,
    numpy_op=steps,
    needs=("flatten", "sigmoid", "softmax", "dense"),
    twists=(
        *(
            Twist("relu-missing", with_mistake(relus=relus), _RELU)
            for relus in ("", "dense", "conv")
        ),
        Twist("pool-missing", with_mistake(pool=lambda x: x, fit=_refuse), _POOL),
        Twist("pool-missing", with_mistake(pool=lambda x: x, fit=_crop), _POOL),
        Twist("pool-missing", with_mistake(pool=_every_second), _POOL),
        Twist(
            "channels-first-order",
            _channels_first,
            "Your rows hold one whole channel after the other before they meet the dense layer. Keras takes all channels of a place together. Which axis must move fastest in a row?",
        ),
        Twist(
            "rescaled-twice",
            on_args(lambda x, weights: (floats(x) / 255, weights)),
            "You divide the pictures by 255. They come from 0 to 1 already. How dark do they become when you divide again?",
        ),
        Twist(
            "sigmoid-missing",
            with_mistake(last=lambda z: z),
            "Your results go below 0 or above 1. Which step turns the last sum into a probability?",
        ),
        Twist(
            "softmax-on-one-unit",
            with_mistake(last=network.softmax),
            "Every picture gets exactly 1. Softmax shares out a whole: what does a single unit get of it?",
        ),
    ),
    hints=(
        "Write the list of steps on paper: three times the same block, then two dense layers. Which arrays of the list belong to which step?",
        "The first two arrays of the list are the first convolution's kernels and biases. The next two are the second's. What comes after each convolution?",
        "All the pieces exist: conv2d, relu and max_pool2d are given, flatten and dense are yours. Print the shape after every step and compare it with the table above.",
    ),
    rung_hints={
        "shape": "One number comes out for each picture: shape (N, 1). What is the shape of yours?",
        "by-hand": "These kernels pass on what they meet. So three poolings leave the largest number of the picture. Work out the two dense layers and the sigmoid on paper.",
        "reference": "Small networks pass, real pictures do not? Then look at what you do to x before the first layer.",
        "robust": "The list must hold ten arrays, and the first kernels must have as many channels as the pictures. Name the argument in each message.",
    },
)
