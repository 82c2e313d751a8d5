"""Chapter 6, a network that learns: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.graders.ch06_cats_dogs import (
    accuracy_gain,
    build_cnn,
    compile_cnn,
    confusion_matrix,
    expose_confusion_matrix,
    expose_smooth,
    overfit_epoch,
    smooth,
    split,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch06_cats_dogs",
    title="Cats and dogs",
    exercises=(
        split.EXERCISE,
        build_cnn.EXERCISE,
        compile_cnn.EXERCISE,
        smooth.EXERCISE,
        overfit_epoch.EXERCISE,
        confusion_matrix.EXERCISE,
        accuracy_gain.EXERCISE,
        expose_smooth.EXERCISE,
        expose_confusion_matrix.EXERCISE,
    ),
    prelude="import math\nimport numpy as np\nimport keras\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=60.0,
    keras=True,
)
