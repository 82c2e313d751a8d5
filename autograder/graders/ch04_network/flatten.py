"""Chapter 4's ``flatten``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.arrays import floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args, on_output
from cnnlab.course.ops import network

Rng = np.random.Generator


def flatten_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 5),))
    yield Probe("robust", (wholes(rng, 3, 2, 4, 2, dtype=np.int64),), title="integers")
    yield Probe("robust", ([[[[1], [2]], [[3], [4]]]],), title="lists")
    for shape, title in (
        ((1, 2, 2, 2), "one small picture"),
        ((2, 1, 3, 2), "two pictures of one row"),
        ((2, 2, 3, 1), "one channel"),
    ):
        first = varied(rng, 1, lambda: whole(rng, 2, 90))
        yield Probe("by-hand", (_counting(shape, first),), title=title)
    for shape in ((3, 4, 5, 2), (2, 6, 3, 4), (4, 3, 3, 3), (2, 4, 4, 4)):
        yield Probe("reference", (reals(rng, *shape),))
    yield Probe("reference", (rng.normal(size=(3, 2, 5, 3)),), title="float64")
    yield Probe("edge-cases", (reals(rng, 1, 5, 4, 3),), title="a batch of one")
    yield Probe("edge-cases", (reals(rng, 3, 1, 1, 4),), title="maps of one cell")
    yield Probe("robust", (reals(rng, 4, 3, 2),), title="three axes only", raises="x")
    yield Probe("robust", (reals(rng, 2, 2, 3, 2),), title="four axes")
    yield Probe("robust", (reals(rng, 2, 2, 3, 2, 2),), title="five axes", raises="x")


def _counting(shape: tuple[int, ...], first: int) -> Any:
    return np.arange(first, first + np.prod(shape), dtype=np.float32).reshape(shape)


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
_FORTRAN = "Your rows run down the columns first: that is Fortran's order. In NumPy's and Keras's order the last axis moves fastest. Which of your axes moves fastest?"

EXERCISE = Exercise(
    name="flatten",
    points={"shape": 0.25, "by-hand": 0.75, "reference": 0.75, "edge-cases": 0.25},
    probes=flatten_probes,
    keras_reference=keras_flatten,
    numpy_op=network.flatten,
    twists=(
        Twist("drops-batch", on_output(np.ravel), _DROPS_BATCH),
        Twist("drops-batch", on_output(lambda y: y.reshape(1, -1)), _DROPS_BATCH),
        Twist(
            "rows-and-columns-swapped",
            on_args(lambda x: (np.swapaxes(floats(x), 1, 2),)),
            "You go down the columns of a picture first. NumPy goes along a row, then to the next one. Which axis of x counts the rows?",
        ),
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
        "The first axis stays; the other three become one. The numbers keep their order in memory. How long is each row then?",
        "One NumPy method changes the shape and leaves the order alone. Let it find the row's length by itself.",
    ),
    rung_hints={
        "shape": "The result has one row for each picture. How long is a row of yours?",
        "robust": "Pictures without a batch axis have three axes. Name x in the message.",
    },
)
