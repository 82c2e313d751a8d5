"""Chapter 5's ``expose_max_pool2d_backward``: windows that share a cell."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch05_backprop.max_pool2d_backward import (
    EXERCISE as MAX_POOL2D_BACKWARD,
)
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, counts_or_none, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=MAX_POOL2D_BACKWARD,
        mistake="overlap-overwrites",
        among=(
            "all-ties",
            "ties-shared",
            "tie-order",
            "strides-swapped",
        ),
        takes={
            "dout": array,
            "x": array,
            "size": counts,
            "strides": counts_or_none,
        },
        witness=(
            np.array([[[[1.0]], [[0.0]]]]),
            np.array([[[[0.0]], [[1.0]], [[-1.0]]]]),
            (2, 1),
            (1, 1),
        ),
        hints=(
            "With windows side by side the box is right. When can a cell get gradients from two windows?",
            "Three mistakes on the list concern ties. How do you keep ties out of your windows?",
            "Three cells in a column, windows of two: which cell must be the largest of both windows?",
        ),
    )
)
