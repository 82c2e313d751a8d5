"""Chapter 4's ``softmax``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch04_network._activations import (
    OVERFLOWS,
    WRONG_AXIS,
    formula,
    keras_activation,
    large_numbers,
)
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist
from cnnlab.course.ops import network

Rng = np.random.Generator


def softmax_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3),), terms=3)
    yield Probe("robust", (wholes(rng, 4, dtype=np.int64),), title="integers", terms=4)
    yield Probe("robust", ([[1, 2, 3]],), title="a list", terms=3)
    k = varied(rng, 3, lambda: whole(rng, 2, 60))
    z = np.log(np.array([1, k], np.float32))
    yield Probe("by-hand", (z,), title=f"log 1 and log {k}", terms=2)
    rows = varied(rng, [[1, 1, 2], [5, 2, 1]], lambda: rng.integers(1, 10, (2, 3)).tolist())
    yield Probe("by-hand", (np.log(np.array(rows, np.float32)),), terms=3)
    yield Probe("reference", (reals(rng, 3, 5),), terms=5)
    yield Probe("reference", (reals(rng, 4, 4),), title="as many rows as classes", terms=4)
    yield Probe("reference", (reals(rng, 2, 3, 4),), title="three axes", terms=4)
    yield Probe("reference", (reals(rng, 3, 3, 3),), title="every size 3", terms=3)
    yield Probe("reference", (rng.normal(size=(5, 3)),), title="float64", terms=5)
    for size in large_numbers(rng)[::2]:
        z = size * np.array([[-1, 1, 1], [1, -1, 0]], np.float32)
        yield Probe("edge-cases", (z,), title=f"numbers of ±{size:g}", terms=3, quiet=True)
    low = -1e4 + rng.normal(size=(2, 3))
    yield Probe("edge-cases", (low,), title="all numbers near -10000", terms=3, quiet=True)
    top = varied(rng, 9000, lambda: whole(rng, 5000, 20000))
    mixed = np.array([[top, top - 10, -top], [0.5, 1, 0]], np.float32)
    yield Probe("edge-cases", (mixed,), title="one row large, one small", terms=3, quiet=True)
    towering = np.stack([reals(rng, 2, 3), reals(rng, 2, 3) + 5000])
    yield Probe(
        "edge-cases", (towering,), title="one picture small, one large", terms=3, quiet=True
    )


def _normalised_over(axis: int | None) -> Callable[[Any], Any]:
    """Softmax over another axis. One axis has no other, and Python's sum of it is a number."""

    def function(z: Any) -> Any:
        over = axis if axis is None or z.ndim > 1 else -1
        powers = np.exp(z - z.max(axis=over, keepdims=True))
        return powers / powers.sum(axis=over, keepdims=True)

    return function


def _overflowing(
    axis: int | None, shift: Callable[[Any], Any] = lambda z: 0
) -> Callable[[Any], Any]:
    """Softmax that takes one number from the whole array, if anything."""

    def function(z: Any) -> Any:
        powers = np.exp(z - shift(z))
        return powers / powers.sum(axis=axis, keepdims=True)

    return function


_NOT_NORMALISED = (
    "Your numbers do not add up to 1. What do you have to divide by to make shares of them?"
)

EXERCISE = Exercise(
    name="softmax",
    points={"shape": 0.25, "by-hand": 1, "reference": 1.5, "edge-cases": 0.25},
    probes=softmax_probes,
    keras_reference=keras_activation("softmax"),
    numpy_op=network.softmax,
    twists=(
        Twist("overflows", formula(_overflowing(-1)), OVERFLOWS),
        Twist("wrong-axis", formula(_normalised_over(0)), WRONG_AXIS),
        Twist("wrong-axis", formula(_normalised_over(None)), WRONG_AXIS),
        Twist("wrong-axis", formula(_overflowing(0)), WRONG_AXIS),
        Twist("wrong-axis", formula(_overflowing(None)), WRONG_AXIS),
        Twist("wrong-axis", formula(_overflowing(0, np.max)), WRONG_AXIS),
        Twist(
            "maximum-of-everything",
            formula(_overflowing(-1, np.max)),
            "You subtract the largest number of the whole array. In a row of much smaller numbers every exp becomes 0 then. Which maximum belongs to a row?",
        ),
        Twist("not-normalised", formula(np.exp), _NOT_NORMALISED),
        Twist(
            "not-normalised",
            formula(lambda z: np.exp(z - z.max(axis=-1, keepdims=True))),
            _NOT_NORMALISED,
        ),
    ),
    hints=(
        "Shares of a whole: all positive, adding up to 1 in every row. What makes any number positive?",
        "exp of each number, divided by the sum of all exps of its row. What does keepdims do for the division?",
        "Take the same number away from a whole row: the shares do not change. Which number makes every exp harmless?",
    ),
    rung_hints={
        "shape": "The result has z's shape: one share for each number of z. What is the shape of yours?",
        "reference": "The sum runs over the last axis, however many axes there are before it. Along which axis does yours run?",
        "edge-cases": "exp(10000) does not fit into a float. What could you subtract from each row before you take exp?",
    },
)
