"""Chapter 10's ``strongest``: the maps that answer most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, varied, whole
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_output
from cnnlab.course.ops import feature_maps

Rng = np.random.Generator


def strongest_probes(rng: Rng) -> Iterator[Probe]:
    yield Probe("shape", (reals(rng, 1, 3, 4, 6), 2))
    means = varied(rng, [1, 5, 3], lambda: rng.choice(range(1, 60, 2), 3, replace=False).tolist())
    by_hand = np.array([[[means, np.add(means, [0, 0, 1])]]], np.float32)
    yield Probe("by-hand", (by_hand, 1), title="three channels, the first one")
    yield Probe("by-hand", (by_hand, 3), title="three channels, all of them")
    order = varied(rng, [0, 1, 2], lambda: rng.permutation(3).tolist())
    row, column, height = varied(
        rng, (3, 3, 8), lambda: (*rng.integers(0, 4, 2), whole(rng, 7, 14))
    )
    peak = np.zeros((1, 4, 4, 3), np.float32) + np.array([0, 1, 2], np.float32)
    peak[0, row, column, 0] = height
    yield Probe("structure", (peak[..., order], 2), title="one high peak in a dark map")
    peaks = np.maximum(reals(rng, 1, 5, 4, 5), 0)
    peaks[0, 0, 0] = [9, 7, 0, 3, 1]
    yield Probe("structure", (peaks, 3), title="a bright corner")
    for shape, k in (((1, 9, 7, 12), 5), ((1, 6, 6, 6), 4), ((1, 4, 8, 20), 8)):
        x = rng.random(shape).astype(np.float32)
        yield Probe("reference", (x * x * x, k))  # processors round products alike, powers not
    yield Probe("reference", (rng.normal(size=(1, 5, 7, 10)), 4), title="negative means, too")
    channels, number = varied(rng, (5, 1), lambda: (whole(rng, 4, 12), whole(rng, 2, 60)))
    alike = np.full((1, 3, 2, channels), number, np.float32)
    yield Probe("edge-cases", (alike, 3), title="all alike")
    pairs = varied(rng, [1, 4, 2, 4, 2], lambda: _two_pairs(rng))
    ties = np.tile(np.array(pairs, np.float32), (1, 2, 3, 1))
    yield Probe("edge-cases", (ties, 4), title="two pairs alike")
    many = np.tile(rng.integers(1, 4, 64).astype(np.float32), (1, 2, 2, 1))
    yield Probe("edge-cases", (many, 40), title="64 channels, many alike")
    yield Probe("edge-cases", (reals(rng, 1, 3, 3, 1), 1), title="a single channel")
    yield Probe("robust", (reals(rng, 1, 3, 3, 4), 5), title="more than there are", raises="k")
    yield Probe("robust", (reals(rng, 1, 3, 3, 4), 0), title="none", raises="k")
    yield Probe("robust", (reals(rng, 1, 2, 3, 4), 4), title="all of them")


def _two_pairs(rng: Rng) -> list[int]:
    """Five numbers: a low one, and twice each of two others, in any order."""
    low, middle, high = sorted(rng.choice(range(1, 30), 3, replace=False).tolist())
    return rng.permutation([low, middle, middle, high, high]).tolist()


def keras_strongest(feature_map: Any, k: int) -> list[int]:
    """By Keras's sort, which is stable: of equal ones, the lower index comes first."""
    from keras import ops

    means = ops.mean(np.asarray(feature_map, np.float64), axis=(0, 1, 2))
    return [int(i) for i in ops.convert_to_numpy(ops.argsort(-means))[:k]]


def _ranked(score: Callable[[Any], Any]) -> Callable[[Op], Op]:
    """Ranked by something else."""

    def apply(op: Op) -> Op:
        def wrong(feature_map: Any, k: int) -> Any:
            op(feature_map, k)  # raises where k is wrong
            scores = score(np.asarray(feature_map, np.float64))
            return [int(i) for i in np.argsort(-scores, kind="stable")[:k]]

        return wrong

    return apply


def _means(values: Any) -> Any:
    return values.mean(axis=(0, 1, 2))


_ASCENDING = (
    "Your channels are in rising order. The strongest comes first. What does argsort begin with?"
)
_PEAK = (
    "You went by the highest single cell. A channel that is bright over the whole photograph should "
    "come before one with a single bright spot: take the mean."
)

EXERCISE = Exercise(
    name="strongest",
    points={"shape": 0.25, "by-hand": 1, "structure": 1, "reference": 1.25, "edge-cases": 0.5},
    probes=strongest_probes,
    keras_reference=keras_strongest,
    numpy_op=feature_maps.strongest,
    twists=(
        Twist(
            "by-single-peak",
            _ranked(lambda v: v.max(axis=(0, 1, 2))),
            _PEAK,
        ),
        Twist("ascending", _ranked(lambda v: -_means(v)), _ASCENDING),
        Twist("ascending", on_output(lambda found: found[::-1]), _ASCENDING),
        Twist(
            "later-of-two-alike",
            lambda op: lambda m, k: [int(i) for i in np.argsort(_means(m))[::-1][: len(op(m, k))]],
            "Of two channels that are alike, yours names the later one first. Which of the two should come first?",
        ),
        Twist(
            "channels-in-front",
            lambda op: (
                lambda m, k: [
                    int(i)
                    for i in np.argsort(-np.mean(m, axis=(0, 2, 3)), kind="stable")[: len(op(m, k))]
                ]
            ),
            "You rank the rows of the picture. Which axis of (H, W, C) counts the channels?",
        ),
    ),
    hints=(
        "Each channel is one map. Which single number says how strongly it answers to the whole photograph?",
        "The mean over height and width gives one number for each channel. You want the places of the largest ones. Which NumPy function gives places?",
        "argsort begins with the smallest. Sort the negative means, with a stable kind, so that of two alike the lower index comes first.",
    ),
    rung_hints={
        "shape": "The result is k whole numbers, in a list or an array. What does your function return?",
        "robust": "k must be from 1 to the number of channels. Name k in the message.",
    },
)
