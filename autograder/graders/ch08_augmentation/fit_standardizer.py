"""Chapter 8's ``fit_standardizer``: mean and standard deviation of the training pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import bytes_, floats
from cnnlab.autograder.graders.ch08_augmentation._standardizing import EVERYTHING, PER_IMAGE, WRAPS
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, with_mistake
from cnnlab.course.ops import Array

Rng = np.random.Generator


def fit_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, train: Any, title: str = "") -> Probe:
        return Probe(rung, (train,), title=title, terms=int(np.prod(np.shape(train)[:3])))

    yield probe("shape", reals(rng, 4, 3, 5, 2))
    yield probe("edge-cases", bytes_(rng, 2, 3, 4, 3), "bytes")
    yield probe("robust", [[[[1], [2]], [[3], [5]]]], "lists")
    pixels = wholes(rng, 4)
    yield probe("by-hand", pixels.reshape(1, 2, 2, 1), "one small picture")
    yield probe("by-hand", np.stack([pixels, -3 * pixels], -1).reshape(2, 1, 2, 2), "two channels")
    yield probe("structure", wholes(rng, 3, 3, 3, 3), "every size 3")
    yield probe("structure", wholes(rng, 5, 1, 1, 4), "pictures of one pixel")
    for shape in ((6, 5, 7, 3), (3, 8, 4, 5)):
        yield probe("reference", 3 * reals(rng, *shape) + 1)
    yield probe("edge-cases", bytes_(rng, 5, 6, 8, 3), "bytes")
    yield probe("edge-cases", bytes_(rng, 4, 9, 5, 2), "bytes")
    yield probe("reference", rng.normal(2, 3, (4, 6, 5, 3)), "float64")
    flat = reals(rng, 4, 3, 5, 3)
    flat[..., 1] = 0.5
    yield probe("edge-cases", flat, "a channel that is the same everywhere")
    yield probe("edge-cases", bytes_(rng, 1, 7, 4, 3), "a single picture")
    yield Probe("robust", (reals(rng, 4, 5, 3),), title="three axes", raises="train")
    yield Probe("robust", (reals(rng, 2, 2, 4, 5, 3),), title="five axes", raises="train")
    yield probe("robust", reals(rng, 2, 4, 5, 3), "four axes")


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
    keep: bool = False,
) -> tuple[Array, Array]:
    """`fit_standardizer` with mistakes: without any, it is that function."""
    if np.ndim(train) != 4:
        raise ValueError(f"train must have four axes. Received: {np.shape(train)}")
    both = floats(train).mean(axis=axis), spread(train, axis)
    if not keep:
        return both
    kept = floats(train).mean(axis=axis, keepdims=True).shape
    return both[0].reshape(kept), both[1].reshape(kept)


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


def _repeated(op: Op) -> Op:
    """One number for everything, written once for each channel."""

    def mistaken(train: Any) -> tuple[Array, ...]:
        both = with_mistake(axis=None)(op)(train)
        return tuple(np.full(np.shape(train)[3], number) for number in both)

    return mistaken


_WRONG_AXES = (
    "There should be one mean and one standard deviation for each channel: red, green, blue. "
    "Over which axes do yours run, and which one is left?"
)

_KEEPS = (
    "Your numbers keep the axes that the mean ran over, each of length 1. One number for each "
    "channel is enough: what shape is that?"
)

EXERCISE = Exercise(
    name="fit_standardizer",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 0.5,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=fit_probes,
    keras_reference=keras_fit,
    numpy_op=fit,
    describe=unit_for_zero,
    twists=(
        *(Twist("per-image", with_mistake(axis=axis), PER_IMAGE) for axis in ((1, 2), (1, 2, 3))),
        *(
            Twist("wrong-axes", with_mistake(axis=axis), _WRONG_AXES)
            for axis in (0, None, 3, (0, 1), (0, 2), (0, 3), (0, 1, 3), (0, 2, 3))
        ),
        Twist("wrong-axes", _repeated, _WRONG_AXES),
        Twist(
            "mean-of-stds",
            with_mistake(spread=lambda train, axis: floats(train).std(axis=(1, 2)).mean(axis=0)),
            "Your std is the mean of the pictures' own. A dark and a bright picture then seem to scatter little. From which mean must the distance of each pixel be measured?",
        ),
        Twist("keeps-axes", with_mistake(keep=True), _KEEPS),
        *(
            Twist("wraps-around", with_mistake(spread=wraps), WRAPS)
            for wraps in (_squares_of_bytes, _byte_differences)
        ),
        Twist(
            "sample-std",
            with_mistake(spread=_spread(lambda x, axis: x.std(axis=axis, ddof=1))),
            "You divide by one less than the number of pixels. Here all pixels count. Which setting of NumPy's function says so?",
        ),
        Twist(
            "variance-for-std",
            with_mistake(spread=_spread(lambda x, axis: x.var(axis=axis))),
            "Your second result is the variance. What must you take of it to get the standard deviation?",
        ),
    ),
    hints=(
        "One number describes all the red of all pictures together. How many channels are there?",
        "A mean may run over several axes at once. Which axis of (N, H, W, C) must stay?",
        "NumPy's mean and std take a tuple of axes. Turn bytes and lists into floats first, and look at the number of axes.",
    ),
    rung_hints={
        "shape": "A tuple of two arrays comes back, both of shape (C,): one number for each channel. What does your function return?",
        "structure": "All sizes are equal here, so no shape will tell you which axes went. Which one must stay?",
        "reference": "Are the bytes floats before anything is squared or subtracted?",
        "robust": "The pictures need four axes. Raise a ValueError that names train if they have not.",
    },
)
