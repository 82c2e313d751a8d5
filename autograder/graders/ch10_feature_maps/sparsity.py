"""Chapter 10's ``sparsity``: how silent a layer is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, side, varied, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import feature_maps

Rng = np.random.Generator


def sparsity_probes(rng: Rng) -> Iterator[Probe]:
    def sparse(*shape: int, share: float = 0.6) -> Any:
        return reals(rng, *shape) * (rng.random(shape) >= share)

    yield Probe("shape", ({"first": sparse(1, 3, 4, 2), "second": sparse(1, 2, 2, 3)},))
    four = varied(
        rng, [0, 1, 2, 0], lambda: rng.permutation([0, 0, *rng.integers(1, 60, 2)]).tolist()
    )
    half = np.array(four, np.float32).reshape(1, 1, 2, 2)
    yield Probe("by-hand", ({"half": half},), title="two zeros in four numbers")
    yield Probe("by-hand", ({"none": wholes(rng, 1, 2, 2, 2)},), title="no zero at all")
    shape = varied(rng, (3, 2, 2), lambda: (side(rng), side(rng), 2))
    yield Probe("by-hand", ({"all": np.zeros((1, *shape), np.float32)},), title="zeros only")
    one = wholes(rng, 1, 3, 3, 4)
    one[..., 0] = 0
    yield Probe("structure", ({"dead": one},), title="the first of four channels is 0")
    last = wholes(rng, 1, 3, 3, 4)
    last[..., 3] = 0
    yield Probe("structure", ({"dead": last},), title="the last of four channels is 0")
    yield Probe(
        "reference",
        (
            {
                "block1": sparse(1, 12, 10, 4, share=0.3),
                "block2": sparse(1, 6, 5, 8, share=0.7),
                "block3": sparse(1, 3, 2, 16, share=0.9),
            },
        ),
    )
    yield Probe("reference", ({"layer": sparse(1, 9, 7, 5)},), title="one layer")
    small = np.where(rng.random((1, 5, 6, 3)) < 0.5, 1e-30, 0).astype(np.float32)
    yield Probe("edge-cases", ({"tiny": small},), title="numbers near 0 that are not 0")
    negative = -np.abs(sparse(1, 4, 4, 3))
    yield Probe("edge-cases", ({"below": negative},), title="negative numbers")
    yield Probe("edge-cases", ({},), title="no layer at all")


def keras_sparsity(maps: dict[str, Any]) -> dict[str, float]:
    import keras

    zero = {name: keras.ops.cast(keras.ops.equal(m, 0), "float64") for name, m in maps.items()}
    return {name: float(keras.ops.mean(z)) for name, z in zero.items()}


def _shares(share: Callable[[Any], Any]) -> Callable[[Op], Op]:
    return lambda op: lambda maps: {name: float(share(m)) for name, m in maps.items()}


_OVER_ONE = (
    "You looked at one channel only. Channels differ: some are silent on this photograph, others "
    "are busy. Count over all of them."
)

EXERCISE = Exercise(
    name="sparsity",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 0.5,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=sparsity_probes,
    keras_reference=keras_sparsity,
    numpy_op=feature_maps.sparsity,
    twists=(
        Twist(
            "share-of-nonzeros",
            on_output(lambda shares: {name: 1 - share for name, share in shares.items()}),
            "That is the share of numbers that are not 0. A sparse map is one with many zeros. What should you count?",
        ),
        Twist("over-one-channel", _shares(lambda m: np.mean(m[..., 0] == 0)), _OVER_ONE),
        Twist("over-one-channel", _shares(lambda m: np.mean(m[..., -1] == 0)), _OVER_ONE),
        Twist(
            "counts-instead",
            _shares(lambda m: np.sum(m == 0)),
            "You count the zeros. A share lets you compare small and large layers. What must you divide by?",
        ),
        Twist(
            "silent-channels",
            _shares(lambda m: np.mean(np.all(m == 0, axis=(0, 1, 2)))),
            "You count the channels that are 0 everywhere. Count single numbers.",
        ),
        Twist(
            "counts-negatives",
            _shares(lambda m: np.mean(m <= 0)),
            "You count negative numbers, too. Only an exact 0 is a zero. How do you compare with it?",
        ),
        Twist(
            "percent",
            _shares(lambda m: 100 * np.mean(m == 0)),
            "You give percent. A share lies between 0 and 1. Which factor is too much?",
        ),
    ),
    hints=(
        "ReLU makes every negative number an exact 0. How many of all the numbers in a layer are that?",
        "A comparison with 0 gives an array of True and False. What is its mean?",
        "Go through the dictionary's items and build a new one with the same names; the mean runs over all axes.",
    ),
    rung_hints={
        "shape": "The result is a dictionary with the same names; every value is a float. What does your function return?"
    },
)
