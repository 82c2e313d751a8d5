"""Chapter 9's ``vgg_preprocess``: pixels as VGG16 was trained on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch09_vgg._mistakes import with_mistake
from cnnlab.autograder.graders.shared.draws import side, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.networks import vgg
from cnnlab.course.ops import Array, require

Rng = np.random.Generator

MEANS = np.array(vgg.VGG_MEANS)


def pixels(rng: Rng, *shape: int, dtype: Any = np.uint8) -> Array:
    """Red, green and blue that differ clearly, from 0 to 255."""
    return rng.integers(0, 256, shape).astype(dtype)


def preprocess_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (pixels(rng, 4, 5, 3, dtype=np.float32),), title="float32")
    yield Probe("shape", (pixels(rng, 2, 4, 5, 3, dtype=np.float64),), title="float64")
    red = varied(rng, 255, lambda: whole(rng, 150, 254))
    yield Probe("by-hand", (np.array([[[red, 0, 0]]], np.float32),), title="a red pixel")
    shape = varied(rng, (1, 2), lambda: (side(rng), side(rng)))
    black = varied(rng, "two black pixels", lambda: "black pixels")
    yield Probe("by-hand", (np.zeros((*shape, 3), np.float32),), title=black)
    shape = varied(rng, (1, 1), lambda: (side(rng), side(rng)))
    mean = varied(rng, "a pixel of the mean color", lambda: "pixels of the mean color")
    yield Probe("by-hand", (np.tile(MEANS[::-1], (*shape, 1)),), title=mean)
    for pictures, title in (
        ((3, 3, 3), "three rows, three columns"),
        ((2, 3, 4, 3), "a batch of two"),
        ((3, 3, 3, 3), "a batch of three, three by three"),
    ):
        yield Probe("structure", (pixels(rng, *pictures, dtype=np.float32),), title=title)
    yield Probe("structure", (rng.random((4, 3, 3)),), title="nearly black")
    yield Probe("edge-cases", (pixels(rng, 2, 12, 17, 3),), title="uint8, as pictures are")
    yield Probe("edge-cases", (pixels(rng, 5, 4, 3),), title="uint8, as pictures are")
    yield Probe("reference", (pixels(rng, 20, 14, 3, dtype=np.float32),), title="float32")
    yield Probe("reference", (256 * rng.random((2, 9, 8, 3)),), title="float64")
    gray, alpha = pixels(rng, 4, 5, 1), pixels(rng, 4, 5, 4)
    yield Probe("robust", (gray,), title="one channel", raises="rgb")
    yield Probe("robust", (alpha,), title="four channels", raises="rgb")
    yield Probe("robust", (pixels(rng, 2, 2, 3),), title="all in order")


def whole_as_float32(args: tuple[Any, ...], value: Any) -> Any:
    """Pixels that came as whole numbers may come back in any float."""
    whole = isinstance(args[0], np.ndarray) and args[0].dtype.kind in "iu"
    if whole and isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(np.float32)
    return value


def keras_preprocess(rgb: Array) -> Array:
    from keras.applications.vgg16 import preprocess_input

    return whole_as_float32((rgb,), preprocess_input(rgb.copy()))  # Keras works in place


def preprocess(
    rgb: Any,
    *,
    means: Array = MEANS,
    flip: bool = True,
    before: Callable[[Array], Array] = lambda x: x,
    after: Callable[[Array], Array] = lambda x: x,
) -> Array:
    """`vgg.vgg_preprocess` with mistakes: without any, it is that function."""
    rgb = np.asarray(rgb)
    require(rgb.shape[-1] == 3, "rgb", "must have three channels", rgb.shape)
    kind = np.float64 if rgb.dtype == np.float64 else np.float32
    x = before(rgb.astype(kind))
    x = x[..., ::-1] if flip else x
    return after(x - means.astype(kind)).astype(kind)


def _in_place(op: Op) -> Op:
    """The means are subtracted in place."""

    def mistaken(rgb: Any, **kwargs: Any) -> Any:
        result = op(rgb, **kwargs)
        if isinstance(rgb, np.ndarray) and rgb.dtype.kind == "f":
            rgb[...] = result[..., ::-1]
        return result

    return mistaken


_BY_255 = "You divide by 255. VGG16 was trained on pixels from 0 to 255, so all pictures look nearly the same to it then. What if you leave the division out?"
_ORDER = "The means are taken from the wrong channels: 103.939 is that of blue, 123.68 that of red. Which channel comes first after you have reversed the order?"
_RGB = "Your channels are still red, green, blue. VGG16 was trained with a library that reads blue first. In which order must they go?"
_TWICE = "Your pixels are prepared twice over. They come from 0 to 255. How often should you prepare them?"

EXERCISE = Exercise(
    name="vgg_preprocess",
    points={"shape": 0.5, "by-hand": 1.25, "structure": 1, "reference": 1, "edge-cases": 0.25},
    probes=preprocess_probes,
    keras_reference=keras_preprocess,
    numpy_op=preprocess,
    describe=whole_as_float32,
    twists=(
        Twist("divides-by-255", with_mistake(before=lambda x: x / 255), _BY_255),
        Twist("divides-by-255", with_mistake(after=lambda x: x / 255), _BY_255),
        Twist("divides-by-255", with_mistake(before=lambda x: x / 255, means=np.zeros(3)), _BY_255),
        Twist("means-in-rgb-order", with_mistake(means=MEANS[::-1]), _ORDER),
        Twist("keeps-rgb", with_mistake(flip=False, means=MEANS[::-1]), _RGB),
        Twist("keeps-rgb", with_mistake(flip=False), _RGB),
        Twist("rescaled-twice", with_mistake(before=lambda x: x * 255), _TWICE),
        Twist("rescaled-twice", lambda op: lambda rgb: op(op(rgb)), _TWICE),
        Twist("rescaled-twice", with_mistake(means=2 * MEANS), _TWICE),
        Twist(
            "means-added",
            with_mistake(means=-MEANS),
            "You add the means. The mean color should become 0: what must be done to it?",
        ),
        Twist(
            "means-forgotten",
            with_mistake(means=np.zeros(3)),
            "You do not subtract the means. What should the mean color of all training pictures become?",
        ),
        Twist(
            "changes-input",
            _in_place,
            "You subtract the means in place, so the caller's picture changes too. Work on a new array.",
        ),
    ),
    hints=(
        "There are two steps, and no division. The channels get another order. What is subtracted from each of them?",
        "The channels are the last axis, whatever comes before it. A slice can read an axis from its end. Which axis should it be?",
        "Blue comes first now, and so does its mean: 103.939. The rest NumPy does by broadcasting; make floats first.",
    ),
    rung_hints={
        "shape": "The shape stays, and the array that came in must not change. What is the shape of yours?",
        "by-hand": "A red pixel (255, 0, 0): which of the three numbers that come out is its 255 in?",
        "structure": "Does your code take the last axis, both for one picture (H, W, 3) and for a batch (N, H, W, 3)?",
        "robust": "A picture must have three channels: raise ValueError and name rgb.",
    },
)
