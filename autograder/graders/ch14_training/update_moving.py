"""Chapter 14's ``update_moving``: statistics that remember."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch14_training._normalization import keras_layer
from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, with_mistake
from cnnlab.course.ops import as_floats, require
from cnnlab.course.ops.training import MOMENTUM

Rng = np.random.Generator


def moving_probes(rng: Rng) -> Iterator[Probe]:
    def pair(count: int, draw: Any = reals, **dtype: Any) -> tuple[Array, ...]:
        return draw(rng, count, **dtype), draw(rng, count, **dtype)

    yield Probe("shape", pair(4))
    yield Probe("shape", pair(3, dtype=np.float64), title="float64")
    yield Probe("by-hand", (*pair(1, wholes), 0.75), title="one channel, momentum ¾")
    yield Probe("by-hand", (*pair(2, wholes), 0.5), title="two channels, momentum ½")
    yield Probe("by-hand", (10 * wholes(rng, 1), 10 * wholes(rng, 1)), title="momentum 0.99")
    yield Probe("reference", pair(6))
    yield Probe("reference", (*pair(5), 0.9), title="momentum 0.9")
    yield Probe("reference", (*pair(5), 0.125), title="a short memory")
    float64 = (*rng.normal(size=(2, 7)), 0.95)
    yield Probe("reference", float64, title="float64, momentum 0.95")
    yield Probe("edge-cases", (*pair(3), 0.0), title="momentum 0: no memory")
    yield Probe("edge-cases", (*pair(3), 1.0), title="momentum 1: no news")
    yield Probe("robust", (*pair(3, wholes, dtype=np.int64), 0.5), title="integers")
    yield Probe("robust", ([1, 2], [5, 4], 0.75), title="lists")
    moving, batch = pair(3)
    yield Probe("robust", (moving, batch[:1]), title="another shape", raises="batch|moving")
    for momentum in (-0.5, 1.5):
        yield Probe(
            "robust", (moving, batch, momentum), title=f"momentum {momentum}", raises="momentum"
        )
    yield Probe("robust", (moving, batch, 0.5), title="all in order")


def keras_moving(moving: Any, batch: Any, momentum: float = MOMENTUM) -> Array:
    """The moving mean of ``BatchNormalization`` after a batch of one pixel, which is its mean."""
    import keras

    moving, batch = floats(moving), floats(batch)
    ones = np.ones_like(moving)
    layer = keras_layer(ones, ones, moving, ones, momentum=momentum)
    layer(batch[None, None, None], training=True)
    return keras.ops.convert_to_numpy(layer.moving_mean)


Shares = Callable[[float], tuple[float, float]]


def mixed(
    moving: Any,
    batch: Any,
    momentum: float = MOMENTUM,
    *,
    shares: Shares = lambda momentum: (momentum, 1 - momentum),
) -> Array:
    """`cnnlab.course.ops.training.update_moving`, with the shares of old and new as an option."""
    moving, batch = as_floats(moving=moving, batch=batch)
    require(moving.shape == batch.shape, "batch", "must have moving's shape", batch.shape)
    require(0 <= momentum <= 1, "momentum", "must be from 0 to 1", momentum)
    old, new = shares(momentum)
    return old * moving + new * batch


def _into_moving(op: Op) -> Op:
    def mistaken(moving: Any, *args: Any) -> Any:
        result = op(moving, *args)
        if isinstance(moving, np.ndarray) and moving.dtype.kind == "f":
            moving[...] = result
        return result

    return mistaken


EXERCISE = Exercise(
    name="update_moving",
    points={"shape": 0.125, "by-hand": 0.375, "reference": 0.375, "edge-cases": 0.125},
    probes=moving_probes,
    keras_reference=keras_moving,
    numpy_op=mixed,
    twists=(
        Twist(
            "momentum-reversed",
            with_mistake(shares=lambda momentum: (1 - momentum, momentum)),
            "You have swapped the two shares. With a momentum of 0.99, should one batch change little or nearly everything?",
        ),
        Twist(
            "new-not-scaled",
            with_mistake(shares=lambda momentum: (momentum, 1)),
            "Your average grows with every batch. The shares of old and new must add up to 1. How large is that of the batch?",
        ),
        Twist(
            "old-not-scaled",
            with_mistake(shares=lambda momentum: (1, 1 - momentum)),
            "Your average grows with every batch. The shares of old and new must add up to 1. How large is that of the old average?",
        ),
        Twist(
            "momentum-ignored",
            with_mistake(shares=lambda momentum: (MOMENTUM, 1 - MOMENTUM)),
            "Your shares are always the same. Where do you use momentum?",
        ),
        Twist(
            "no-memory",
            with_mistake(shares=lambda momentum: (0, 1)),
            "You return the batch's numbers alone. What is left of the old average?",
        ),
        Twist(
            "changes-input",
            _into_moving,
            "Your function writes into the old average. Make a new array: the caller may still need the old one.",
        ),
    ),
    hints=(
        "An average that forgets slowly: most of the old, a little of the new. Which share does momentum give?",
        "The two shares add up to 1. If the old average has the share momentum, what is left for the batch?",
        "Two products and one sum. Which of the two numbers is multiplied by 1 − momentum?",
    ),
    rung_hints={
        "shape": "One array comes back, with a number for each channel. What does your function return?",
        "by-hand": "From 10 with a batch of 20 and a momentum of ¾: 7.5 + 5 = 12.5. What does yours give?",
        "edge-cases": "Momentum 0 keeps nothing of the old, momentum 1 keeps all of it. What does your function give there?",
        "robust": "Two shapes must agree, and momentum must be from 0 to 1. Name the argument that is wrong.",
    },
)
