"""Chapter 7's ``expose_dropout_backward``: gradients for what is gone."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch07_dropout.dropout_backward import EXERCISE as DROPOUT_BACKWARD
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=DROPOUT_BACKWARD,
        mistake="mask-missing",
        among=(
            "scale-missing",
            "scaled-by-rate",
            "nan-at-rate-one",
        ),
        takes={
            "dout": array,
            "mask": array,
            "rate": real,
        },
        witness=(np.ones(1), np.array([False]), 0.75),
        hints=(
            "Give the box a mask of True alone, then one of False alone. Which result is wrong?",
            "Three mistakes on the list concern what the kept numbers are multiplied by. How many numbers must be kept?",
            "One number is enough, and any rate below 1. What must its mask say?",
        ),
    )
)
