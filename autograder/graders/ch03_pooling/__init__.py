"""Chapter 3, pooling: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch03_pooling import (
    average_pool2d,
    expose_average_pool2d,
    expose_max_pool2d,
    global_average_pool2d,
    max_pool2d,
    trace_shapes,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch03_pooling",
    title="Pooling, and the shapes of a network",
    exercises=(
        max_pool2d.EXERCISE,
        average_pool2d.EXERCISE,
        global_average_pool2d.EXERCISE,
        trace_shapes.EXERCISE,
        expose_max_pool2d.EXERCISE,
        expose_average_pool2d.EXERCISE,
    ),
    prelude=prelude("ch03_pooling"),
)
