"""Chapter 4's ``sigmoid``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cnnlab.autograder.graders.ch04_network._activations import (
    OVERFLOWS,
    formula,
    keras_activation,
    large_numbers,
)
from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import reals, varied, whole, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, on_args, on_output
from cnnlab.course.ops import network

Rng = np.random.Generator


def sigmoid_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 2, 3),))
    yield Probe("robust", (wholes(rng, 4, dtype=np.int64),), title="integers")
    yield Probe("robust", ([-1, 2],), title="a list")
    shape = varied(rng, (2,), lambda: (whole(rng, 1, 9), whole(rng, 1, 9)))
    yield Probe("by-hand", (np.zeros(shape, np.float32),), title="zero")
    k = varied(rng, 3, lambda: whole(rng, 2, 60))
    both = np.array([-np.log(k), np.log(k)], np.float32)
    yield Probe("by-hand", (both,), title=f"minus and plus log {k}")
    yield Probe("reference", (2 * reals(rng, 3, 4),))
    yield Probe("reference", (4 * reals(rng, 2, 3, 2),))
    yield Probe("reference", (3 * rng.normal(size=(4, 5)),), title="float64")
    for size in large_numbers(rng):
        z = size * np.array([-1, 1], np.float32)
        yield Probe("edge-cases", (z,), title=f"±{size:g}", quiet=True)
    z = 1e4 * rng.normal(size=(3, 2))
    yield Probe("edge-cases", (z,), title="large, float64", quiet=True)


_CLIPPED = "You cut off z before the formula, and too early: your curve is flat where it should still change. From which z on does a float not show a change any more?"
_WARNS = (
    "exp of a large number is more than a float can hold: it becomes inf, and NumPy warns of it. "
    "Your results are right only by luck. Which exponent can never be too large?"
)


def _clipped(limit: float) -> Callable[[Array], Array]:
    return lambda z: 1 / (1 + np.exp(-np.clip(z, -limit, limit)))


EXERCISE = Exercise(
    name="sigmoid",
    points={"shape": 0.25, "by-hand": 1, "reference": 1.5, "edge-cases": 0.25},
    probes=sigmoid_probes,
    keras_reference=keras_activation("sigmoid"),
    numpy_op=network.sigmoid,
    twists=(
        Twist("overflows", formula(lambda z: np.exp(z) / (1 + np.exp(z))), OVERFLOWS),
        Twist("overflows", formula(lambda z: 1 / (1 + np.exp(-z))), _WARNS),
        *(
            Twist(
                "clipped-too-early",
                formula(_clipped(limit)),
                _CLIPPED,
            )
            for limit in (5, 6, 8, 10)
        ),
        Twist(
            "derivative-instead",
            on_output(lambda y: y * (1 - y)),
            "Your result is the slope of the curve. It is never above 0.25. What does the curve itself reach for a large z?",
        ),
        Twist(
            "sign-missing",
            on_args(lambda z: (-floats(z),)),
            "Your curve falls where it should rise. Which z should give nearly 1, and which sign is in the exponent?",
        ),
    ),
    hints=(
        "Where should a very large number end up, where a very negative one, and where 0?",
        "The formula is 1 / (1 + exp(-z)). For which z does exp(-z) become too large?",
        "exp(-z) and exp(z) are both dangerous on one side. exp of minus the absolute value never is: write each half of the curve with it.",
    ),
    rung_hints={
        "shape": "The result has z's shape: one number for each number of z. What is the shape of yours?",
        "edge-cases": "Look at exp(-10000) and exp(10000). One is harmless. Arrange the formula so that only that one is ever computed; np.where computes both of its choices.",
    },
)
