"""Chapter 3's ``expose_max_pool2d``: a search that begins too high."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch03_pooling.max_pool2d import EXERCISE as MAX_POOL2D
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, counts_or_none, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=MAX_POOL2D,
        mistake="zero-initialised",
        among=(
            "last-element",
            "pads-with-zero",
            "average-instead",
            "minimum-instead",
        ),
        takes={
            "x": array,
            "size": counts,
            "strides": counts_or_none,
            "padding": text,
        },
        witness=(-np.ones((1, 1, 1, 1)), (1, 1)),
        hints=(
            "After a ReLU you would never notice this. What do the numbers after a ReLU have in common?",
            "Mean, smallest and last number of a window differ from the largest. For which windows are all of them alike?",
            "One pixel in a window of one is enough. Which number should it hold?",
        ),
    )
)
