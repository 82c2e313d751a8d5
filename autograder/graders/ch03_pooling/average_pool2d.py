"""Chapter 3's ``average_pool2d``."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch03_pooling._one_side import one_side_twists
from cnnlab.autograder.graders.ch03_pooling._pooling import (
    MIXED,
    POOL_HINTS,
    keras_average_pool2d,
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


def _mean(window: Any) -> Any:
    return window.mean(axis=(1, 2))


def _mean_of_picture(window: Any) -> Any:
    """The mean of what is no frame of nan."""
    return np.nanmean(window, axis=(1, 2))


EXERCISE = Exercise(
    name="average_pool2d",
    points={"shape": 0.5, "by-hand": 1.75, "structure": 1.5, "reference": 1.75, "edge-cases": 0.5},
    probes=pool_probes,
    keras_reference=keras_average_pool2d,
    numpy_op=ops.average_pool2d,
    needs=("max_pool2d",),
    twists=(
        Twist(
            "counts-padding",
            on_pool(zero_padded),
            "At the border you divide by the whole window. How many of its cells lie in the picture?",
        ),
        Twist(
            "maximum-instead",
            lambda op: ops.max_pool2d,
            "Your results are the largest numbers. What is the mean of a window?",
        ),
        Twist(
            "sum-instead",
            lambda op: window_op(lambda window: window.sum(axis=(1, 2))),
            "Your results are sums. What turns a sum into a mean?",
        ),
        *(Twist("pools-channels", on_output(change), MIXED) for change in mixed_channels(np.mean)),
        Twist(
            "truncates-to-int",
            lambda op: (
                lambda x, *a, **k: (
                    np.trunc(op(x, *a, **k)) if np.asarray(x).dtype.kind in "iu" else op(x, *a, **k)
                )
            ),
            "Everything after the decimal point is lost. Which dtype does your result array have when whole numbers come in?",
        ),
        *(
            Twist(
                "truncates-to-int",
                on_output(cut),
                "Everything after the decimal point is lost. Which of Python's two divisions do you use, and which dtype does your result have?",
            )
            for cut in (np.floor, np.trunc)
        ),
        Twist(
            "median-instead",
            lambda op: window_op(lambda window: np.median(window, axis=(1, 2))),
            "Your results are medians: the number in the middle of the sorted ones. How do you get a mean?",
        ),
        *mixed_twists(np.mean),
        *window_twists(_mean),
        *one_side_twists(_mean_of_picture, np.nan),
    ),
    hints=(
        "The windows are where they were in max_pool2d. What is taken from each of them now?",
        "A window at the border may hold fewer cells of the picture. Divide its sum by which number?",
        "If you cut the window off at the border, NumPy's mean over the window's two axes counts the right cells by itself. Which rows and columns are then left in the slice?",
    ),
    rung_hints=POOL_HINTS
    | {
        "structure": "Pool a picture of ones. Every result should be 1, also in the corners. What do yours give?",
        "edge-cases": "A byte cannot hold the sum of six bytes, and a window may be larger than the picture. Which cells do you count, and in which dtype?",
    },
)
