"""Chapter 8's beginning: mean 0 and standard deviation 1, and whitened patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.twists import Op, Twist, slip
from cnnlab.course.ops import Array, as_floats

Rng = np.random.Generator
EVERYTHING = (0, 1, 2)


def floats(value: Any) -> Array:
    """Lists and integers as float64."""
    return as_floats(x=value)[0]


def bytes_(rng: Rng, *shape: int) -> Array:
    """Pictures as they come from a file: whole numbers from 0 to 255."""
    return rng.integers(0, 256, shape).astype(np.uint8)


def instead(function: Callable[..., Any]) -> Callable[[Op], Op]:
    """A formula that replaces the op."""
    return lambda op: function


# fit_standardizer


def fit_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, train: Any, title: str = "") -> Probe:
        return Probe(rung, (train,), title=title, terms=int(np.prod(np.shape(train)[:3])))

    yield probe("shape", reals(rng, 4, 3, 5, 2))
    yield probe("shape", bytes_(rng, 2, 3, 4, 3), "bytes")
    yield probe("shape", [[[[1], [2]], [[3], [5]]]], "lists")
    pixels = wholes(rng, 4)
    yield probe("by-hand", pixels.reshape(1, 2, 2, 1), "one small picture")
    yield probe("by-hand", np.stack([pixels, -3 * pixels], -1).reshape(2, 1, 2, 2), "two channels")
    yield probe("structure", wholes(rng, 3, 3, 3, 3), "every size 3")
    yield probe("structure", wholes(rng, 5, 1, 1, 4), "pictures of one pixel")
    for shape in ((6, 5, 7, 3), (3, 8, 4, 5)):
        yield probe("reference", 3 * reals(rng, *shape) + 1)
    yield probe("reference", bytes_(rng, 5, 6, 8, 3), "bytes")
    yield probe("reference", bytes_(rng, 4, 9, 5, 2), "bytes")
    yield probe("reference", rng.normal(2, 3, (4, 6, 5, 3)), "float64")
    flat = reals(rng, 4, 3, 5, 3)
    flat[..., 1] = 0.5
    yield probe("edge-cases", flat, "a channel that is the same everywhere")
    yield probe("edge-cases", bytes_(rng, 1, 7, 4, 3), "a single picture")
    yield Probe("bad-input", (reals(rng, 4, 5, 3),), title="three axes", raises="train")
    yield Probe("bad-input", (reals(rng, 2, 2, 4, 5, 3),), title="five axes", raises="train")
    yield probe("bad-input", reals(rng, 2, 4, 5, 3), "four axes")


def keras_fit(train: Any) -> tuple[Array, Array]:
    """What Keras's ``Normalization`` adapts itself to."""
    import keras

    x = floats(train)
    layer = keras.layers.Normalization(axis=-1, dtype=x.dtype.name)
    layer.adapt(x)
    mean, variance = map(keras.ops.convert_to_numpy, (layer.mean, layer.variance))
    return unit_for_zero((train,), (mean.reshape(-1), np.sqrt(variance.reshape(-1))))


def unit_for_zero(args: tuple[Any, ...], value: Any) -> Any:
    """A std of 0 and one of 1 in its place serve `standardize` alike."""
    mean, std = value
    if not isinstance(std, np.ndarray) or std.dtype.kind != "f":
        return value
    return mean, np.where(std == 0, np.ones_like(std), std)


def fit(
    train: Any,
    *,
    axis: Any = EVERYTHING,
    spread: Callable[[Any, Any], Any] = lambda train, axis: floats(train).std(axis=axis),
) -> tuple[Array, Array]:
    """`fit_standardizer` with slips: without any, it is that function."""
    if np.ndim(train) != 4:
        raise ValueError(f"train must have four axes. Received: {np.shape(train)}")
    return floats(train).mean(axis=axis), spread(train, axis)


def _squares_of_bytes(train: Any, axis: Any) -> Array:
    """E[x²] − E[x]² with squares that do not fit into a byte; below 0 its root is nan."""
    train = np.asarray(train)
    mean = floats(train).mean(axis=axis)
    variance = np.asarray((train * train).mean(axis=axis, dtype=mean.dtype) - mean**2)
    with np.errstate(invalid="ignore"):
        root: Array = np.sqrt(variance)
    return root if root.ndim else np.nan_to_num(root)  # a single nan never equals itself


def _byte_differences(train: Any, axis: Any) -> Array:
    """The mean cut to a byte before it is taken off."""
    train = np.asarray(train)
    mean = floats(train).mean(axis=axis)
    kept = np.expand_dims(mean, axis) if axis is not None else mean
    off = train - kept.astype(train.dtype)
    return np.sqrt((floats(off) ** 2).mean(axis=axis))


def _spread(function: Callable[[Array, Any], Array]) -> Callable[..., Array]:
    return lambda train, axis: function(floats(train), axis)


_PER_IMAGE = "Every picture gets numbers of its own. A dark photograph and a bright one then look alike: brightness is information, too. Which axes does one channel's mean run over?"
_WRONG_AXES = (
    "There should be one mean and one standard deviation for each channel: red, green, blue. "
    "Over which axes do yours run, and which one is left?"
)
_WRAPS = (
    "Bytes go from 0 to 255 and then begin again: 16² is 0 in uint8, and 10 − 20 is 246. Turn "
    "them into floats before you compute."
)

fit_standardizer = Exercise(
    name="fit_standardizer",
    points={
        "shape": 0.5,
        "by-hand": 0.5,
        "structure": 0.5,
        "reference": 1,
        "edge-cases": 0.25,
        "bad-input": 0.25,
    },
    probes=fit_probes,
    reference=keras_fit,
    correct=fit,
    view=unit_for_zero,
    twists=(
        *(Twist("per-image", slip(axis=axis), _PER_IMAGE) for axis in ((1, 2), (1, 2, 3))),
        *(
            Twist("wrong-axes", slip(axis=axis), _WRONG_AXES)
            for axis in (0, None, (0, 1), (0, 2), (0, 3), (0, 1, 3))
        ),
        *(
            Twist("wraps-around", slip(spread=wraps), _WRAPS)
            for wraps in (_squares_of_bytes, _byte_differences)
        ),
        Twist(
            "sample-std",
            slip(spread=_spread(lambda x, axis: x.std(axis=axis, ddof=1))),
            "You divide by one less than the number of pixels. Here all pixels count: ddof is 0.",
        ),
        Twist(
            "variance-for-std",
            slip(spread=_spread(lambda x, axis: x.var(axis=axis))),
            "Your second result is the variance. The standard deviation is its square root.",
        ),
    ),
    hints=(
        "How many numbers describe all the red of all pictures together? How many channels are there?",
        "A mean may run over several axes at once. All axes go but the last.",
        "NumPy's mean and std take a tuple of axes. Turn bytes and lists into floats first, and look at the number of axes.",
    ),
    rung_hints={
        "shape": "A tuple of two arrays of shape (C,). float32 in, float32 out; bytes and lists give float64.",
        "structure": "All sizes are equal here, so no shape will tell you which axes went. Which one must stay?",
        "reference": "Are the bytes floats before anything is squared or taken off?",
        "bad-input": "Four axes, or a ValueError that names train.",
    },
)


# standardize


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
    yield probe("shape", bytes_(rng, 2, 3, 4, 3), byte_stats(rng, 3), "bytes")
    mean, std = np.array([1.0, -2.0]), np.array([2.0, 0.5])
    yield probe("by-hand", wholes(rng, 1, 1, 3, 2, dtype=np.float64), (mean, std), "one row")
    yield probe("by-hand", wholes(rng, 2, 1, 1, 2, dtype=np.float64), (mean, std), "two pictures")
    yield probe("structure", reals(rng, 2, 3, 3, 3), stats_like(rng, 3), "as many rows as channels")
    yield probe("structure", reals(rng, 3, 4, 4, 4), stats_like(rng, 4), "every side 4")
    few = reals(rng, 1, 2, 3, 2)
    yield probe("structure", few, stats_like(rng, 2), "one picture that is not like the others")
    yield probe("reference", reals(rng, 4, 6, 5, 3), stats_like(rng, 3))
    yield probe("reference", bytes_(rng, 3, 7, 4, 3), byte_stats(rng, 3), "bytes")
    yield probe("reference", bytes_(rng, 2, 5, 6, 2), byte_stats(rng, 2), "bytes")
    float64 = rng.normal(1, 2, (3, 5, 4, 3)), stats_like(rng, 3, np.float64)
    yield probe("reference", *float64, "float64")
    for channel in (0, 2):
        mean, std = stats_like(rng, 3, np.float64)
        std[channel] = 0
        x = rng.normal(size=(2, 3, 4, 3))
        yield probe("edge-cases", x, (mean, std), f"channel {channel} never changed in training")
    yield Probe("bad-input", (few[0], stats_like(rng, 2)), title="three axes", raises="x|stats")
    three = stats_like(rng, 3)
    yield Probe("bad-input", (few, three), title="two channels, three means", raises="x|stats")
    two = reals(rng, 1, 2, 3, 3), stats_like(rng, 2)
    yield Probe("bad-input", two, title="three channels, two means", raises="x|stats")
    yield probe("bad-input", few, stats_like(rng, 2), "all in order")


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
    """`standardize` with slips: without any, it is that function."""
    if np.ndim(x) != 4 or np.shape(stats[0]) != (np.shape(x)[3],):
        raise ValueError(f"x and stats must fit. Received: {np.shape(x)}")
    if own is not None:
        stats = floats(x).mean(axis=own, keepdims=True), floats(x).std(axis=own, keepdims=True)
    mean, std = (lay(np.asarray(a)) for a in stats)
    with np.errstate(all="ignore"):
        return off(x, mean) / divisor(std).astype(std.dtype)


def _in_place(op: Op) -> Op:
    def mistaken(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.ndim != 4:
            return op(x, *args, **kwargs)
        x[...] = op(x, *args, **kwargs)
        return x

    return mistaken


_ZERO = "Where a channel never changes, its std is 0, and dividing by it gives nan, inf or a huge number. Divide by 1 there."
_OWN = "You use the mean and std of the pictures that come in. The test must be treated with the numbers of the *training* pictures: the network was trained with those, and a single test picture has no others."

standardize = Exercise(
    name="standardize",
    points={
        "shape": 0.5,
        "by-hand": 0.5,
        "structure": 0.5,
        "reference": 1,
        "edge-cases": 0.5,
        "bad-input": 0.25,
    },
    probes=standardize_probes,
    reference=keras_standardize,
    correct=scaled,
    needs=("fit_standardizer",),
    twists=(
        Twist("uses-test-statistics", slip(own=EVERYTHING), _OWN),
        *(Twist("per-image", slip(own=axis), _PER_IMAGE) for axis in ((1, 2), (1, 2, 3))),
        *(
            Twist(
                "wrong-axes",
                slip(lay=lay),
                "Your numbers belong to the channels, but you lay them along another axis, or make one number of them.",
            )
            for lay in (
                lambda a: a.reshape(-1, 1, 1),
                lambda a: a.reshape(-1, 1),
                lambda a: np.array(a.mean()),
            )
        ),
        Twist("zero-std", slip(divisor=lambda std: std), _ZERO),
        *(
            Twist("zero-std", slip(divisor=lambda std, eps=eps: std + eps), _ZERO)
            for eps in (1e-8, 1e-7, 1e-6, 1e-5)
        ),
        *(
            Twist("zero-std", slip(divisor=lambda std, eps=eps: np.maximum(std, eps)), _ZERO)
            for eps in (1e-8, 1e-7, 1e-6, 1e-5)
        ),
        Twist(
            "wraps-around",
            slip(off=lambda x, mean: floats(np.asarray(x) - mean.astype(np.asarray(x).dtype))),
            _WRAPS,
        ),
        Twist(
            "variance-for-std",
            slip(divisor=lambda std: np.where(std == 0, 1, std) ** 2),
            "You divide by the variance. Divide by the standard deviation itself.",
        ),
        Twist(
            "not-divided",
            slip(divisor=np.ones_like),
            "The mean goes, the spread stays. What makes the standard deviation 1?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "Your function writes into its input. Whoever called it still needs those numbers.",
        ),
    ),
    hints=(
        "What must you take off so that the mean becomes 0, and divide by so that the std becomes 1?",
        "x has the channels on its last axis, and so have mean and std: NumPy lays them on each other by themselves.",
        "np.where chooses between two arrays cell by cell: here between std and 1. Compare the shapes before you compute.",
    ),
    rung_hints={
        "shape": "The shape of x; float32 in, float32 out; bytes give float64.",
        "structure": "One picture alone must come out as it would among others: only stats may count.",
        "edge-cases": "What is a number divided by 0? Divide by 1 there.",
        "bad-input": "x has four axes, and stats has one mean and one std for each of its channels; else a ValueError that names x or stats.",
    },
)
