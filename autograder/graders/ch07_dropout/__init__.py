"""Chapter 7, dropout: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch07_dropout import (
    dropout,
    dropout_backward,
    expose_dropout,
    expose_dropout_backward,
    mc_predict,
    spatial_dropout2d,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch07_dropout",
    title="Dropout",
    exercises=(
        dropout.EXERCISE,
        dropout_backward.EXERCISE,
        spatial_dropout2d.EXERCISE,
        mc_predict.EXERCISE,
        expose_dropout.EXERCISE,
        expose_dropout_backward.EXERCISE,
    ),
)
