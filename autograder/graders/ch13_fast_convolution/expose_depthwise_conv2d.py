"""Chapter 13's ``expose_depthwise_conv2d``: maps in another order."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch13_fast_convolution.depthwise_conv2d import (
    EXERCISE as DEPTHWISE_CONV2D,
)
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=DEPTHWISE_CONV2D,
        mistake="multiplier-order",
        among=(
            "strides-swapped",
            "kernel-flipped",
            "kernel-transposed",
            "first-bias-for-all",
        ),
        takes={
            "x": array,
            "kernels": array,
            "bias": array,
            "strides": counts,
            "padding": text,
        },
        witness=(np.array([[[[1.0, 0.0]]]]), np.array([[[[0.0, 1.0], [0.0, 0.0]]]]), np.zeros(4)),
        hints=(
            "With one filter for each channel the box is right, and with one channel, too. What is left?",
            "One pixel and kernels of 1×1 keep most mistakes out. Which ones are then left on the list?",
            "Two channels, two filters each: give only one of the four maps something to show. Which one moves?",
        ),
    )
)
