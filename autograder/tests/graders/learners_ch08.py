"""What the tests of chapter 8's graders share."""

from __future__ import annotations

import numpy as np

from cnnlab.autograder.judging.record import recorded
from cnnlab.autograder.quality.proof import judge_function

CHAPTER = "ch08_augmentation"


def judged(name, function):
    return judge_function(recorded(CHAPTER)[name], function)


def four_axes(x, name="x"):
    if np.ndim(x) != 4:
        raise ValueError(f"{name} has {np.ndim(x)} axes")
