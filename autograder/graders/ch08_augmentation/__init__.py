"""Chapter 8, more pictures from the same ones: what each exercise is probed with."""

from __future__ import annotations

from cnnlab.autograder.graders.ch08_augmentation import (
    adjust_contrast,
    affine,
    augment_batch,
    bilinear,
    build_augmented_cnn,
    covariance,
    expose_adjust_contrast,
    expose_shift,
    fit_standardizer,
    hflip,
    inverse_map,
    shift,
    standardize,
    zca_whiten,
)
from cnnlab.autograder.graders.shared.prelude import prelude
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch08_augmentation",
    title="More pictures from the same ones",
    exercises=(
        fit_standardizer.EXERCISE,
        standardize.EXERCISE,
        hflip.EXERCISE,
        shift.EXERCISE,
        adjust_contrast.EXERCISE,
        inverse_map.EXERCISE,
        bilinear.EXERCISE,
        affine.EXERCISE,
        augment_batch.EXERCISE,
        build_augmented_cnn.EXERCISE,
        covariance.EXERCISE,
        zca_whiten.EXERCISE,
        expose_shift.EXERCISE,
        expose_adjust_contrast.EXERCISE,
    ),
    prelude=prelude("ch08_augmentation", "import math\nimport keras\nimport numpy as np\n"),
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=20.0,
    keras=True,
)
