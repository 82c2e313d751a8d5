"""Chapter 15's ``expose_calibration``: the surest pictures are missing."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch15_your_photographs.calibration import EXERCISE as CALIBRATION
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=CALIBRATION,
        mistake="probability-one-lost",
        among=(
            "bins-by-count",
            "confidence-of-truth",
            "empty-bins-as-zero",
            "rounded-to-a-bin",
            "share-of-all",
        ),
        takes={
            "labels": array,
            "probabilities": array,
            "bins": count,
        },
        witness=(np.array([0]), np.array([[1.0, 0.0]]), 1),
        hints=(
            "Add up the counts of the box, and compare with how many pictures you gave. Which ones are gone?",
            "One mistake on the list shows wherever a bin is empty. With how many bins is none of them empty?",
            "One mistake on the list shows where an answer is wrong. Which label should your picture have?",
        ),
    )
)
