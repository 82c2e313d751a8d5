"""Chapter 6's ``expose_confusion_matrix``: a table read from the other side."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch06_cats_dogs.confusion_matrix import EXERCISE as CONFUSION_MATRIX
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing, real

EXERCISE = exposing(
    Puzzle(
        exercise=CONFUSION_MATRIX,
        mistake="transposed",
        among=(
            "threshold-ignored",
            "ge-for-gt",
            "answers-reversed",
            "column-broadcast",
        ),
        takes={
            "labels": array,
            "probabilities": array,
            "threshold": real,
        },
        witness=(np.array([0.0, 0.0]), np.array([0.6, 0.2])),
        hints=(
            "Give the box one picture at a time: in which cell of the table does it count a dog taken for a cat?",
            "If as many cats are taken for dogs as dogs for cats, nothing shows. What must be unequal?",
            "One mistake on the list turns every answer around. Give two pictures of one class, with two different answers.",
        ),
    )
)
