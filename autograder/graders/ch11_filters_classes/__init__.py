"""Chapter 11, filters and classes: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch11_filters_classes import (
    ascend,
    ascent_step,
    expose_ascent_step,
    expose_total_variation,
    total_variation,
    visualize_class,
    visualize_filter,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch11_filters_classes",
    title="Filters and classes: what a network wants to see",
    exercises=(
        total_variation.EXERCISE,
        ascent_step.EXERCISE,
        ascend.EXERCISE,
        visualize_filter.EXERCISE,
        visualize_class.EXERCISE,
        expose_total_variation.EXERCISE,
        expose_ascent_step.EXERCISE,
    ),
    prelude="import math\nimport keras\nimport numpy as np\nimport tensorflow as tf\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
