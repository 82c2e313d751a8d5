"""Chapter 15's ``expose_worst_mistakes``: sorted by the class that was true."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch15_your_photographs.worst_mistakes import (
    EXERCISE as WORST_MISTAKES,
)
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=WORST_MISTAKES,
        mistake="by-the-truth",
        among=(
            "by-class-one",
            "filled-up",
            "not-in-order",
            "places-among-mistakes",
        ),
        takes={
            "labels": array,
            "probabilities": array,
            "k": count,
        },
        witness=(np.array([0, 0]), np.array([[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]]), 1),
        hints=(
            "With two classes, what the answer gets and what the other class gets add up to 1. Is that so with three?",
            "Two mistakes and k = 1 are enough: which of them should come first, and which one does the box take?",
            "Some mistakes on the list need a right answer beside the wrong ones. What if you give none?",
        ),
    )
)
