"""Chapter 1's ``expose_correlate2d``: a kernel that some pictures and kernels do not give away."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch01_convolution.correlate2d import EXERCISE as CORRELATE2D
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=CORRELATE2D,
        mistake="kernel-flipped",
        among=(
            "kernel-transposed",
            "output-transposed",
            "columns-from-height",
            "truncates-to-int",
        ),
        takes={
            "image": array,
            "kernel": array,
        },
        witness=(np.diag([0.0, 1.0]), np.diag([0.0, 1.0])),
        hints=(
            "Which kernels look the same after such a change, and which picture shows where each of their numbers went?",
            "Take a picture with a single 1, as large as the kernel. Then the result is one number: which number of the kernel is it?",
            "Two other mistakes move rows to columns. Which kernels do not change when rows and columns trade places?",
        ),
    )
)
