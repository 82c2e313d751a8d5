"""Chapter 11's ``expose_ascent_step``: a step that shrinks."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch11_filters_classes.ascent_step import EXERCISE as ASCENT_STEP
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=ASCENT_STEP,
        mistake="divides-by-the-norm",
        among=(
            "not-normalised",
            "divides-by-mean-size",
            "divides-by-the-deviation",
            "rate-ignored",
        ),
        takes={
            "image": array,
            "gradient": array,
            "rate": real,
        },
        witness=(np.zeros(2), np.array([1.0, -1.0]), 1.0),
        hints=(
            "With a single pixel the box is right. What changes with a second one?",
            "Some mistakes on the list divide by other sizes of the gradient. For which gradients are all these sizes 1?",
            "Two pixels and a rate of 1 are enough. Which two numbers have a mean of 0 and a mean square of 1?",
        ),
    )
)
