"""Chapter 14's ``expose_early_stop``: a count that nothing sets back."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch14_training.early_stop import EXERCISE as EARLY_STOP
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing

EXERCISE = exposing(
    Puzzle(
        exercise=EARLY_STOP,
        mistake="count-never-reset",
        among=(
            "equal-is-better",
            "looks-ahead",
            "order-swapped",
            "restores-last",
        ),
        takes={
            "val_loss": array,
            "patience": count,
        },
        witness=(np.array([2.0, 3.0, 1.0, 2.0, 0.0]), 2),
        hints=(
            "If the loss only falls, or rises once, the box is right. What must happen between two rises?",
            "Three mistakes on the list name another epoch as the best one. When is there no other to name?",
            "Patience 2: two rises with a new minimum between them. Which loss must come last?",
        ),
    )
)
