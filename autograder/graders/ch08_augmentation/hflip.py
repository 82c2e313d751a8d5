"""Chapter 8's ``hflip``: pictures mirrored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation._pictures import axes_probes, four_axes, instead
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import Array, augmentation

Rng = np.random.Generator


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


def _half(x: Array) -> Array:
    """Columns copied one after another within one array: the right half finds its own back."""
    out, middle = np.flip(x, 2).copy(), (x.shape[2] + 1) // 2
    out[:, :, middle:] = x[:, :, middle:]
    return out


EXERCISE = Exercise(
    name="hflip",
    points={"shape": 0.2, "by-hand": 0.65, "reference": 0.65},
    probes=hflip_probes,
    keras_reference=keras_hflip,
    numpy_op=augmentation.hflip,
    twists=(
        *(Twist("flips-wrong-axis", _flip(*axes), _FLIPS) for axes in ((1,), (0,), (3,), (1, 2))),
        Twist(
            "reads-what-it-wrote",
            instead(four_axes(_half)),
            "Your right half is still the old one: you read columns after they were overwritten. From which array should you read, and into which should you write?",
        ),
        Twist(
            "swaps-rows-and-columns",
            instead(four_axes(lambda x: np.swapaxes(x, 1, 2).copy())),
            "You exchange rows and columns: that mirrors the picture in its diagonal. Which axis should be reversed?",
        ),
    ),
    hints=(
        "Hold a picture in front of a mirror. What happens to its rows, what to its columns?",
        "A slice can run through an axis from its end to its start. Which step does it need?",
        "Count the axes: pictures, rows, columns, channels. Only one of them is reversed. Which one?",
    ),
    rung_hints={
        "shape": "Only the order changes. The shape stays, and so does x itself. What changes in yours?",
        "robust": "The pictures need four axes. Raise a ValueError that names x if they have not.",
    },
)
