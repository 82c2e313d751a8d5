"""Chapter 1's ``expose_relu``: a ReLU that is right for small numbers."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch01_convolution.relu import EXERCISE as RELU
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=RELU,
        mistake="capped-at-one",
        among=(
            "absolute-value",
            "leaky",
            "negatives-pass",
        ),
        takes={
            "z": array,
        },
        witness=(np.array([2.0]),),
        hints=(
            "Give the box negative numbers, small positive ones and large ones. Where does it differ from yours?",
            "Three mistakes on the list change what happens below 0. Which numbers do they leave as they are?",
            "One number is enough. On which side of 0 must it be, and how large?",
        ),
    )
)
