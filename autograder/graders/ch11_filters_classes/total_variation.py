"""Chapter 11's ``total_variation``: how rough a picture is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch11_filters_classes._ascent import variation
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist
from cnnlab.course.ops import as_floats, ascent

Rng = np.random.Generator


def variation_probes(rng: Rng) -> Iterator[Probe]:
    def probe(rung: str, image: Any, **more: Any) -> Probe:
        return Probe(rung, (image,), terms=2 * int(np.size(image)), **more)

    yield probe("shape", reals(rng, 3, 4, 3))
    yield probe("robust", [[[1, 2], [4, 2]], [[0, 0], [3, 5]]], title="lists")
    yield probe("by-hand", np.array([[[1.0], [4.0]], [[1.0], [2.0]]]), title="four numbers")
    yield probe("by-hand", np.array([[[2.0], [5.0], [1.0]]]), title="one row")
    yield probe("by-hand", np.array([[[2.0]], [[5.0]], [[4.0]]]), title="one column")
    yield probe("structure", np.full((3, 4, 2), 7.0), title="one colour")
    step = np.zeros((4, 5, 3))
    step[:, 3:] = 2.0
    yield probe("structure", step, title="an upright edge")
    grey = np.zeros((2, 2, 3)) + np.arange(3.0)
    yield probe("structure", grey, title="channels that differ")
    yield probe("reference", rng.normal(0, 20, (9, 7, 3)), title="float64")
    yield probe("reference", reals(rng, 8, 8, 3), title="float32")
    yield probe("reference", wholes(rng, 3, 3, 3), title="every size 3")
    yield probe("edge-cases", reals(rng, 1, 1, 3), title="a single pixel")
    yield probe("robust", wholes(rng, 4, 3, 1, dtype=np.int64), title="integers")
    yield probe("edge-cases", rng.integers(0, 256, (5, 4, 3)).astype(np.uint8), title="uint8")
    yield probe("edge-cases", np.array([[[3], [5], [0]]], np.uint8), title="three bytes")
    yield probe("robust", reals(rng, 4, 5), title="no channels", raises="image")
    yield probe("robust", reals(rng, 1, 4, 5, 3), title="a batch", raises="image")
    yield probe("robust", reals(rng, 4, 5, 2), title="with channels")


def keras_variation(image: Any) -> float:
    """``tf.image.total_variation``, in Keras's ops; a test compares the two."""
    return float(variation(*as_floats(image=image)))


def _variation(of: Any) -> Any:
    """Another formula for pictures that have the right shape."""

    def apply(op: Op) -> Op:
        def wrong(image: Any) -> float:
            op(image)  # raises where the shape is wrong
            return float(of(as_floats(image=image)[0]))

        return wrong

    return apply


def _differences(image: Any, *axes: int) -> list[Any]:
    return [np.diff(image, axis=axis) for axis in axes]


def _wrapped(image: Any) -> Any:
    return sum(np.abs(image - np.roll(image, 1, axis)).sum() for axis in (0, 1))


def _bytes(op: Op) -> Op:
    """Differences of bytes, which have no negative numbers."""

    def wrong(image: Any) -> float:
        right = op(image)
        array = np.asarray(image)
        if array.dtype.kind != "u":
            return right
        with np.errstate(all="ignore"):
            return float(sum(np.abs(d).astype(float).sum() for d in _differences(array, 0, 1)))

    return wrong


def _root(image: Any) -> Any:
    """The length of each pixel's gradient, where it has both neighbours."""
    down, right = np.diff(image, axis=0)[:, :-1], np.diff(image, axis=1)[:-1]
    return np.sqrt(down**2 + right**2).sum()


_CHANNELS = "You take differences between the channels, too. Red and green of one pixel are not neighbours: only the pixel below and the one beside it are."
_AVERAGED = "You average the differences. Total variation is their sum, as tf.image gives it."

EXERCISE = Exercise(
    name="total_variation",
    points={
        "shape": 0.25,
        "by-hand": 0.75,
        "structure": 0.5,
        "reference": 1.25,
        "edge-cases": 0.25,
    },
    probes=variation_probes,
    keras_reference=keras_variation,
    numpy_op=ascent.total_variation,
    twists=(
        Twist(
            "over-channels",
            _variation(lambda v: sum(np.abs(d).sum() for d in _differences(v, 0, 1, 2))),
            _CHANNELS,
        ),
        Twist(
            "over-channels",
            _variation(lambda v: sum(np.abs(d).sum() for d in _differences(v, 1, 2))),
            _CHANNELS,
        ),
        Twist(
            "wraps-around",
            _variation(_wrapped),
            "Your first row is compared with the last one, and the first column with the last. "
            "A pixel without a neighbour has no difference.",
        ),
        Twist("averaged", _variation(lambda v: ascent.total_variation(v) / v.size), _AVERAGED),
        Twist(
            "averaged",
            _variation(lambda v: sum(np.abs(d).mean() for d in _differences(v, 0, 1) if d.size)),
            _AVERAGED,
        ),
        Twist(
            "squared",
            _variation(lambda v: sum((d**2).sum() for d in _differences(v, 0, 1))),
            "You square the differences, so that a sharp edge costs far more than a slope. Take "
            "their sizes: |Δ|.",
        ),
        Twist(
            "sign-kept",
            _variation(lambda v: sum(d.sum() for d in _differences(v, 0, 1))),
            "You add the differences with their signs. Up and down cancel each other: take |Δ|.",
        ),
        Twist(
            "one-direction",
            _variation(lambda v: np.abs(np.diff(v, axis=0)).sum()),
            "You compare each pixel with the one below it, but not with the one beside it.",
        ),
        Twist(
            "one-direction",
            _variation(lambda v: np.abs(np.diff(v, axis=1)).sum()),
            "You compare each pixel with the one beside it, but not with the one below it.",
        ),
        Twist(
            "length-of-both",
            _variation(_root),
            "You take the length of both differences together. That is another total variation; "
            "this one adds |Δy| and |Δx|.",
        ),
        Twist(
            "wraps-as-bytes",
            _bytes,
            "You subtract bytes (uint8), which have no negative numbers: 3 − 5 is 254. Convert first.",
        ),
    ),
    hints=(
        "Which pixels does a pixel have as neighbours? Each pair of neighbours counts once.",
        "image[1:] and image[:-1] are the same picture, one row apart. Their difference holds all vertical neighbours at once.",
        "np.abs, then sum over everything: once for the rows, once for the columns. A sum, no mean.",
    ),
    rung_hints={
        "shape": "The result is one number (float), for lists too.",
        "edge-cases": "A picture of one row has no neighbours below. And uint8 cannot go below 0: convert before you subtract.",
        "robust": "A picture has three axes. Name image in the message.",
    },
)
