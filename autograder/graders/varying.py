"""Chapter 8's variations of a picture: mirrored, shifted, with another contrast, turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.exercise import Exercise, Probe
from cnnlab.autograder.graders.draws import reals, wholes
from cnnlab.autograder.graders.standardizing import bytes_, floats, instead
from cnnlab.autograder.twists import Op, Twist, on_args, slip
from cnnlab.course import augmentation
from cnnlab.course.ops import Array

Rng = np.random.Generator


def four_axes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A mistake that still looks at the number of axes, as the course's own op does."""
    return lambda x, *args, **kwargs: function(augmentation.batch(x), *args, **kwargs)


def axes_probes(x: Array, *rest: Any) -> Iterator[Probe]:
    """The bad input that all four share."""
    yield Probe("bad-input", (x[0], *rest), title="three axes", raises="x")
    yield Probe("bad-input", (x[None], *rest), title="five axes", raises="x")
    yield Probe("bad-input", (x, *rest), title="four axes", terms=500)


# hflip


def hflip_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2),))
    yield Probe("shape", (reals(rng, 1, 2, 3, 1, dtype=np.float64),), title="float64")
    yield Probe("by-hand", (wholes(rng, 1, 1, 3, 1),), title="one row")
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1),), title="two rows")
    yield Probe("by-hand", (wholes(rng, 2, 2, 2, 2),), title="every size 2")
    yield Probe("reference", (reals(rng, 3, 5, 6, 3),))
    yield Probe("reference", (reals(rng, 4, 7, 3, 2),))
    yield Probe("reference", (rng.normal(size=(2, 4, 5, 3)),), title="float64")
    yield from axes_probes(reals(rng, 2, 3, 4, 3))


def keras_hflip(x: Any) -> Array:
    import keras

    return keras.ops.convert_to_numpy(keras.ops.flip(x, axis=2))


_FLIPS = "Left and right should change places. Which axis of (N, H, W, C) counts the columns, and which one do you turn round?"


def _flip(*axes: int) -> Callable[[Op], Op]:
    return instead(four_axes(lambda x: np.flip(x, axes).copy()))


hflip = Exercise(
    name="hflip",
    points={"shape": 0.25, "by-hand": 0.5, "reference": 0.5, "bad-input": 0.25},
    probes=hflip_probes,
    reference=keras_hflip,
    correct=augmentation.hflip,
    twists=(
        *(Twist("flips-wrong-axis", _flip(*axes), _FLIPS) for axes in ((1,), (0,), (3,), (1, 2))),
        Twist(
            "swaps-rows-and-columns",
            instead(four_axes(lambda x: np.swapaxes(x, 1, 2).copy())),
            "You exchange rows and columns: that mirrors the picture in its diagonal.",
        ),
    ),
    hints=(
        "Hold a picture before a mirror. What happens to its rows, what to its columns?",
        "A slice with a step of −1 runs through an axis backwards.",
        "Count the axes: pictures, rows, columns, channels. All stay as they are but one.",
    ),
    rung_hints={
        "shape": "Nothing changes but the order: same shape, same dtype, and x itself stays as it was.",
        "bad-input": "Four axes, or a ValueError that names x.",
    },
)


# shift

MOVES = ((1, 0), (0, 1), (-1, 0), (0, -2), (2, -1), (-1, 3), (0, 0))


def shift_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 4, 2), 1, -1))
    yield Probe("shape", (reals(rng, 1, 4, 3, 1, dtype=np.float64), 0, 2), title="float64")
    for dy, dx in ((1, 0), (0, 1), (-1, 1)):
        yield Probe("by-hand", (wholes(rng, 1, 2, 3, 1), dy, dx))
    yield Probe("by-hand", (wholes(rng, 1, 3, 3, 1), 0, 0), title="no shift")
    for dy, dx in MOVES:
        yield Probe("reference", (reals(rng, 2, 5, 6, 3), dy, dx))
    yield Probe("reference", (reals(rng, 3, 4, 4, 4), 1, 2), title="every side 4")
    yield Probe("reference", (rng.normal(size=(2, 6, 5, 3)), -2, 1), title="float64")
    for dy, dx in ((3, -4), (-2, 4), (4, 1), (-1, 6), (-4, 0), (9, -9)):
        yield Probe("edge-cases", (reals(rng, 2, 4, 5, 2), dy, dx), title="as far as the side")
    yield from axes_probes(reals(rng, 2, 3, 4, 3), 1, 1)


def keras_shift(x: Any, dy: int, dx: int) -> Array:
    """Keras's affine transform by whole pixels."""
    import keras

    matrix = np.array([[1, 0, -dx, 0, 1, -dy, 0, 0]] * len(x), np.float32)
    moved = keras.ops.image.affine_transform(
        x, matrix, interpolation="nearest", fill_mode="constant", fill_value=0
    )
    return np.asarray(moved)


def _held_at_the_edge(x: Array, dy: int, dx: int) -> Array:
    rows = np.clip(np.arange(x.shape[1]) - dy, 0, x.shape[1] - 1)
    columns = np.clip(np.arange(x.shape[2]) - dx, 0, x.shape[2] - 1)
    return x[:, rows[:, None], columns]


shift = Exercise(
    name="shift",
    points={"shape": 0.25, "by-hand": 0.5, "reference": 1, "edge-cases": 0.5, "bad-input": 0.25},
    probes=shift_probes,
    reference=keras_shift,
    correct=augmentation.shift,
    twists=(
        Twist(
            "wraps-around",
            instead(four_axes(lambda x, dy, dx: np.roll(x, (dy, dx), (1, 2)))),
            "What leaves the picture on one side comes in on the other. Zeros should come in.",
        ),
        Twist(
            "edge-repeated",
            instead(four_axes(_held_at_the_edge)),
            "The edge is repeated where nothing is known. Here zeros come in.",
        ),
        Twist(
            "dy-dx-swapped",
            on_args(lambda x, dy, dx: (x, dx, dy)),
            "Rows and columns have changed places: dy counts rows, downwards, dx columns, to the right.",
        ),
        Twist(
            "direction-reversed",
            on_args(lambda x, dy, dx: (x, -dy, -dx)),
            "The picture goes the other way. A positive dy moves it down, a positive dx to the right.",
        ),
    ),
    hints=(
        "Which rows of the old picture are still to be seen, and which rows of the new one do they become?",
        "Either begin with zeros, and copy the block that both pictures share; or put a frame of zeros around the picture, and cut out another window.",
        "A frame of |dy| rows and |dx| columns on every side is wide enough. Where does the window begin for dy > 0, and where for dy < 0?",
    ),
    rung_hints={
        "shape": "Same shape, same dtype, and x itself stays as it was.",
        "reference": "Try dy = 0 and dy < 0. What does a slice that ends at -0 hold?",
        "edge-cases": "Farther than its own side: nothing of the picture is left. What does your slice do when it ends before it begins, or below 0?",
        "bad-input": "Four axes, or a ValueError that names x.",
    },
)


# adjust_contrast


def contrast_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, x: Array, factor: float, title: str = "") -> Probe:
        return Probe(rung, (x, factor), title=title, terms=int(np.prod(x.shape[1:3])))

    yield probe("shape", reals(rng, 2, 3, 4, 2), 1.5)
    yield probe("shape", bytes_(rng, 2, 3, 4, 3), 0.5, "bytes")
    yield probe(
        "by-hand", np.array([1, 3], np.float32).reshape(1, 1, 2, 1), 2.0, "two pixels, factor 2"
    )
    yield probe("by-hand", wholes(rng, 1, 2, 2, 1), 0.0, "factor 0")
    yield probe("by-hand", wholes(rng, 1, 2, 2, 1), 1.0, "factor 1")
    yield probe(
        "structure", reals(rng, 1, 3, 3, 3) + np.array([0, 5, -5], np.float32), 0.5, "one picture"
    )
    brighter = np.array([0, 4], np.float32).reshape(2, 1, 1, 1)
    yield probe("structure", reals(rng, 2, 4, 4, 1) + brighter, 2.0, "one channel")
    yield probe("structure", reals(rng, 3, 3, 3, 3), 1.5, "every size 3")
    for factor in (0.75, 1.25, 2.5):
        yield probe("reference", 2 * reals(rng, 3, 5, 6, 3) + 1, factor)
    yield probe("reference", bytes_(rng, 2, 6, 5, 3), 1.5, "bytes")
    yield probe("reference", bytes_(rng, 3, 4, 7, 2), 2.0, "bytes")
    yield probe("reference", rng.random((2, 6, 5, 3)), 1.75, "float64, from 0 to 1")
    yield from axes_probes(reals(rng, 2, 3, 4, 3), 1.5)


def keras_contrast(x: Any, factor: float) -> Array:
    """What Keras's ``RandomContrast`` does with this factor, with its clipping far away."""
    import keras

    x = floats(x)
    layer = keras.layers.RandomContrast(0.5, value_range=(-1e9, 1e9), dtype=x.dtype.name)
    drawn = {"contrast_factor": keras.ops.full((len(x), 1, 1, 1), factor, x.dtype.name)}
    return keras.ops.convert_to_numpy(layer.transform_images(keras.ops.convert_to_tensor(x), drawn))


def contrasted(
    x: Any,
    factor: float,
    *,
    axis: Any = (1, 2),
    middle: Callable[[Array, Any], Any] = lambda x, axis: x.mean(axis=axis, keepdims=True),
    end: Callable[[Array, Any], Array] = lambda out, x: out,
) -> Array:
    """`adjust_contrast` with slips: without any, it is that function."""
    given, x = np.asarray(x), augmentation.batch(x)
    mean = middle(x, axis)
    return end((x - mean) * x.dtype.type(factor) + mean, given)


def _fits(out: Array, given: Array) -> Array:
    top = 255 if given.dtype == np.uint8 else 1
    return np.clip(out, 0, top)


def _into_bytes(out: Array, given: Array) -> Array:
    return out.astype(np.int64).astype(np.uint8) if given.dtype == np.uint8 else out


_GLOBAL = "Your mean runs over too much. Each picture has its own mean, and so has each of its channels: over which two axes?"
_CLIPS = "You cut the result to a range. This step does not: what was cut off could not come back in the next one."

adjust_contrast = Exercise(
    name="adjust_contrast",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 1, "bad-input": 0.25},
    probes=contrast_probes,
    reference=keras_contrast,
    correct=contrasted,
    twists=(
        *(
            Twist("global-mean", slip(axis=axis), _GLOBAL)
            for axis in (None, (0, 1, 2), (1, 2, 3), 0)
        ),
        *(
            Twist("clips-early", slip(end=end), _CLIPS)
            for end in (
                lambda out, given: np.clip(out, 0, 1),
                lambda out, given: np.clip(out, 0, 255),
                lambda out, given: np.maximum(out, 0),
                _fits,
            )
        ),
        Twist(
            "wraps-around",
            slip(end=_into_bytes),
            "Bytes in, bytes out: what falls below 0 or goes above 255 begins again at the other end. Give floats back.",
        ),
        Twist(
            "mean-not-added-back",
            slip(end=lambda out, given: out - floats(given).mean(axis=(1, 2), keepdims=True)),
            "The mean goes off and never comes back: all pictures get the same brightness.",
        ),
        *(
            Twist(
                "around-a-fixed-gray",
                slip(middle=lambda x, axis, gray=gray: np.full((1, 1, 1, 1), gray, x.dtype)),
                "You stretch around a fixed number. Then brightness changes, too. Stretch around the picture's own mean.",
            )
            for gray in (0, 0.5, 127.5, 128)
        ),
    ),
    hints=(
        "More contrast: bright becomes brighter, dark becomes darker. What stays as it is?",
        "How far is each pixel from the mean? Multiply that distance.",
        "mean takes a tuple of axes, and keepdims=True leaves the shape such that it can be taken off again.",
    ),
    rung_hints={
        "shape": "float32 in, float32 out; bytes and lists give float64.",
        "structure": "Pictures and channels differ in brightness here. Each has its own mean.",
        "reference": "Results below 0 or above 1 stay as they are.",
        "bad-input": "Four axes, or a ValueError that names x.",
    },
)
