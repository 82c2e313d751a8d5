"""Chapter 5's ``expose_relu_backward``: a gate that looks at the wrong side."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch05_backprop.relu_backward import EXERCISE as RELU_BACKWARD
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=RELU_BACKWARD,
        mistake="mask-from-dout",
        among=(
            "mask-missing",
            "ge-for-gt",
            "times-relu",
        ),
        takes={
            "dout": array,
            "z": array,
        },
        witness=(np.array([-1.0]), np.array([1.0])),
        hints=(
            "Two arrays come in. Which of them should decide what passes, and which one decides in the box?",
            "Where z is above 0, everything should pass. Does it, whatever sign dout has?",
            "One number in each array is enough. Which two signs?",
        ),
    )
)
