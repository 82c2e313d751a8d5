"""Chapter 8's ``standardize``: mean 0 and standard deviation 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import bytes_, floats
from cnnlab.autograder.graders.ch08_augmentation._standardizing import EVERYTHING, PER_IMAGE, WRAPS
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, with_mistake
from cnnlab.course.ops import Array, as_floats

Rng = np.random.Generator


def stats_like(rng: Rng, channels: int, dtype: Any = np.float32) -> tuple[Array, Array]:
    mean, std = reals(rng, channels, dtype=dtype), np.abs(reals(rng, channels, dtype=dtype))
    return mean, std + dtype(0.25)


def byte_stats(rng: Rng, channels: int) -> tuple[Array, Array]:
    """What pictures made of bytes give."""
    return rng.uniform(80, 160, channels), rng.uniform(40, 80, channels)


def standardize_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, x: Any, stats: Any, title: str = "") -> Probe:
        return Probe(rung, (x, stats), title=title, terms=4)

    yield probe("shape", reals(rng, 2, 3, 4, 2), stats_like(rng, 2))
    yield probe("edge-cases", bytes_(rng, 2, 3, 4, 3), byte_stats(rng, 3), "bytes")
    mean, std = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    yield probe("by-hand", wholes(rng, 1, 1, 3, 2, dtype=np.float64), (mean, std), "one row")
    yield probe("by-hand", wholes(rng, 2, 1, 1, 2, dtype=np.float64), (mean, std), "two pictures")
    yield probe("structure", reals(rng, 2, 3, 3, 3), stats_like(rng, 3), "as many rows as channels")
    yield probe("structure", reals(rng, 3, 4, 4, 4), stats_like(rng, 4), "every side 4")
    few = reals(rng, 1, 2, 3, 2)
    yield probe("structure", few, stats_like(rng, 2), "one picture that is not like the others")
    yield probe("reference", reals(rng, 4, 6, 5, 3), stats_like(rng, 3))
    yield probe("edge-cases", bytes_(rng, 3, 7, 4, 3), byte_stats(rng, 3), "bytes")
    yield probe("edge-cases", bytes_(rng, 2, 5, 6, 2), byte_stats(rng, 2), "bytes")
    float64 = rng.normal(1, 2, (3, 5, 4, 3)), stats_like(rng, 3, np.float64)
    yield probe("reference", *float64, "float64")
    for channel in (0, 2):
        mean, std = stats_like(rng, 3, np.float64)
        std[channel] = 0
        x = rng.normal(size=(2, 3, 4, 3))
        yield probe("edge-cases", x, (mean, std), f"channel {channel} never changed in training")
    yield Probe("robust", (few[0], stats_like(rng, 2)), title="three axes", raises="x|stats")
    three = stats_like(rng, 3)
    yield Probe("robust", (few, three), title="two channels, three means", raises="x|stats")
    two = reals(rng, 1, 2, 3, 3), stats_like(rng, 2)
    yield Probe("robust", two, title="three channels, two means", raises="x|stats")
    yield probe("robust", few, stats_like(rng, 2), "all in order")


def keras_standardize(x: Any, stats: tuple[Any, Any]) -> Array:
    """Keras's ``Normalization`` with these statistics.

    Keras divides by 1e-7 where the variance is 0. The course divides by 1 there.
    """
    import keras

    x, mean, std = as_floats(x=x, mean=stats[0], std=stats[1])
    variance = np.where(std == 0, 1, std) ** 2
    layer = keras.layers.Normalization(mean=mean, variance=variance, dtype=x.dtype.name)
    return keras.ops.convert_to_numpy(layer(x))


def scaled(
    x: Any,
    stats: tuple[Any, Any],
    *,
    own: Any = None,
    lay: Callable[[Array], Array] = lambda a: a,
    divisor: Callable[[Array], Array] = lambda std: np.where(std == 0, 1, std),
    off: Callable[[Any, Array], Array] = lambda x, mean: floats(x) - mean,
) -> Array:
    """`standardize` with mistakes: without any, it is that function."""
    if np.ndim(x) != 4 or np.shape(stats[0]) != (np.shape(x)[3],):
        raise ValueError(f"x and stats must fit. Received: {np.shape(x)}")
    if own is not None:
        stats = floats(x).mean(axis=own, keepdims=True), floats(x).std(axis=own, keepdims=True)
    mean, std = (lay(np.asarray(a)) for a in stats)
    with np.errstate(all="ignore"):
        return off(x, mean) / divisor(std).astype(std.dtype)


def _divided_first(op: Op) -> Op:
    def mistaken(x: Any, stats: tuple[Any, Any]) -> Array:
        mean, std = stats
        return op(floats(x), (0 * mean, std)) - mean

    return mistaken


def _in_place(op: Op) -> Op:
    def mistaken(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.ndim != 4:
            return op(x, *args, **kwargs)
        x[...] = op(x, *args, **kwargs)
        return x

    return mistaken


_ZERO = "Where a channel never changes, its std is 0, and dividing by it gives nan, inf or a huge number. Divide by 1 there."
_OWN = "You use the mean and std of the pictures that come in. The network was trained with other numbers, and a single test picture has none. Which pictures must they come from?"

_EPSILON = "You add a small number to every std. That works, and Keras does so too. What does a std of 0 count as in this exercise?"

EXERCISE = Exercise(
    name="standardize",
    points={"shape": 0.25, "by-hand": 0.75, "structure": 0.5, "reference": 1.5, "edge-cases": 0.25},
    probes=standardize_probes,
    keras_reference=keras_standardize,
    numpy_op=scaled,
    needs=("fit_standardizer",),
    variants=tuple(
        Twist("other-epsilon", with_mistake(divisor=lambda std, e=e: std + e), _EPSILON)
        for e in (1e-3, 1e-4, 1e-5, 1e-6)
    ),
    twists=(
        Twist("uses-test-statistics", with_mistake(own=EVERYTHING), _OWN),
        *(Twist("per-image", with_mistake(own=axis), PER_IMAGE) for axis in ((1, 2), (1, 2, 3))),
        *(
            Twist(
                "wrong-axes",
                with_mistake(lay=lay),
                "The mean and std belong to the channels. You use them along another axis, or make one number of them.",
            )
            for lay in (
                lambda a: a.reshape(-1, 1, 1),
                lambda a: a.reshape(-1, 1),
                lambda a: np.array(a.mean()),
            )
        ),
        Twist("zero-std", with_mistake(divisor=lambda std: std), _ZERO),
        *(
            Twist("zero-std", with_mistake(divisor=lambda std, eps=eps: std + eps), _ZERO)
            for eps in (1e-8, 1e-7, 1e-6, 1e-5)
        ),
        *(
            Twist(
                "zero-std", with_mistake(divisor=lambda std, eps=eps: np.maximum(std, eps)), _ZERO
            )
            for eps in (1e-8, 1e-7, 1e-6, 1e-5)
        ),
        Twist(
            "wraps-around",
            with_mistake(
                off=lambda x, mean: floats(np.asarray(x) - mean.astype(np.asarray(x).dtype))
            ),
            WRAPS,
        ),
        Twist(
            "variance-for-std",
            with_mistake(divisor=lambda std: np.where(std == 0, 1, std) ** 2),
            "You divide by the variance. Divide by the standard deviation itself.",
        ),
        Twist(
            "order-swapped",
            on_args(lambda x, stats: (x, stats[::-1])),
            "You take off the std and divide by the mean. In which order do the two stand in stats?",
        ),
        Twist(
            "divides-first",
            _divided_first,
            "You divide first and take the mean off afterward. The mean belongs to the numbers as they come in. Which of the two steps must be first?",
        ),
        Twist(
            "not-divided",
            with_mistake(divisor=np.ones_like),
            "The mean goes, the spread stays. What makes the standard deviation 1?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "Your function writes into its input. Whoever called it still needs those numbers. Where can you keep your result instead?",
        ),
    ),
    hints=(
        "What must you subtract so that the mean becomes 0, and what must you divide by so that the std becomes 1?",
        "x has the channels on its last axis, and so have mean and std. Does NumPy need any help to line them up?",
        "np.where chooses between two arrays cell by cell: here between std and 1. Compare the shapes before you compute.",
    ),
    rung_hints={
        "shape": "The result has the shape of x. What is the shape of yours?",
        "structure": "One picture alone must come out as it would among others. Which numbers may it be standardized with?",
        "edge-cases": "What is a number divided by 0? Divide by 1 there.",
        "robust": "The pictures need four axes, and stats one mean and one std for each channel. Raise a ValueError that names x or stats if that is not so.",
    },
)
