"""Chapter 4's ``expose_softmax``: shares of the wrong numbers."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch04_network.softmax import EXERCISE as SOFTMAX
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=SOFTMAX,
        mistake="wrong-axis",
        among=(
            "overflows",
            "maximum-of-everything",
            "not-normalised",
        ),
        takes={
            "z": array,
        },
        witness=(np.zeros((2, 1)),),
        hints=(
            "Give the box one row of numbers, then two rows. What do the rows of its result add up to?",
            "Three mistakes on the list concern how large the numbers are. Which numbers are harmless?",
            "How many classes must there be, at least, and how many rows?",
        ),
    )
)
