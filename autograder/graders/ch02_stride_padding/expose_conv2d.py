"""Chapter 2's ``expose_conv2d``: zeros on the wrong side."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch02_stride_padding.conv2d import EXERCISE as CONV2D
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=CONV2D,
        mistake="extra-before",
        among=(
            "strides-swapped",
            "start-not-scaled",
            "pads-after-only",
            "edge-for-zeros",
            "kernel-transposed",
        ),
        takes={
            "x": array,
            "kernels": array,
            "bias": array,
            "strides": counts,
            "padding": text,
            "dilation": counts,
        },
        witness=(
            np.ones((1, 1, 1, 1)),
            np.array([[[[1.0]]], [[[0.0]]]]),
            np.zeros(1),
            (1, 1),
            "same",
        ),
        hints=(
            "Without padding the box is right. How many zeros does it need before a mistake can show?",
            "When the number of zeros is even, nothing shows. Which kernel heights need an odd number at stride 1?",
            "One pixel and a kernel of two numbers are enough. Which of the two should meet the pixel?",
        ),
    )
)
