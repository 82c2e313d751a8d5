"""Chapter 0's ``scale_channels``: broadcasting along the last axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.graders.shared.loop_mistakes import first_alone, last_at_zero
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Fails, Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def scale_channels_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 4, 5, 3), reals(rng, 3)))
    yield Probe("by-hand", (wholes(rng, 1, 2, 3), wholes(rng, 3)), title="two pixels")
    yield Probe("by-hand", (wholes(rng, 2, 1, 2), wholes(rng, 2)), title="two channels")
    yield Probe("reference", (reals(rng, 6, 8, 3), reals(rng, 3)))
    yield Probe("reference", (reals(rng, 5, 4, 7), reals(rng, 7)), title="seven channels")
    for side in (2, 3, 4):  # square ones: other axes fit, too
        x, gains = rng.normal(size=(side, side, side)), rng.normal(size=side)
        yield Probe("reference", (x, gains), title="all sides alike")
    yield Probe("robust", ([[[1, 2]], [[3, 4]]], [10, 100]), title="lists")


def keras_scale_channels(picture: Any, gains: Any) -> Any:
    import keras

    picture, gains = ops.as_floats(picture=picture, gains=gains)
    return keras.ops.convert_to_numpy(keras.ops.multiply(picture, gains))


def numpy_scale_channels(picture: Any, gains: Any) -> Any:
    picture, gains = ops.as_floats(picture=picture, gains=gains)
    return np.stack([picture[..., c] * gain for c, gain in enumerate(gains)], axis=-1)


def _along(axis: int) -> Callable[[Op], Op]:
    """The gains along another axis of the picture, where they fit."""

    def apply(op: Op) -> Op:
        def scale_channels(picture: Any, gains: Any) -> Any:
            picture, gains = ops.as_floats(picture=picture, gains=gains)
            return picture * np.expand_dims(gains, tuple({0, 1, 2} - {axis}))

        return scale_channels

    return apply


def _round_and_round(axis: int) -> Callable[[Op], Op]:
    """The gains along another axis, from the first on again where it is longer."""

    def apply(op: Op) -> Op:
        def scale_channels(picture: Any, gains: Any) -> Any:
            picture, gains = ops.as_floats(picture=picture, gains=gains)
            return _along(axis)(op)(picture, np.resize(gains, picture.shape[axis]))

        return scale_channels

    return apply


def _channels_first(picture: Any, gains: Any) -> Any:
    """The numbers in memory taken for one channel after the other."""
    picture, gains = ops.as_floats(picture=picture, gains=gains)
    return (picture.reshape(len(gains), -1) * gains[:, None]).reshape(picture.shape)


def _ones_but(part: slice) -> Callable[[Op], Op]:
    """A gain of 1 for all channels but some."""

    def change(picture: Any, gains: Any) -> tuple[Any, Any]:
        kept = np.ones_like(gains)
        kept[part] = np.asarray(gains)[part]
        return picture, kept

    return on_args(change)


def _red_green_blue(op: Op) -> Op:
    """Three channels, one by one, however many there are."""

    def scale_channels(picture: Any, gains: Any) -> Any:
        channels = len(gains)
        if channels < 3:
            raise Fails(f"index {channels} is out of bounds for size {channels}")
        return op(picture, gains)[..., :3]

    return scale_channels


_ALONG = (
    "Your gains run along the rows or columns of the picture, not along its channels. Which axis "
    "of a picture holds the channels?"
)

_FIRST_ALONE = "Only the first channel gets its gain. When does your function return: inside the loop, or after it?"
_LAST_MISSING = "The last channel does not get its gain. How many channels are there, and does your loop reach the last?"

EXERCISE = Exercise(
    name="scale_channels",
    points={"shape": 0.15, "by-hand": 0.35, "reference": 0.5},
    probes=scale_channels_probes,
    keras_reference=keras_scale_channels,
    numpy_op=numpy_scale_channels,
    twists=(
        Twist(
            "added-instead",
            lambda op: lambda picture, gains: np.add(*ops.as_floats(picture=picture, gains=gains)),
            "You add the gains. What should a gain of 1 do to a channel?",
        ),
        Twist(
            "channels-reversed",
            on_args(lambda picture, gains: (picture, np.asarray(gains)[::-1])),
            "The last channel gets the first gain. Which gain belongs to red?",
        ),
        Twist(
            "first-gain-for-all",
            on_args(
                lambda picture, gains: (picture, np.full_like(gains, np.asarray(gains).flat[0]))
            ),
            "Every channel gets the first gain. How many gains are there, and for what?",
        ),
        *(
            Twist("gains-along-the-picture", along(axis), _ALONG)
            for along in (_along, _round_and_round)
            for axis in (0, 1)
        ),
        Twist(
            "channels-first-order",
            lambda op: _channels_first,
            "You count as if one whole channel were stored after the other. In NumPy's order the channels of a pixel stand side by side. Which axis of the picture changes fastest?",
        ),
        Twist(
            "channels-summed",
            lambda op: lambda picture, gains: np.dot(*ops.as_floats(picture=picture, gains=gains)),
            "Your channels are added up, so that one number is left of each pixel. How many numbers should a pixel have afterward?",
        ),
        *(
            Twist("return-inside-loop", change, _FIRST_ALONE)
            for change in (on_output(first_alone(2)), _ones_but(slice(1)))
        ),
        *(
            Twist("stops-one-short", change, _LAST_MISSING)
            for change in (on_output(last_at_zero(2)), _ones_but(slice(-1)))
        ),
        Twist(
            "three-channels-only",
            _red_green_blue,
            "You treat just three channels. A picture may have fewer, or more. How many gains came in?",
        ),
    ),
    hints=(
        "Write the two shapes one under the other, right sides together. Which axes meet?",
        "NumPy repeats an array along every axis that it lacks on the left. What must you do here so that the gains meet the channels?",
        "When the last axes are equal, plain arithmetic is enough. Which line is left if you drop loops and reshaping?",
    ),
    rung_hints={"shape": "The picture keeps its shape. Which shape does yours have?"},
)
