"""Chapter 12's ``expose_saliency``: colors that are added."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import FLATTEN, SOFTMAX, dense
from cnnlab.autograder.graders.ch12_explanations.saliency import EXERCISE as SALIENCY
from cnnlab.autograder.judging.puzzles import Puzzle, array, exposing
from cnnlab.autograder.judging.twists import Op


def of_arrays(op: Op) -> Op:
    """The saliency of a network whose logit has just this gradient, everywhere."""

    def saliency(gradient: Any) -> Any:
        gradient = np.asarray(gradient)
        weights = np.stack([gradient.ravel(), np.zeros(gradient.size)], axis=1)
        network = {
            "layers": [FLATTEN, dense(2), SOFTMAX],
            "names": ["flatten", "logits", "predictions"],
            "input_shape": list(gradient.shape),
            "weights": [weights, np.zeros(2)],
        }
        return op(np.ones(gradient.shape), 0, given=network)

    return saliency


EXERCISE = exposing(
    Puzzle(
        exercise=SALIENCY,
        mistake="summed-over-channels",
        among=(
            "signed",
            "absolute-after-maximum",
            "one-channel",
        ),
        takes={
            "gradient": array,
        },
        witness=(np.array([[[1.0, -1.0]]]),),
        hints=(
            "With one channel the box is right. What does it do with several?",
            "Two mistakes on the list lose the sign at the wrong moment. What if the largest number is positive?",
            "One pixel with two channels is enough. Which two numbers of equal size?",
        ),
        of_arrays=of_arrays,
    )
)
