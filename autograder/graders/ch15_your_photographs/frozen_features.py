"""Chapter 15's features of a frozen base, which normalizes batches, so that its mode shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.networks import run
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.networks.vgg import vgg_preprocess
from cnnlab.course.ops import Array, require

Rng = np.random.Generator
Network = dict[str, Any]

TERMS = 27 + 9 * 5 + 48
EPSILON = 1e-3
"""Keras's own, in its batch normalization."""


def base(rng: Rng, shape: tuple[int, int], maps: int = 7) -> Network:
    """Two convolutions with a batch normalization between them, as it crosses to the driver."""
    conv = {"kernel_size": 3, "padding": "same", "activation": "relu"}
    kernels = [rng.normal(size=(3, 3, c, f)) for c, f in ((3, 5), (5, maps))]
    small = [k / (10 if k.shape[2] == 3 else 6) for k in kernels]
    bias = [rng.normal(size=f) for f in (5, maps)]
    moving = [rng.uniform(0.5, 1.5, 5), rng.normal(size=5)]  # gamma, beta
    moving += [rng.uniform(20, 60, 5), rng.uniform(400, 900, 5)]  # mean, variance
    arrays = [small[0], bias[0], *moving, small[1], bias[1]]
    return {
        "layers": [
            ["Conv2D", {"filters": 5, **conv}],
            ["BatchNormalization", {}],
            ["Conv2D", {"filters": maps, **conv}],
        ],
        "names": ["conv1", "norm", "conv2"],
        "input_shape": [*shape, 3],
        "weights": [array.astype(np.float32) for array in arrays],
    }


def probes(rng: Rng) -> Iterator[Probe]:
    def pictures(count: int, shape: tuple[int, int]) -> Array:
        colors = rng.integers(30, 226, (count, 1, 1, 3))
        noise = rng.integers(-30, 31, (count, *shape, 3))
        return (colors + noise).astype(np.uint8)

    def probe(rung: str, count: int, title: str, shape: tuple[int, int], *batch: int) -> Probe:
        maps = 3 if rung == "by-hand" else 7
        call = (pictures(count, shape), *batch)
        return Probe(rung, call, title=title, terms=TERMS, given=base(rng, shape, maps))

    yield probe("shape", 5, "five pictures", (6, 8))
    yield probe("by-hand", 1, "one picture", (2, 3))
    yield probe("by-hand", 2, "two pictures, one after the other", (2, 2), 1)
    yield probe("batches", 7, "seven pictures, three at a time", (5, 6), 3)
    yield probe("batches", 6, "six pictures, three at a time", (5, 6), 3)
    yield probe("batches", 4, "four pictures in batches of ten", (5, 6), 10)
    yield probe("reference", 35, "35 pictures", (8, 10))
    yield probe("reference", 9, "as high as wide", (7, 7), 4)
    yield probe("robust", 3, "all in order", (4, 4), 2)
    yield Probe(
        "robust",
        (pictures(3, (4, 4)), 0),
        title="batches of none",
        raises="batch",
        given=base(rng, (4, 4)),
    )


def as_seen(args: tuple[Any, ...], value: Any) -> Any:
    """What is compared: float32 and float64 are both right for a network of float32."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float32)
    return value


def keras_features(images: Array, batch: int = 32, *, given: Network) -> Array:
    """By Keras: its own preprocessing for VGG, and a pooling layer behind the base."""
    import keras

    from cnnlab.autograder.sandbox.drivers import models

    model = models.stack(**given)
    pooled = keras.layers.GlobalAveragePooling2D()(model.output)
    x = keras.applications.vgg16.preprocess_input(images.astype(np.float32), "channels_last")
    return models.numbers(keras.Model(model.input, pooled)(x, training=False))


# The features once more by NumPy, with a keyword for every step that can go wrong


def through(given: Network, x: Array, training: bool = False) -> Array:
    """The base's maps."""
    weights = [np.asarray(w, np.float64) for w in given["weights"]]
    gamma, beta, mean, variance = weights[2:6]
    z = _conv(given, 0, x.astype(np.float64), weights[:2])
    if training:
        mean, variance = z.mean(axis=(0, 1, 2)), z.var(axis=(0, 1, 2))
    z = gamma * (z - mean) / np.sqrt(variance + EPSILON) + beta
    return _conv(given, 2, z, weights[6:])


def _conv(given: Network, place: int, x: Array, weights: list[Array]) -> Array:
    one = {
        "layers": [given["layers"][place]],
        "names": [given["names"][place]],
        "weights": weights,
    }
    return run(one, x)[-1].y


def _mean(maps: Array) -> Array:
    return maps.mean(axis=(1, 2))


def simulated(
    images: Array,
    batch: int = 32,
    *,
    given: Network,
    prepare: Callable[[Array], Array] = vgg_preprocess,
    training: bool = False,
    starts: Callable[[int, int], list[int]] = lambda n, batch: list(range(0, n, batch)),
    pool: Callable[[Array], Array] = _mean,
) -> Array:
    """What the driver says of a right solution."""
    require(batch >= 1, "batch", "must be 1 or more", batch)
    found = [
        pool(through(given, prepare(images[start : start + batch]), training))
        for start in starts(len(images), batch)
    ]
    if not found:
        raise ValueError("need at least one array to concatenate")
    return np.concatenate(found).astype(np.float32)


def _twice(rgb: Array) -> Array:
    return vgg_preprocess(vgg_preprocess(rgb))


def _scaled_then(rgb: Array) -> Array:
    return vgg_preprocess(rgb / np.float32(255))


def _scaled(rgb: Array) -> Array:
    return rgb / np.float32(255)


def _as_it_is(rgb: Array) -> Array:
    return rgb.astype(np.float32)


def _whole_batches(n: int, batch: int) -> list[int]:
    return [i * batch for i in range(n // batch)]


def _first_batch(n: int, batch: int) -> list[int]:
    return [0]


POOLINGS: dict[str, Callable[[Array], Array]] = {
    "not-pooled": lambda maps: maps,
    "flattened": lambda maps: maps.reshape(len(maps), -1),
}
_POOLED = "Your features are whole maps. Where something is in the picture should not matter here. What makes one number of each map?"
_AXES = "You average over the wrong axes. A map has height and width: which numbers are these in (N, h, w, C)?"
_TWICE = "Your pictures are preprocessed twice, so the colors are changed back and the means are subtracted once more. What does base get?"
_PREPARED = "The base was trained with other numbers than you give it. vgg_preprocess turns pixels into what it knows. Where must it come in?"
_TRAINING = "The base runs as in training: it normalizes each batch by itself, so a picture's features depend on its neighbors. How do you tell Keras that this is not training?"
_LAST = "The last pictures have no features: they do not fill a batch. How many batches does it take for 7 pictures, three at a time?"

EXERCISE = Exercise(
    name="frozen_features",
    points={"shape": 0.5, "by-hand": 1, "batches": 2, "reference": 2.5},
    probes=probes,
    keras_reference=keras_features,
    numpy_op=simulated,
    simulated=True,
    driver="ch15.features",
    describe=as_seen,
    twists=(
        *(Twist("preprocessed-twice", with_mistake(prepare=p), _TWICE) for p in (_twice,)),
        *(
            Twist("not-preprocessed", with_mistake(prepare=p), _PREPARED)
            for p in (_as_it_is, _scaled)
        ),
        Twist(
            "divides-by-255",
            with_mistake(prepare=_scaled_then),
            "You divide by 255 before vgg_preprocess, which expects pixels from 0 to 255. Nearly black pictures are what is left. Which of the two steps is too much?",
        ),
        Twist("training-mode", with_mistake(training=True), _TRAINING),
        Twist("last-batch-dropped", with_mistake(starts=_whole_batches), _LAST),
        Twist(
            "first-batch-only",
            with_mistake(starts=_first_batch),
            "Only the first batch has features. How do you go on, and how do you put the batches together?",
        ),
        *(Twist("not-pooled", with_mistake(pool=pool), _POOLED) for pool in POOLINGS.values()),
        Twist(
            "maximum-instead",
            with_mistake(pool=lambda maps: maps.max(axis=(1, 2))),
            "You take the largest number of each map. Asked is the average, which does not depend on a single cell. What do you change?",
        ),
        Twist(
            "sum-instead",
            with_mistake(pool=lambda maps: maps.sum(axis=(1, 2))),
            "You add up each map. Larger pictures would then have larger features. What do you divide by?",
        ),
        *(
            Twist("wrong-axes", with_mistake(pool=lambda maps, a=a: maps.mean(axis=a)), _AXES)
            for a in ((-1,), (1,), (2,), (2, 3))
        ),
    ),
    hints=(
        "The base never changes, so each picture goes through it once. What comes out are maps. What is left of each map?",
        "Go through the pictures in steps of batch. Preprocess them, call the base, average its maps, and keep the result. Then put all of them together.",
        "base(x, training=False) answers with maps (n, h, w, C). range with a step gives the start of each batch. What is sliced when the last batch is short?",
    ),
    rung_hints={
        "shape": "There is one row for each picture, and one number for each map. What is the shape of yours?",
        "by-hand": "One small picture: preprocess it, call the base, average each map. At which step do your numbers begin to differ?",
        "batches": "The features must not depend on how the pictures are dealt into batches. Which pictures are wrong or missing?",
        "robust": "A batch below 1 makes no sense. Raise a ValueError that names batch.",
    },
)
