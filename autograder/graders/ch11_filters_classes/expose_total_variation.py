"""Chapter 11's ``expose_total_variation``: too many differences."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch11_filters_classes.total_variation import (
    EXERCISE as TOTAL_VARIATION,
)
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=TOTAL_VARIATION,
        mistake="over-channels",
        among=(
            "wraps-around",
            "averaged",
            "squared",
            "one-direction",
        ),
        takes={
            "image": array,
        },
        witness=(np.array([[[0.0, 1.0]]]),),
        hints=(
            "A single pixel has no neighbor. What must its total variation be, and what does the box say?",
            "Most mistakes on the list concern rows and columns. Which picture has no two rows and no two columns?",
            "Two numbers are enough. Along which axis do they lie?",
        ),
    )
)
