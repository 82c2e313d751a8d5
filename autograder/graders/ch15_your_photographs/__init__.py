"""Chapter 15, the learner's own photographs: what each exercise is probed with."""

from __future__ import annotations

from cnnlab.autograder.graders.ch15_your_photographs import (
    calibration,
    expose_calibration,
    expose_worst_mistakes,
    fit_head,
    frozen_features,
    honest_split,
    load_folder,
    worst_mistakes,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

IMPORTS = """\
import math
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps
"""

CHAPTER = Chapter(
    name="ch15_your_photographs",
    title="Your own photographs",
    exercises=(
        load_folder.EXERCISE,
        honest_split.EXERCISE,
        frozen_features.EXERCISE,
        fit_head.EXERCISE,
        worst_mistakes.EXERCISE,
        calibration.EXERCISE,
        expose_worst_mistakes.EXERCISE,
        expose_calibration.EXERCISE,
    ),
    prelude=prelude("ch15_your_photographs", IMPORTS),
    imports=frozenset({"numpy", "keras", "tensorflow", "PIL"}),
    seconds=60.0,
    keras=True,
)
