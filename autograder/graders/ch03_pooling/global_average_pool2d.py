"""Chapter 3's ``global_average_pool2d``: one number for each map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch03_pooling._pooling import keras_global_average_pool2d
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def global_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3, 5, 4),), terms=15)
    yield Probe("robust", (wholes(rng, 2, 3, 3, 2, dtype=np.int64),), title="integers", terms=9)
    yield Probe("robust", ([[[[1, 10], [4, 20], [6, 40]]]],), title="lists", terms=3)
    yield Probe("by-hand", (wholes(rng, 1, 2, 2, 1),), title="one channel", terms=4)
    yield Probe("by-hand", (wholes(rng, 1, 2, 3, 2),), title="two channels", terms=6)
    yield Probe("by-hand", (wholes(rng, 3, 1, 2, 1),), title="three images", terms=2)
    yield Probe("reference", (reals(rng, 3, 7, 5, 4),), terms=35)
    yield Probe("reference", (reals(rng, 4, 4, 4, 4),), title="every size 4", terms=16)
    yield Probe("reference", (rng.normal(size=(2, 6, 9, 5)),), title="float64", terms=54)
    yield Probe("reference", (reals(rng, 1, 12, 10, 8),), terms=120)
    yield Probe("robust", (reals(rng, 4, 5, 3),), title="no batch axis", raises="x")
    yield Probe("robust", (reals(rng, 2, 1, 4, 5, 3),), title="an axis too many", raises="x")
    yield Probe("robust", (wholes(rng, 2, 1, 3, 2),), title="one row", terms=3)


def _over(*axes: int, keep: bool = False) -> Any:
    """The mean over other axes than height and width."""
    return lambda op: lambda x: np.mean(x, axis=axes, keepdims=keep)


_CHANNELS = "Your mean runs over the channels. Every channel keeps a number of its own: which two axes vanish?"
_BATCH = "Your mean runs over the images of the batch. What must a picture's numbers not depend on?"
_ONE_AXIS = "Your mean runs over one axis of the map. A map has a height and a width. Which axes of (N, H, W, C) are these?"

EXERCISE = Exercise(
    name="global_average_pool2d",
    points={"shape": 0.25, "by-hand": 1.25, "reference": 1.5},
    probes=global_probes,
    keras_reference=keras_global_average_pool2d,
    numpy_op=ops.global_average_pool2d,
    needs=("average_pool2d",),
    twists=(
        Twist(
            "sum-instead",
            lambda op: lambda x: np.sum(x, axis=(1, 2)),
            "Your results are sums. By how many cells must each be divided?",
        ),
        Twist(
            "maximum-instead",
            lambda op: lambda x: np.max(x, axis=(1, 2)),
            "Your results are the largest numbers of each map. Here we want the mean. What does every number of the map add to the result?",
        ),
        Twist("over-channels", _over(3), _CHANNELS),
        Twist("over-channels", _over(1, 2, 3), _CHANNELS),
        Twist("over-batch", _over(0), _BATCH),
        Twist("over-batch", _over(0, 1, 2), _BATCH),
        Twist("over-batch", _over(0, 1), _BATCH),
        Twist(
            "keeps-axes",
            on_output(lambda y: np.asarray(y)[:, None, None]),
            "Your result still has axes for height and width, of length 1. How many axes does (N, C) have?",
        ),
        Twist("one-axis-only", _over(1), _ONE_AXIS),
        Twist("one-axis-only", _over(2), _ONE_AXIS),
    ),
    hints=(
        "One whole feature map becomes one number. How many maps does a batch of N pictures with C channels have?",
        "Two of the four axes disappear, two remain. Which ones?",
        "NumPy's mean takes a tuple of axes. Which axes of x should be in it?",
    ),
    rung_hints={
        "shape": "The result has shape (N, C): one row for each picture, one column for each channel. What is the shape of yours?",
        "robust": "A single picture without the batch axis should not be accepted. How many axes must x have?",
    },
)
