"""Chapter 10's ``expose_strongest``: an order of something else."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch10_feature_maps.strongest import EXERCISE as STRONGEST
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=STRONGEST,
        mistake="channels-in-front",
        among=(
            "by-single-peak",
            "ascending",
            "later-of-two-alike",
        ),
        takes={
            "feature_map": array,
            "k": count,
        },
        witness=(np.array([[[[-1.0]], [[0.0]]]]), 1),
        hints=(
            "Which numbers can the box give back: those of channels only, or others, too?",
            "If there is only one channel, what must come out, whatever the map holds?",
            "One channel and two cells are enough. Which axis might the box be counting?",
        ),
    )
)
