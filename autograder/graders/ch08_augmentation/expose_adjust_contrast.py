"""Chapter 8's ``expose_adjust_contrast``: a mean that gets lost."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch08_augmentation.adjust_contrast import EXERCISE as ADJUST_CONTRAST
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=ADJUST_CONTRAST,
        mistake="mean-not-added-back",
        among=(
            "global-mean",
            "clips-early",
            "around-a-fixed-gray",
        ),
        takes={
            "x": array,
            "factor": real,
        },
        witness=(np.full((1, 1, 1, 1), 0.5), 1.0),
        hints=(
            "There is one factor that must leave every picture as it is. Does the box?",
            "Several mistakes on the list take another mean, and give it back. At which factor does that not matter?",
            "One pixel is enough. Which gray must it have, so that something is lost?",
        ),
    )
)
