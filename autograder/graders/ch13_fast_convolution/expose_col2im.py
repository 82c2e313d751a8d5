"""Chapter 13's ``expose_col2im``: where windows meet."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch13_fast_convolution.col2im import EXERCISE as COL2IM
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=COL2IM,
        mistake="overwrites-overlap",
        among=(
            "is-the-inverse",
            "crops-wrong-side",
            "flatten-order",
            "strides-swapped",
        ),
        takes={
            "cols": array,
            "x_shape": counts,
            "size": counts,
            "strides": counts,
            "padding": text,
        },
        witness=(np.array([[0.0, -1.0], [1.0, 0.0]]), (1, 3, 1, 1), (2, 1)),
        hints=(
            "With windows side by side the box is right. What must windows do before it is wrong?",
            "One mistake on the list divides where windows meet. Which sum stays the same when it is halved?",
            "Three cells in a column, windows of two: which two numbers of the matrix meet in the middle?",
        ),
    )
)
