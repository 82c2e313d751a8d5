"""Chapter 12, explanations: why this class?"""

from __future__ import annotations

from cnnlab.autograder.graders.ch12_explanations import (
    expose_occlusion_map,
    expose_saliency,
    grad_cam,
    occlusion_map,
    saliency,
)
from cnnlab.autograder.judging.exercise import Chapter

CHAPTER = Chapter(
    name="ch12_explanations",
    title="Explanations: why this class?",
    exercises=(
        saliency.EXERCISE,
        grad_cam.EXERCISE,
        occlusion_map.EXERCISE,
        expose_saliency.EXERCISE,
        expose_occlusion_map.EXERCISE,
    ),
    prelude="import math\nimport keras\nimport numpy as np\nimport tensorflow as tf\n",
    imports=frozenset({"numpy", "keras", "tensorflow"}),
    seconds=30.0,
    keras=True,
)
