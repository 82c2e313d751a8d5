"""Chapter 6, a network that learns: what each exercise is probed with, and its typical mistakes."""

from __future__ import annotations

from cnnlab.autograder.exercise import Chapter
from cnnlab.autograder.graders.cats_dogs_compiled import compile_cnn
from cnnlab.autograder.graders.cats_dogs_model import build_cnn
from cnnlab.autograder.graders.confusion import confusion_matrix
from cnnlab.autograder.graders.curves import overfit_epoch, smooth
from cnnlab.autograder.graders.gains import accuracy_gain
from cnnlab.autograder.graders.splits import split

CHAPTER = Chapter(
    name="ch06_cats_dogs",
    title="Cats and dogs",
    exercises=(
        split,
        build_cnn,
        compile_cnn,
        smooth,
        overfit_epoch,
        confusion_matrix,
        accuracy_gain,
    ),
    prelude="import math\nimport numpy as np\nimport keras\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=60.0,
    keras=True,
)
