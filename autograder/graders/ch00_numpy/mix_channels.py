"""Chapter 0's ``mix_channels``: a sum over one named axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Op, Twist, on_args, on_output
from cnnlab.course import ops

Rng = np.random.Generator


def mix_channels_probes(rng: Rng) -> Iterator[Probe]:
    yield _probe(rng, "shape", (2, 4, 5, 3), 6)
    yield _probe(rng, "by-hand", (1, 1, 2, 3), 2, wholes, title="two pixels")
    yield _probe(rng, "by-hand", (1, 2, 1, 2), 1, wholes, title="one mixture")
    yield _probe(rng, "reference", (3, 5, 4, 2), 7)
    yield _probe(rng, "reference", (2, 6, 3, 5), 4)
    yield _probe(rng, "reference", (2, 3, 4, 3), 3, title="as many mixtures as channels")
    x, weights = rng.normal(size=(4, 2, 3, 4)), rng.normal(size=(4, 4))
    yield Probe("reference", (x, weights), terms=4, title="float64")
    yield Probe("robust", ([[[[1, 2]]]], [[1], [10]]), title="lists")


def _probe(
    rng: Rng, rung: str, shape: tuple[int, ...], mixtures: int, draw: Any = reals, title: str = ""
) -> Probe:
    arrays = draw(rng, *shape), draw(rng, shape[-1], mixtures)
    return Probe(rung, arrays, terms=shape[-1], title=title)


def keras_mix_channels(x: Any, weights: Any) -> Any:
    import keras

    x, weights = ops.as_floats(x=x, weights=weights)
    return keras.ops.convert_to_numpy(keras.ops.matmul(x, weights))


def numpy_mix_channels(x: Any, weights: Any) -> Any:
    x, weights = ops.as_floats(x=x, weights=weights)
    return (x[..., None] * weights).sum(axis=-2)


def _first_at_its_place(y: Any) -> Any:
    """The first picture where it is, and zeros for the others."""
    return np.concatenate([y[:1], np.zeros_like(y[1:])])


def _by(rule: Callable[[Any, Any], Any]) -> Callable[[Op], Op]:
    return lambda op: lambda x, weights: rule(*ops.as_floats(x=x, weights=weights))


EXERCISE = Exercise(
    name="mix_channels",
    points={"shape": 0.25, "by-hand": 0.5, "reference": 0.75},
    probes=mix_channels_probes,
    keras_reference=keras_mix_channels,
    numpy_op=numpy_mix_channels,
    twists=(
        Twist(
            "weights-transposed",
            on_args(lambda x, weights: (x, np.transpose(weights))),
            "Channels and mixtures of the weights are exchanged. Which of its axes must meet the channels of x?",
        ),
        Twist(
            "channels-not-summed",
            _by(lambda x, weights: x[..., None] * weights),
            "Your result still has an axis of channels. Over which axis does a mixture add up?",
        ),
        Twist(
            "mean-instead",
            _by(lambda x, weights: (x[..., None] * weights).mean(axis=-2)),
            "You take a mean over the channels. A mixture is a plain sum: who divides it?",
        ),
        *(
            Twist(
                "mixtures-misplaced",
                on_output(partial(np.moveaxis, source=-1, destination=at)),
                "Your mixtures stand on another axis than the last. In the result they are where the channels were in x. Which axis of yours must move there?",
            )
            for at in (0, 1)
        ),
        Twist(
            "mixtures-reversed",
            on_output(lambda y: y[..., ::-1]),
            "The mixtures come out in reverse order. Which column of the weights makes the first one?",
        ),
        Twist(
            "first-image-only",
            on_output(lambda y: y[:1]),
            "Only the first picture of the batch comes back. How many went in?",
        ),
        Twist(
            "first-image-only",
            on_output(_first_at_its_place),
            "Only the first picture of the batch is mixed, and the others are 0. How many went in?",
        ),
        Twist(
            "last-channel-only",
            _by(lambda x, weights: x[..., -1:] * weights[-1]),
            "Only the last channel counts in yours: it overwrites what the others gave. How do several products become one number?",
        ),
    ),
    hints=(
        "Take one pixel and one mixture. Which numbers are multiplied, and over what are they added?",
        "Give every axis a letter: n, h, w, c for x, and c, f for the weights. Which letter is missing in the result?",
        "np.einsum takes these letters as text: the inputs before an arrow, the result after it. Over which letter must it add up here?",
    ),
    rung_hints={
        "shape": "The result has the axes (N, H, W, F). Which of them has another length than in x?"
    },
)
