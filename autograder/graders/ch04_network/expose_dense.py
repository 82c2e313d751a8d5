"""Chapter 4's ``expose_dense``: weights that are read the other way."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch04_network.dense import EXERCISE as DENSE
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, text_or_none

EXERCISE = exposing(
    Puzzle(
        exercise=DENSE,
        mistake="weights-transposed",
        among=(
            "bias-forgotten",
            "bias-per-product",
            "activation-ignored",
            "wrong-axis",
        ),
        takes={
            "x": array,
            "weights": array,
            "bias": array,
            "activation": text_or_none,
        },
        witness=(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]), np.zeros(2)),
        hints=(
            "Some tables of weights hide this mistake. What do they look like?",
            "Two mistakes on the list concern the bias, and one the activation. How do you keep them out of it?",
            "One row with a single 1 picks one row of the weights. What must differ there?",
        ),
    )
)
