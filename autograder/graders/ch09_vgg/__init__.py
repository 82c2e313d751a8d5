"""Chapter 9, VGG16: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch09_vgg import (
    build_vgg16,
    expose_receptive_field,
    expose_top_k,
    receptive_field,
    top_k,
    vgg16_layers,
    vgg_preprocess,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch09_vgg",
    title="VGG16",
    exercises=(
        vgg16_layers.EXERCISE,
        build_vgg16.EXERCISE,
        receptive_field.EXERCISE,
        vgg_preprocess.EXERCISE,
        top_k.EXERCISE,
        expose_receptive_field.EXERCISE,
        expose_top_k.EXERCISE,
    ),
    prelude="import math\nimport numpy as np\nimport keras\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=60.0,
    keras=True,
)
