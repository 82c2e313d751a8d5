"""Chapter 10, feature maps: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch10_feature_maps import (
    expose_strongest,
    expose_to_picture,
    feature_maps,
    sparsity,
    strongest,
    to_picture,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch10_feature_maps",
    title="Feature maps: what a network sees",
    exercises=(
        feature_maps.EXERCISE,
        to_picture.EXERCISE,
        sparsity.EXERCISE,
        strongest.EXERCISE,
        expose_to_picture.EXERCISE,
        expose_strongest.EXERCISE,
    ),
    prelude="import math\nimport keras\nimport numpy as np\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
