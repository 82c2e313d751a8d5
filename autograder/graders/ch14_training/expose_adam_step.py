"""Chapter 14's ``expose_adam_step``: averages that are corrected twice."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch14_training.adam_step import EXERCISE as ADAM_STEP
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=ADAM_STEP,
        mistake="correction-kept",
        among=(
            "bias-correction-missing",
            "shares-swapped",
            "square-forgotten",
            "uses-old-moments",
        ),
        takes={
            "param": array,
            "grad": array,
            "m": array,
            "v": array,
            "t": count,
            "rate": real,
            "beta1": real,
            "beta2": real,
            "eps": real,
        },
        witness=(np.zeros(1), np.ones(1), np.ones(1), np.ones(1), 2, 0.0),
        hints=(
            "Three arrays come back. Which of them does the box get wrong, and in which step?",
            "Two mistakes on the list change only how far the parameter moves. How do you keep it from moving?",
            "Shares of old and new may be swapped where both are equal. Which number is its own square, too?",
        ),
    )
)
