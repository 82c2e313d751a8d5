"""Chapter 9's ``expose_receptive_field``: a window counted one too large."""

from __future__ import annotations

from typing import Any

from cnnlab.autograder.graders.ch09_vgg.receptive_field import EXERCISE as RECEPTIVE_FIELD
from cnnlab.autograder.judging.puzzles import Puzzle, count, exposing


def stack(value: Any) -> list[tuple[Any, ...]]:
    """Layers as tuples: a kind, whole numbers, and perhaps a padding."""
    return [tuple(e if isinstance(e, str) else count(e) for e in layer) for layer in value]


EXERCISE = exposing(
    Puzzle(
        exercise=RECEPTIVE_FIELD,
        mistake="adds-k",
        among=(
            "pools-ignored",
            "stride-ignored",
            "dilation-ignored",
            "jump-too-early",
            "last-stride-only",
        ),
        takes={
            "layers": stack,
        },
        witness=([("conv", 1, 1)],),
        hints=(
            "Begin with a single layer whose receptive field you know. By how much is the box off?",
            "Most mistakes on the list concern strides, pools and dilation. Which layer has none of them?",
            "One layer is enough. Which size of window sees no more than the pixel itself?",
        ),
    )
)
