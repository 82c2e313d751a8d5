"""Chapter 2's ``expose_pad2d``: a frame that fits square padding alone."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch02_stride_padding.pad2d import EXERCISE as PAD2D
from cnnlab.autograder.judging.puzzles import Puzzle, array, counts, exposing, text

EXERCISE = exposing(
    Puzzle(
        exercise=PAD2D,
        mistake="axes-swapped",
        among=(
            "edge-for-zeros",
            "mode-ignored",
            "before-after-swapped",
            "mirror-for-edge",
            "corners-empty",
        ),
        takes={
            "x": array,
            "pad_h": counts,
            "pad_w": counts,
            "mode": text,
        },
        witness=(np.zeros((1, 1, 1, 1)), (1, 1), (0, 0)),
        hints=(
            "Give the box the same padding in both directions, and then two different ones. What changes?",
            "Four other mistakes concern what the frame holds. With which pixel does that make no difference?",
            "One pixel is enough. Choose four numbers for the padding so that before and after are alike.",
        ),
    )
)
