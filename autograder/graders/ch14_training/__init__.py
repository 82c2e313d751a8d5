"""Chapter 14, why training fails: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch14_training import (
    adam_step,
    batch_norm,
    batch_norm_at_test,
    best_rate,
    early_stop,
    expose_adam_step,
    expose_early_stop,
    he_normal,
    residual_block,
    update_moving,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch14_training",
    title="Why training fails",
    exercises=(
        he_normal.EXERCISE,
        batch_norm.EXERCISE,
        batch_norm_at_test.EXERCISE,
        update_moving.EXERCISE,
        adam_step.EXERCISE,
        residual_block.EXERCISE,
        best_rate.EXERCISE,
        early_stop.EXERCISE,
        expose_adam_step.EXERCISE,
        expose_early_stop.EXERCISE,
    ),
    prelude=prelude("ch14_training"),
)
