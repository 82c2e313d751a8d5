"""Chapter 9's ``expose_top_k``: names of those that are level."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.graders.ch09_vgg.top_k import EXERCISE as TOP_K
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing, texts

EXERCISE = exposing(
    Puzzle(
        exercise=TOP_K,
        mistake="ties-reversed",
        among=(
            "ascending",
            "over-all-pictures",
            "first-picture-only",
        ),
        takes={
            "probabilities": array,
            "names": texts,
            "k": count,
        },
        witness=(np.array([[0.5, 0.5]]), ["cat", "dog"], 1),
        hints=(
            "With probabilities that all differ the box is right. What is left to try?",
            "Some mistakes on the list concern several pictures. How many should you give?",
            "Two names and k = 1 are enough. Which probabilities leave it open who comes first?",
        ),
    )
)
