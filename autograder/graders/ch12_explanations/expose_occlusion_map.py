"""Chapter 12's ``expose_occlusion_map``: a patch that says something."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnlab.autograder.graders.ch12_explanations._networks import averaged
from cnnlab.autograder.graders.ch12_explanations.occlusion_map import EXERCISE as OCCLUSION_MAP
from cnnlab.autograder.judging.puzzles import Puzzle, array, count, exposing
from cnnlab.autograder.judging.twists import Op


def of_arrays(op: Op) -> Op:
    """The map for a network whose logit is the mean over all places of the channels' sum."""

    def occlusion_map(image: Any, size: int, stride: int) -> Any:
        image = np.asarray(image)
        network = averaged([[1.0, 0.0]] * image.shape[-1], image.shape[:2])
        return op(image, 0, size, stride, given=network)

    return occlusion_map


EXERCISE = exposing(
    Puzzle(
        exercise=OCCLUSION_MAP,
        mistake="black-occluder",
        among=(
            "gain-for-drop",
            "mean-of-the-patch",
            "occluders-stay",
            "drops-alone",
        ),
        takes={
            "image": array,
            "size": count,
            "stride": count,
        },
        witness=(np.ones((1, 1, 1)), 1, 1),
        hints=(
            "The patch should say as little as possible. Which picture does not change at all when its mean hides a part?",
            "Most mistakes on the list need some drop before they show. What if every drop is 0?",
            "One pixel is enough, hidden whole. Which brightness gives the box away?",
        ),
        of_arrays=of_arrays,
    )
)
