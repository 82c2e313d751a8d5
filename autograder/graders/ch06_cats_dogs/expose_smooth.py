"""Chapter 6's ``expose_smooth``: a correction that never fades."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch06_cats_dogs.smooth import EXERCISE as SMOOTH
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=SMOOTH,
        mistake="exponent-missing",
        among=(
            "starts-at-first-value",
            "weight-reversed",
            "weight-ignored",
        ),
        takes={
            "values": array,
            "weight": real,
        },
        witness=(np.array([1.0, 1.0]), 0.5),
        hints=(
            "A mean of equal numbers is that number again. What does the box make of them?",
            "Some mistakes on the list swap the two shares, or take another weight. At which weight are both shares alike?",
            "The first value comes out right. How many values does it take until something is wrong?",
        ),
    )
)
