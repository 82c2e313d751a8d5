"""Chapter 14's ``batch_norm_at_test``: with statistics from the training, whatever the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch14_training._normalization import (
    checked,
    formula_twists,
    keras_layer,
    normalized,
)
from cnnlab.autograder.graders.shared.arrays import Array, floats
from cnnlab.autograder.graders.shared.draws import reals, wholes
from cnnlab.autograder.judging.exercise import Exercise, Probe
from cnnlab.autograder.judging.twists import Twist, with_mistake
from cnnlab.course.ops.training import EPS

Rng = np.random.Generator


def at_test_probes(rng: Rng) -> Iterator[Probe]:
    def args(*shape: int, draw: Any = reals, **dtype: Any) -> tuple[Array, ...]:
        x, gamma, beta, mean = (draw(rng, *s, **dtype) for s in (shape, *[shape[3:]] * 3))
        return x, gamma, beta, mean, np.abs(draw(rng, shape[3], **dtype))

    yield Probe("shape", args(2, 3, 4, 5))
    yield Probe("shape", args(3, 2, 2, 2, dtype=np.float64), title="float64")
    one = (*wholes(rng, 4, 1)[:, None, None, None], np.array([4], np.float32))
    x, gamma, beta, mean = (array.reshape(-1) for array in one[:4])
    yield Probe(
        "by-hand",
        (x.reshape(1, 1, 1, 1), gamma, beta, mean, one[4], 0.0),
        title="one pixel, variance 4",
    )
    x, gamma, beta, mean, variance = args(1, 1, 2, 2, draw=wholes)
    yield Probe("by-hand", (x, gamma, beta, mean, variance**2, 0.0), title="two channels")
    x, gamma, beta, mean, variance = args(3, 2, 4, 3)
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    yield Probe("structure", (x, ones, zeros, zeros, ones, 0.0), title="nothing to do")
    yield Probe("structure", (x, gamma, beta, mean, variance), title="three pictures")
    yield Probe("structure", (x[:1], gamma, beta, mean, variance), title="the first of them alone")
    yield Probe("structure", args(3, 3, 3, 3), title="every size 3")
    for shape in ((4, 5, 3, 6), (2, 6, 6, 4), (5, 1, 3, 2)):
        yield Probe("reference", args(*shape))
    yield Probe("reference", (*args(3, 4, 2, 5), 0.25), title="eps 0.25")
    little = (*args(2, 3, 3, 2, dtype=np.float64)[:4], np.array([0.001, 0.02]))
    yield Probe("reference", little, title="little scatter, float64", terms=32)
    still = (*args(2, 2, 2, 2)[:4], np.zeros(2, np.float32))
    yield Probe("edge-cases", still, title="a variance of 0", terms=32)
    yield Probe("edge-cases", args(1, 1, 1, 3), title="a single pixel")
    whole = args(2, 2, 3, 2, draw=wholes, dtype=np.int64)
    yield Probe("robust", whole, title="integers")
    yield Probe("robust", ([[[[1, 2]]]], [1, 2], [0, 1], [0, 1], [4, 9]), title="lists")
    good = args(2, 3, 4, 3)
    yield Probe("robust", (good[0][0], *good[1:]), title="no batch", raises="x")
    for at, name in enumerate(("gamma", "beta", "mean", "variance"), 1):
        wrong = (*good[:at], good[at][:2], *good[at + 1 :])
        yield Probe("robust", wrong, title=f"{name} too short", raises=f"{name}|x")
    yield Probe("robust", good, title="all in order")


def keras_at_test(
    x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, eps: float = EPS
) -> Array:
    """``BatchNormalization`` outside of training, with these moving values."""
    import keras

    layer = keras_layer(gamma, beta, mean, variance, eps)
    return keras.ops.convert_to_numpy(layer(floats(x), training=False))


def with_statistics(
    x: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    variance: Any,
    eps: float = EPS,
    *,
    own: tuple[bool, bool] = (False, False),
    **formula: Any,
) -> Array:
    """`cnnlab.course.ops.training.batch_norm_at_test` with mistakes.

    Parameters
    ----------
    own : (bool, bool)
        Whether mean and variance are those of x itself.
    **formula
        As `normalized` takes it.
    """
    arrays = checked(x, gamma=gamma, beta=beta, mean=mean, variance=variance)
    x, gamma, beta, mean, variance = arrays
    mean = x.mean(axis=(0, 1, 2)) if own[0] else mean
    variance = x.var(axis=(0, 1, 2)) if own[1] else variance
    return normalized(x, gamma, beta, mean, variance, eps, **formula)


_OWN = "Your result depends on which other pictures are in the batch. After training, one picture must get the same answer alone. Which mean and variance do you use?"

EXERCISE = Exercise(
    name="batch_norm_at_test",
    points={"shape": 0.25, "by-hand": 0.5, "structure": 0.5, "reference": 0.5, "edge-cases": 0.25},
    probes=at_test_probes,
    keras_reference=keras_at_test,
    numpy_op=with_statistics,
    twists=(
        *(
            Twist("batch-statistics-at-test", with_mistake(own=own), _OWN)
            for own in ((True, True), (True, False), (False, True))
        ),
        *formula_twists(),
        Twist(
            "std-for-variance",
            lambda op: (
                lambda x, gamma, beta, mean, variance, *eps: op(
                    x, gamma, beta, mean, floats(variance) ** 2, *eps
                )
            ),
            "You divide by the variance as if it were a standard deviation. What must be taken of it first?",
        ),
    ),
    hints=(
        "The formula is the one from training. Only mean and variance come from somewhere else: from where?",
        "The arrays of shape (C,) meet x along its last axis by themselves. Which four steps does the formula have?",
        "Subtract the mean, divide by the root of variance plus eps, multiply by gamma, add beta. Does anything in it depend on the batch?",
    ),
    rung_hints={
        "shape": "One array comes back, with x's shape. What does your function return?",
        "by-hand": "With a variance of 4 and an eps of 0 you divide by 2. What comes out for this one number?",
        "structure": "A picture gets the same answer alone as beside others. What in your function looks at the whole batch?",
        "edge-cases": "A moving variance may be 0, and a batch may be one pixel. What keeps your division safe?",
        "robust": "x must have four axes, and each of the four others one number for each channel. Name the one that is wrong.",
    },
)
