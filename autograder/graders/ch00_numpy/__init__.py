"""Chapter 0, a NumPy warm-up: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch00_numpy import (
    mix_channels,
    outer_table,
    scale_channels,
    steps_to,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch00_numpy",
    title="A NumPy warm-up",
    exercises=(
        scale_channels.EXERCISE,
        outer_table.EXERCISE,
        steps_to.EXERCISE,
        mix_channels.EXERCISE,
    ),
)
