"""Chapter 3's ``expose_average_pool2d``: a mean of too many cells."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch03_pooling.average_pool2d import EXERCISE as AVERAGE_POOL2D
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, counts_or_none, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=AVERAGE_POOL2D,
        mistake="counts-padding",
        among=(
            "maximum-instead",
            "sum-instead",
            "padding-after-only",
            "extra-before",
        ),
        takes={
            "x": array,
            "size": counts,
            "strides": counts_or_none,
            "padding": text,
        },
        witness=(np.ones((1, 1, 1, 1)), (2, 2), None, "same"),
        hints=(
            'With padding that is "valid" the box is right. What else is in a window with "same"?',
            "Sum, mean and largest number differ in most windows. In which windows are they one and the same?",
            "One pixel is enough. How large must the window be, so that it reaches beyond the picture?",
        ),
    )
)
