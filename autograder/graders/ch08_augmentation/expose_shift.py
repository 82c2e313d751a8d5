"""Chapter 8's ``expose_shift``: pixels that come back."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation.shift import EXERCISE as SHIFT
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=SHIFT,
        mistake="wraps-around",
        among=(
            "edge-repeated",
            "dy-dx-swapped",
            "direction-reversed",
        ),
        takes={
            "x": array,
            "dy": count,
            "dx": count,
        },
        witness=(np.array([[[[0.0], [1.0]]]]), 0, 2),
        hints=(
            "What should come in from the side when a picture moves: what does the box let in?",
            "Two mistakes on the list send the picture another way. If all of it leaves the frame, can they still be seen?",
            "Two pixels in a row are enough. How far must they go, and which of them should be 0?",
        ),
    )
)
