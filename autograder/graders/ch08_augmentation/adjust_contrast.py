"""Chapter 8's ``adjust_contrast``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import axes_probes, bytes_, floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops import Array, augmentation

Rng = np.random.Generator


def contrast_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, x: Array, factor: float, title: str = "") -> Probe:
        return Probe(rung, (x, factor), title=title, terms=int(np.prod(x.shape[1:3])))

    yield probe("shape", reals(rng, 2, 3, 4, 2), 1.5)
    yield probe("edge-cases", bytes_(rng, 2, 3, 4, 3), 0.5, "bytes")
    pair = varied(rng, (1, 3), lambda: (whole(rng, 2, 20), whole(rng, 21, 40)))
    pixels = np.array(pair, np.float32).reshape(1, 1, 2, 1)
    yield probe("by-hand", pixels, 2.0, "two pixels, factor 2")
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
    yield probe("edge-cases", bytes_(rng, 2, 6, 5, 3), 1.5, "bytes")
    yield probe("edge-cases", bytes_(rng, 3, 4, 7, 2), 2.0, "bytes")
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
    """`adjust_contrast` with mistakes: without any, it is that function."""
    given, x = np.asarray(x), augmentation.batch(x)
    mean = middle(x, axis)
    return end((x - mean) * x.dtype.type(factor) + mean, given)


def _fits(out: Array, given: Array) -> Array:
    top = 255 if given.dtype == np.uint8 else 1
    return np.clip(out, 0, top)


def _into_bytes(out: Array, given: Array) -> Array:
    return out.astype(np.int64).astype(np.uint8) if given.dtype == np.uint8 else out


_GLOBAL = "Your mean runs over too much. Each picture has its own mean, and so has each of its channels: over which two axes?"
_CLIPS = "You cut the result to a range. What was cut off could not come back in the next step. What happens if you leave it?"

EXERCISE = Exercise(
    name="adjust_contrast",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 1, "edge-cases": 0.25},
    probes=contrast_probes,
    keras_reference=keras_contrast,
    numpy_op=contrasted,
    twists=(
        *(
            Twist("global-mean", with_mistake(axis=axis), _GLOBAL)
            for axis in (None, (0, 1, 2), (1, 2, 3), 0)
        ),
        *(
            Twist("clips-early", with_mistake(end=end), _CLIPS)
            for end in (
                lambda out, given: np.clip(out, 0, 1),
                lambda out, given: np.clip(out, 0, 255),
                lambda out, given: np.maximum(out, 0),
                _fits,
            )
        ),
        Twist(
            "wraps-around",
            with_mistake(end=_into_bytes),
            "Bytes in, bytes out: what falls below 0 or goes above 255 begins again at the other end. Give floats back.",
        ),
        Twist(
            "mean-not-added-back",
            with_mistake(
                end=lambda out, given: out - floats(given).mean(axis=(1, 2), keepdims=True)
            ),
            "You subtract the mean and never add it again: all pictures get the same brightness.",
        ),
        *(
            Twist(
                "around-a-fixed-gray",
                with_mistake(
                    middle=lambda x, axis, gray=gray: np.full((1, 1, 1, 1), gray, x.dtype)
                ),
                "You stretch around a fixed number. Then brightness changes, too. Stretch around the picture's own mean.",
            )
            for gray in (0, 0.5, 127.5, 128)
        ),
    ),
    hints=(
        "More contrast: bright becomes brighter, dark becomes darker. What stays as it is?",
        "How far is each pixel from the mean? Multiply that distance.",
        "A mean can run over several axes and keep them with length 1, so that it lines up with x. Look that up in NumPy's mean.",
    ),
    rung_hints={
        "shape": "The result has the shape of x, with all four axes. What is the shape of yours?",
        "structure": "Pictures and channels differ in brightness here. How many means are needed?",
        "reference": "Results below 0 or above 1 stay as they are. Does your function cut them off?",
        "robust": "The pictures need four axes. Raise a ValueError that names x if they have not.",
    },
)
