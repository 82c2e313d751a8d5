"""Chapter 3's ``max_pool2d``."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch03_pooling._one_side import one_side_twists
from cnnlab.autograder.graders.ch03_pooling._pooling import (
    MIXED,
    POOL_HINTS,
    keras_max_pool2d,
    mixed_channels,
    mixed_twists,
    on_pool,
    pool_probes,
    window_op,
    window_twists,
    zero_padded,
)
from cnnlab.autograder.judging.exercise import Exercise
from cnnlab.autograder.judging.twists import Twist, on_output
from cnnlab.course import ops


def _largest(window: Any) -> Any:
    return window.max(axis=(1, 2))


EXERCISE = Exercise(
    name="max_pool2d",
    points={"shape": 1, "by-hand": 2.5, "structure": 2, "reference": 2, "edge-cases": 0.5},
    probes=pool_probes,
    keras_reference=keras_max_pool2d,
    numpy_op=ops.max_pool2d,
    twists=(
        Twist(
            "zero-initialised",
            on_output(lambda y: np.maximum(y, 0)),
            "No result lies below 0: your search for the largest number seems to start from 0. What is the largest of −3 and −5?",
        ),
        Twist(
            "last-element",
            lambda op: window_op(lambda window: window[:, -1, -1]),
            "Each result is the last number of its window. Is a later number kept only when it is larger?",
        ),
        Twist(
            "first-element",
            lambda op: window_op(lambda window: window[:, 0, 0]),
            "Each result is the first number of its window. What about the others?",
        ),
        Twist(
            "pads-with-zero",
            on_pool(zero_padded),
            "The zeros of the padding count in yours, and they win where all else is negative. A cell outside the picture must never be the largest. Which number is smaller than every pixel?",
        ),
        *(Twist("pools-channels", on_output(change), MIXED) for change in mixed_channels(np.max)),
        Twist(
            "average-instead",
            lambda op: ops.average_pool2d,
            "Your results are means. Which number of a window does max pooling keep?",
        ),
        Twist(
            "minimum-instead",
            lambda op: lambda x, *a, **k: -op(-ops.as_floats(x=x)[0], *a, **k),
            "You keep the smallest number of each window. Which one does max pooling keep?",
        ),
        *mixed_twists(np.max),
        *window_twists(_largest),
        *one_side_twists(_largest, -np.inf),
    ),
    hints=(
        "Take one window and one channel. The other channels have no part in it. Which of its numbers remains?",
        "One output cell is one place of the window. In row i the window has moved i times by sh, and the cells of padding lie above. Where in the picture does it start?",
        "You may cut a window off at the border: cells outside the picture do not count. But a slice must not start below 0. What can you do about a negative start?",
    ),
    rung_hints=POOL_HINTS
    | {
        "structure": "Take the cases one at a time: windows that are not square, strides that differ, padding. Which one fails first?",
        "edge-cases": "The largest number in a window of −1000s is −1000. A window larger than the picture sees the whole picture. What does your function give there?",
    },
)
