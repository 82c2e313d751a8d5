"""Chapter 10's ``expose_to_picture``: half of the numbers in one gray."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch10_feature_maps.to_picture import EXERCISE as TO_PICTURE
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=TO_PICTURE,
        mistake="clips-negatives",
        among=(
            "wraps-around",
            "divides-by-zero",
            "truncates",
        ),
        takes={
            "feature_map": array,
        },
        witness=(np.array([[0.0, -2.0], [-2.0, 0.0]]),),
        hints=(
            "After a ReLU the box is right. Which maps can come from a layer without one?",
            "Two mistakes on the list concern numbers beyond the percentiles, and grays between two whole numbers. How do you avoid both?",
            "Four cells with two different numbers are enough, each number twice. Which numbers?",
        ),
    )
)
